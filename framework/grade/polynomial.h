// Polynomials with rational coefficients in any number of atoms, as sums of monomials in one fixed order.
//
// An atom is whatever is not a rational number: a variable, pi, the root of a prime, sin(x). Exponents are rational, so
// that x^(1/2) and 1/x are monomials too. Rules such as i^2 = -1 are not known here: see algebra.h. Nor is there any way to
// calculate with them that is not paid for: see arithmetic.h.
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
  Polynomial(const Rational& constant);  // NOLINT(google-explicit-constructor)
  [[nodiscard]] static Polynomial atom(const std::string& name, const Rational& exponent = 1);

  [[nodiscard]] const std::map<Monomial, Rational>& terms() const { return terms_; }
  [[nodiscard]] bool is_zero() const { return terms_.empty(); }
  [[nodiscard]] bool is_constant() const {
    return terms_.empty() || (terms_.size() == 1 && terms_.begin()->first.empty());
  }
  // The value of a constant.
  [[nodiscard]] Rational constant() const { return terms_.empty() ? Rational(0) : terms_.begin()->second; }
  [[nodiscard]] bool is_monomial() const { return terms_.size() == 1; }
  friend bool operator==(const Polynomial& a, const Polynomial& b) = default;

 private:
  friend class Arithmetic;
  std::map<Monomial, Rational> terms_;  // none is zero
};

}  // namespace ft::grade
