#include "framework/grade/polynomial.h"

namespace ft::grade {

Polynomial::Polynomial(const Rational& constant) {
  if (!constant.is_zero()) terms_.emplace(Monomial{}, constant);
}

Polynomial Polynomial::atom(const std::string& name, const Rational& exponent) {
  Polynomial result;
  result.terms_.emplace(Monomial{{name, exponent}}, 1);
  return result;
}

}  // namespace ft::grade
