// Turns the tree of a scalar into a normal form: a quotient of two polynomials over atoms, with the rules that make
// equal numbers look equal: sqrt(8) = 2 sqrt(2), i^2 = -1, 2^(n+1) = 2 * 2^n, ln 6 = ln 2 + ln 3, sin(pi/6) = 1/2.
//
// Atoms are named so that equal atoms have equal names: "x", "pi", "#2" (positive root of the prime 2, by its
// exponent), "r(...)" (power of a sum), "sin(...)". Distinct monomials in variables, pi, i and roots of primes are
// linearly independent over the rationals (Besicovitch 1940; Lindemann for pi), so there a difference that is not zero
// proves inequality; with other atoms it does not, and the numeric rung has to decide.
//
// Letters are complex variables, save that roots of products are taken apart as for positive ones, the convention of
// school algebra: sqrt(x^3) = x sqrt(x), sqrt(x^2) = |x|.
#pragma once

#include <map>
#include <string>

#include "framework/grade/arithmetic.h"
#include "framework/grade/node.h"
#include "framework/grade/polynomial.h"

namespace ft::grade {

struct Quotient {
  Polynomial top;
  Polynomial bottom = Rational(1);

  [[nodiscard]] bool is_rational() const { return top.is_constant() && bottom == Polynomial(Rational(1)); }
  [[nodiscard]] Rational rational() const { return top.constant(); }
};

class Algebra {
 public:
  explicit Algebra(Budget& budget) : budget_(budget), arithmetic_(budget) {}

  // The normal form of a scalar tree. Throws Undecided on structures and where the budget ends.
  [[nodiscard]] Quotient evaluate(const Node& node);

  [[nodiscard]] Quotient add(const Quotient& a, const Quotient& b);
  [[nodiscard]] Quotient multiply(const Quotient& a, const Quotient& b);
  [[nodiscard]] Quotient divide(const Quotient& a, const Quotient& b);
  [[nodiscard]] Quotient power(const Quotient& base, const Quotient& exponent);
  // The same for equal quotients in most cases; equal texts mean equal values.
  [[nodiscard]] std::string text(const Quotient& quotient);
  // The numerator of a - b over a common denominator: zero means equal.
  [[nodiscard]] Polynomial difference(const Quotient& a, const Quotient& b);
  // True where a polynomial in these atoms is zero only if it has no terms.
  [[nodiscard]] bool is_decided_by_form(const Polynomial& polynomial) const;

 private:
  enum class Kind { variable, pi, euler, imaginary, prime, radical, magnitude, logarithm, exponential, other };
  struct Atom {
    Kind kind = Kind::other;
    Quotient base;  // radical: what is under the root; logarithm: its argument; magnitude: what stands between the bars
  };

  const Atom& remember(const std::string& name, Kind kind, const Quotient& base = {});
  [[nodiscard]] Kind kind_of(const std::string& name) const;
  [[nodiscard]] Polynomial named(const std::string& name, Kind kind, const Rational& exponent = 1,
                                 const Quotient& base = {});

  [[nodiscard]] Quotient scaled(const Quotient& quotient, const Rational& factor);
  [[nodiscard]] Polynomial multiply(const Polynomial& a, const Polynomial& b);
  [[nodiscard]] Polynomial power(const Polynomial& base, long long exponent);
  [[nodiscard]] bool is_reduced(const std::pair<std::string, Rational>& factor) const;
  // Applies the rules of the atoms to one term.
  [[nodiscard]] Polynomial reduced(const Rational& coefficient, const Monomial& monomial);
  [[nodiscard]] Quotient simplified(Polynomial top, Polynomial bottom);
  bool rationalise(Polynomial* top, Polynomial* bottom);
  [[nodiscard]] bool divide_exactly(const Polynomial& top, const Polynomial& bottom, Polynomial* quotient);

  [[nodiscard]] Quotient rational_power(const Quotient& base, const Rational& exponent);
  [[nodiscard]] Quotient monomial_root(const Rational& coefficient, const Monomial& monomial, const Rational& exponent);
  [[nodiscard]] Polynomial rational_root(const Rational& base, const Rational& exponent);
  [[nodiscard]] Quotient symbolic_power(const Quotient& base, const Quotient& exponent);
  [[nodiscard]] Quotient exponential(const Polynomial& exponent);
  [[nodiscard]] std::map<std::string, Rational> factorised(const Rational& value);

  [[nodiscard]] Quotient call(const Node& node);
  [[nodiscard]] Quotient logarithm(const Quotient& argument);
  [[nodiscard]] Quotient magnitude(const Quotient& argument);
  [[nodiscard]] Polynomial cosine_of(long long twelfths);
  [[nodiscard]] Quotient trigonometric(const std::string& name, const Quotient& argument);
  [[nodiscard]] Quotient hyperbolic(const std::string& name, const Quotient& argument);
  [[nodiscard]] Quotient inverse_trigonometric(const std::string& name, const Quotient& argument);
  [[nodiscard]] Rational remainder(const Rational& value, const Rational& modulus);
  [[nodiscard]] Quotient whole_number_function(const std::string& name, const std::vector<Quotient>& arguments);
  [[nodiscard]] Quotient extremum(const std::string& name, const std::vector<Quotient>& arguments);
  [[nodiscard]] Quotient opaque(const std::string& name, std::vector<Quotient> arguments);

  Budget& budget_;
  Arithmetic arithmetic_;
  std::map<std::string, Atom> atoms_;
};

}  // namespace ft::grade
