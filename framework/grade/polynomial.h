// Polynomials with rational coefficients in any number of atoms, as sums of monomials in one fixed order.
//
// An atom is whatever is not a rational number: a variable, pi, the root of a prime, sin(x). Exponents are rational, so
// that x^(1/2) and 1/x are monomials too. Rules such as i^2 = -1 are not known here: see algebra.h.
#pragma once

#include <map>
#include <string>
#include <utility>
#include <vector>

#include "framework/grade/rational.h"

namespace ft::grade {

// Atoms in order of their names, none with exponent zero; empty for the number 1.
using Monomial = std::vector<std::pair<std::string, Rational>>;

class Polynomial {
 public:
  Polynomial() = default;
  Polynomial(const Rational& constant) { add(constant, {}); }  // NOLINT(google-explicit-constructor)
  [[nodiscard]] static Polynomial atom(const std::string& name, const Rational& exponent = 1);

  // Adds coefficient * monomial; terms that vanish are removed.
  void add(const Rational& coefficient, const Monomial& monomial);
  [[nodiscard]] const std::map<Monomial, Rational>& terms() const { return terms_; }
  [[nodiscard]] bool is_zero() const { return terms_.empty(); }
  [[nodiscard]] bool is_constant() const {
    return terms_.empty() || (terms_.size() == 1 && terms_.begin()->first.empty());
  }
  // The value of a constant.
  [[nodiscard]] Rational constant() const { return terms_.empty() ? Rational(0) : terms_.begin()->second; }
  [[nodiscard]] bool is_monomial() const { return terms_.size() == 1; }
  // The same for equal polynomials: "3*x^2*y+1/2". Throws Undecided when it grows beyond 20,000 characters.
  [[nodiscard]] std::string to_string() const;
  // The positive rational g such that the coefficients of this / g are whole and without common factor. 1 for zero.
  [[nodiscard]] Rational content() const;
  [[nodiscard]] Polynomial scaled(const Rational& factor) const;

  friend Polynomial operator+(const Polynomial& a, const Polynomial& b);
  friend Polynomial operator-(const Polynomial& a, const Polynomial& b) { return a + b.scaled(-1); }
  friend bool operator==(const Polynomial& a, const Polynomial& b) = default;

 private:
  std::map<Monomial, Rational> terms_;
};

// The product of two monomials: exponents added.
[[nodiscard]] Monomial operator*(const Monomial& a, const Monomial& b);
[[nodiscard]] Monomial pow(const Monomial& base, const Rational& exponent);

}  // namespace ft::grade
