#include <algorithm>
#include <map>
#include <string>

#include "framework/grade/algebra.h"

namespace ft::grade {
namespace {

const Quotient kOne{Rational(1), Rational(1)};

// Trial division stops here; what is left over is kept whole, as an atom that is not known to be prime.
constexpr long long kTrialLimit = 20000;

}  // namespace

Quotient Algebra::power(const Quotient& base, const Quotient& exponent) {
  budget_.spend();
  if (exponent.is_rational()) return rational_power(base, exponent.rational());
  return symbolic_power(base, exponent);
}

Quotient Algebra::rational_power(const Quotient& base, const Rational& exponent) {
  if (exponent.is_zero()) {
    if (base.top.is_zero()) throw Undecided{"0^0"};
    return kOne;
  }
  if (base.top.is_zero()) {
    if (exponent.is_negative()) throw Undecided{"division by zero"};
    return base;
  }
  const bool single = base.bottom == Polynomial(Rational(1)) && base.top.is_monomial();
  if (exponent.is_integer()) {
    const auto times = exponent.as_long();
    if (!times || *times > 20000 || *times < -20000) {
      if (base.is_rational() && base.rational().is_one()) return base;
      throw Undecided{"exponent too large"};
    }
    if (single) {
      const auto& [monomial, coefficient] = *base.top.terms().begin();
      return {reduced(arithmetic_.power(coefficient, *times), arithmetic_.power(monomial, exponent)), Rational(1)};
    }
    const Quotient positive = {power(base.top, std::abs(*times)), power(base.bottom, std::abs(*times))};
    return *times > 0 ? simplified(positive.top, positive.bottom) : simplified(positive.bottom, positive.top);
  }
  if (single) {
    const auto& [monomial, coefficient] = *base.top.terms().begin();
    return monomial_root(coefficient, monomial, exponent);
  }
  // A sum under the root: its positive content comes out, the rest is an atom.
  const Rational content = arithmetic_.content(base.top);
  const Quotient inner = scaled(base, arithmetic_.quotient(1, content));
  const std::string name = "r(" + text(inner) + ")";
  remember(name, Kind::radical, inner);
  const Polynomial root = reduced(1, {{name, exponent}});
  return {multiply(root, rational_root(content, exponent)), Rational(1)};
}

// (c x^a y^b)^(p/q), taken apart as for positive x and y; an even power under an even root leaves the magnitude.
Quotient Algebra::monomial_root(const Rational& coefficient, const Monomial& monomial, const Rational& exponent) {
  Polynomial result = rational_root(coefficient, exponent);
  const bool even_root = !exponent.denominator().is_odd();
  for (const auto& [atom, power] : monomial) {
    const Kind kind = kind_of(atom);
    const Rational scaled = arithmetic_.product(power, exponent);
    if (kind == Kind::imaginary) {
      const Polynomial base = Polynomial::atom(atom, power);
      result = multiply(result, named("r(" + arithmetic_.text(base) + ")", Kind::other, exponent));
      continue;
    }
    const bool positive = kind == Kind::prime || kind == Kind::pi || kind == Kind::euler || kind == Kind::exponential ||
                          kind == Kind::magnitude || kind == Kind::radical;
    const bool even_power = power.is_integer() && !power.numerator().is_odd();
    const bool even_result = scaled.is_integer() && !scaled.numerator().is_odd();
    Polynomial factor;
    if (!positive && even_root && even_power && !even_result) {
      const Quotient size = magnitude({Polynomial::atom(atom), Rational(1)});
      factor = reduced(1, arithmetic_.power(size.top.terms().begin()->first, scaled));
    } else {
      factor = reduced(1, {{atom, scaled}});
    }
    result = multiply(result, factor);
  }
  return {result, Rational(1)};
}

// The real root where there is one; i times it for the square root of a negative number.
Polynomial Algebra::rational_root(const Rational& base, const Rational& exponent) {
  Polynomial result = Rational(1);
  Rational positive = base;
  if (base.is_negative()) {
    positive = -base;
    if (exponent.denominator().is_odd()) {
      if (exponent.numerator().is_odd()) result = Rational(-1);
    } else if (exponent.denominator() == BigInt(2)) {
      remember("@i", Kind::imaginary);
      result = reduced(1, {{"@i", Rational(exponent.numerator())}});
    } else {
      return named("r(" + arithmetic_.text(base) + ")", Kind::other, exponent);
    }
  }
  for (const auto& [name, power] : factorised(positive)) {
    result = multiply(result, reduced(1, {{name, arithmetic_.product(power, exponent)}}));
  }
  return result;
}

// Prime factors by name with their exponents. A rest without small factors is one atom: not known to be prime, so of a
// kind whose independence is not taken for granted, unless it is small enough to be prime.
std::map<std::string, Rational> Algebra::factorised(const Rational& value) {
  std::map<std::string, Rational> factors;
  const auto take_apart = [&](BigInt number, long long sign) {
    const auto note = [&](const BigInt& factor, Kind kind) {
      const std::string name = "#" + factor.to_string();
      remember(name, kind);
      const Rational total = factors[name] + Rational(sign);
      factors[name] = total;
      if (total.is_zero()) factors.erase(name);
    };
    for (long long prime = 2; prime <= kTrialLimit; prime += prime == 2 ? 1 : 2) {
      if (number.is_one()) return;
      budget_.spend(1 + static_cast<long long>(number.num_limbs()) / 8);
      if (const auto small = number.as_long(); small && prime * prime > *small) break;
      for (auto division = ft::grade::divide(number, BigInt(prime)); division.remainder.is_zero();
           division = ft::grade::divide(number, BigInt(prime))) {
        number = division.quotient;
        note(BigInt(prime), Kind::prime);
        budget_.spend(2 + static_cast<long long>(number.num_limbs()) / 8);
      }
    }
    if (number.is_one()) return;
    const bool prime = number < BigInt(kTrialLimit) * BigInt(kTrialLimit);
    if (!prime) throw Undecided{"the root of a number too large to factorise"};
    note(number, Kind::prime);
  };
  take_apart(value.numerator(), 1);
  take_apart(value.denominator(), -1);
  return factors;
}

// b^(n+1) = b * b^n; with logarithms in the exponent everything is a power of e.
Quotient Algebra::symbolic_power(const Quotient& base, const Quotient& exponent) {
  if (exponent.bottom != Polynomial(Rational(1))) return opaque("pow", {base, exponent});
  bool logarithms = false;
  for (const auto& [monomial, coefficient] : exponent.top.terms()) {
    for (const auto& [atom, power] : monomial) logarithms = logarithms || kind_of(atom) == Kind::logarithm;
  }
  const bool is_e = base.top == Polynomial::atom("@e") && base.bottom == Polynomial(Rational(1));
  if (is_e) return exponential(exponent.top);
  if (logarithms) return exponential(multiply(exponent, logarithm(base)).top);
  std::map<std::string, Rational> factors;  // of the base, each with its exponent
  const bool power_of_atom = base.bottom == Polynomial(Rational(1)) && base.top.is_monomial() &&
                             base.top.terms().begin()->second.is_one() && base.top.terms().begin()->first.size() == 1;
  if (base.is_rational() && !base.rational().is_negative() && !base.top.is_zero()) {
    factors = factorised(base.rational());
  } else if (power_of_atom) {
    const auto& [atom, inner] = base.top.terms().begin()->first.front();
    factors.emplace(atom, inner);
  } else {
    return opaque("pow", {base, exponent});
  }
  Quotient result = kOne;
  for (const auto& [monomial, coefficient] : exponent.top.terms()) {
    if (monomial.empty()) {
      result = multiply(result, rational_power(base, coefficient));
      continue;
    }
    Polynomial bare;
    arithmetic_.add(&bare, 1, monomial);
    for (const auto& [factor, power] : factors) {
      const std::string name = factor + "^[" + arithmetic_.text(bare) + "]";
      const Rational times = arithmetic_.product(power, coefficient);
      result = multiply(result, {named(name, Kind::exponential, times), Rational(1)});
    }
  }
  return result;
}

// e^(a + b + ...): each term by itself. e^(c ln u) = u^c, and e^(i pi c) is on the unit circle.
Quotient Algebra::exponential(const Polynomial& exponent) {
  Quotient result = kOne;
  for (const auto& [monomial, coefficient] : exponent.terms()) {
    if (monomial.empty()) {
      result = multiply(result, {named("@e", Kind::euler, coefficient), Rational(1)});
      continue;
    }
    if (monomial.size() == 1 && kind_of(monomial[0].first) == Kind::logarithm && monomial[0].second.is_one()) {
      const Quotient inner = atoms_.at(monomial[0].first).base;
      result = multiply(result, rational_power(inner, coefficient));
      continue;
    }
    if (monomial == Monomial{{"@i", 1}, {"@pi", 1}}) {
      const Quotient angle{arithmetic_.scaled(Polynomial::atom("@pi"), coefficient), Rational(1)};
      const Quotient i{Polynomial::atom("@i"), Rational(1)};
      result = multiply(result, add(trigonometric("cos", angle), multiply(i, trigonometric("sin", angle))));
      continue;
    }
    Polynomial bare;
    arithmetic_.add(&bare, 1, monomial);
    const std::string name = "@e^[" + arithmetic_.text(bare) + "]";
    result = multiply(result, {named(name, Kind::exponential, coefficient), Rational(1)});
  }
  return result;
}

}  // namespace ft::grade
