#include "framework/grade/polynomial.h"

namespace ft::grade {

Polynomial Polynomial::atom(const std::string& name, const Rational& exponent) {
  Polynomial result;
  result.add(1, {{name, exponent}});
  return result;
}

void Polynomial::add(const Rational& coefficient, const Monomial& monomial) {
  if (coefficient.is_zero()) return;
  const auto [place, is_new] = terms_.emplace(monomial, coefficient);
  if (is_new) return;
  place->second = place->second + coefficient;
  if (place->second.is_zero()) terms_.erase(place);
}

std::string Polynomial::to_string() const {
  if (terms_.empty()) return "0";
  std::string text;
  for (const auto& [monomial, coefficient] : terms_) {
    if (!text.empty()) text += "+";
    text += coefficient.to_string();
    for (const auto& [atom, exponent] : monomial) {
      text += "*" + atom;
      if (!exponent.is_one()) text += "^(" + exponent.to_string() + ")";
    }
    if (text.size() > 20000) throw Undecided{"expression too large"};
  }
  return text;
}

Rational Polynomial::content() const {
  if (terms_.empty()) return 1;
  BigInt numerators(0);
  BigInt denominators(1);
  for (const auto& [monomial, coefficient] : terms_) {
    numerators = gcd(numerators, coefficient.numerator());
    const BigInt& d = coefficient.denominator();
    if (!d.is_one()) denominators = divide(denominators, gcd(denominators, d)).quotient * d;
  }
  return {numerators, denominators};
}

Polynomial Polynomial::scaled(const Rational& factor) const {
  Polynomial result;
  if (factor.is_zero()) return result;
  for (const auto& [monomial, coefficient] : terms_) result.terms_.emplace(monomial, coefficient * factor);
  return result;
}

Polynomial operator+(const Polynomial& a, const Polynomial& b) {
  Polynomial sum = a;
  for (const auto& [monomial, coefficient] : b.terms_) sum.add(coefficient, monomial);
  return sum;
}

Monomial operator*(const Monomial& a, const Monomial& b) {
  Monomial product;
  auto i = a.begin();
  auto j = b.begin();
  while (i != a.end() || j != b.end()) {
    if (j == b.end() || (i != a.end() && i->first < j->first)) {
      product.push_back(*i++);
    } else if (i == a.end() || j->first < i->first) {
      product.push_back(*j++);
    } else {
      const Rational exponent = i->second + j->second;
      if (!exponent.is_zero()) product.emplace_back(i->first, exponent);
      ++i;
      ++j;
    }
  }
  return product;
}

Monomial pow(const Monomial& base, const Rational& exponent) {
  Monomial result;
  if (exponent.is_zero()) return result;
  for (const auto& [atom, power] : base) result.emplace_back(atom, power * exponent);
  return result;
}

}  // namespace ft::grade
