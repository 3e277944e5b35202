// Sums, products, quotients and powers of exact numbers and of polynomials, each paid for before it is done: by the
// lengths of the numbers, and by the atoms of the monomials and the letters of their names, which are copied and compared.
//
// What answers ask to be worked out goes through here, so that no formula can outlast its budget, however long its
// numbers grow. The bare operators of BigInt and Rational are for numbers whose count and length are known to be small.
#pragma once

#include <string>

#include "framework/grade/budget.h"
#include "framework/grade/polynomial.h"

namespace ft::grade {

class Arithmetic {
 public:
  explicit Arithmetic(Budget& budget) : budget_(budget) {}

  [[nodiscard]] BigInt product(const BigInt& a, const BigInt& b);
  [[nodiscard]] BigInt quotient(const BigInt& a, const BigInt& b);
  [[nodiscard]] BigInt common_divisor(const BigInt& a, const BigInt& b);

  [[nodiscard]] Rational sum(const Rational& a, const Rational& b);
  [[nodiscard]] Rational difference(const Rational& a, const Rational& b) { return sum(a, -b); }
  [[nodiscard]] Rational product(const Rational& a, const Rational& b);
  [[nodiscard]] Rational quotient(const Rational& a, const Rational& b);
  [[nodiscard]] Rational power(const Rational& base, long long exponent);
  [[nodiscard]] bool less(const Rational& a, const Rational& b);
  [[nodiscard]] Rational whole_part(const Rational& value);  // the largest whole number not above it

  [[nodiscard]] Monomial product(const Monomial& a, const Monomial& b);
  [[nodiscard]] Monomial power(const Monomial& base, const Rational& exponent);

  void add(Polynomial* sum, const Rational& coefficient, const Monomial& monomial);
  void add(Polynomial* sum, const Polynomial& other);
  void subtract(Polynomial* difference, const Polynomial& other);
  [[nodiscard]] Polynomial scaled(const Polynomial& polynomial, const Rational& factor);
  // The positive rational g such that the coefficients of this / g are whole and without common factor. 1 for zero.
  [[nodiscard]] Rational content(const Polynomial& polynomial);
  // The same for equal polynomials: "3*x^2*y+1/2". Throws Undecided when it grows beyond 20,000 characters.
  [[nodiscard]] std::string text(const Polynomial& polynomial);

 private:
  Budget& budget_;
};

// What it takes to read "12.5", "1E300": the digits that are converted.
void pay_for_digits(std::size_t digits, Budget& budget);

}  // namespace ft::grade
