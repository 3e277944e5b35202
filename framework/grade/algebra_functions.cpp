#include <algorithm>
#include <array>

#include "framework/grade/algebra.h"

namespace ft::grade {
namespace {

const Quotient kOne{Rational(1), Rational(1)};

Quotient constant(const Rational& value) { return {value, Rational(1)}; }

long long small_whole(const Quotient& value, long long limit, const char* what) {
  const auto number = value.is_rational() ? value.rational().as_long() : std::nullopt;
  if (!number || *number > limit || *number < -limit) throw Undecided{what};
  return *number;
}

bool leads_negative(const Polynomial& polynomial) {
  return !polynomial.is_zero() && polynomial.terms().rbegin()->second.is_negative();
}

}  // namespace

Quotient Algebra::opaque(const std::string& name, std::vector<Quotient> arguments) {
  std::vector<std::string> texts;
  for (const Quotient& argument : arguments) texts.push_back(argument.to_string());
  if (name == "max" || name == "min" || name == "gcd" || name == "lcm") std::sort(texts.begin(), texts.end());
  std::string text = name + "(";
  for (const std::string& argument : texts) text += argument + ",";
  text.back() = ')';
  if (text.size() > 20000) throw Undecided{"expression too large"};
  return {named(text, Kind::other), Rational(1)};
}

Quotient Algebra::call(const Node& node) {
  const std::string& name = node.text;
  if (name == "det") throw Undecided{"a determinant"};
  std::vector<Quotient> arguments;
  for (const Node& kid : node.kids) arguments.push_back(evaluate(kid));
  const auto first = [&]() -> const Quotient& { return arguments.front(); };
  if (name == "ln") return logarithm(first());
  if (name == "log" || name == "lg") {
    const Quotient base = arguments.size() == 2 ? arguments[1] : constant(10);
    return divide(logarithm(first()), logarithm(base));
  }
  if (name == "exp") return power({named("@e", Kind::euler), Rational(1)}, first());
  if (name == "abs") return magnitude(first());
  if (name == "floor" || name == "ceil") {
    if (!first().is_rational()) return opaque(name, arguments);
    const Rational value = first().rational();
    return constant(name == "floor" ? Rational(floor(value)) : -Rational(floor(-value)));
  }
  if (name == "max" || name == "min") return extremum(name, arguments);
  if (name == "factorial" || name == "binom" || name == "gcd" || name == "lcm" || name == "mod") {
    return whole_number_function(name, arguments);
  }
  if (arguments.size() == 1) return trigonometric(name, first());
  return opaque(name, arguments);
}

// ln of a product is the sum of logarithms, as for positive factors.
Quotient Algebra::logarithm(const Quotient& argument) {
  if (argument.top.is_zero()) throw Undecided{"the logarithm of zero"};
  const bool single = argument.top.is_monomial() && argument.bottom == Polynomial(Rational(1));
  const auto atom_of = [&](const Quotient& inner, const Rational& times) {
    return named("ln(" + inner.to_string() + ")", Kind::logarithm, 1, inner).scaled(times);
  };
  if (!single) return {atom_of(argument, 1), Rational(1)};
  const auto& [monomial, coefficient] = *argument.top.terms().begin();
  if (coefficient.is_negative()) return {atom_of(argument, 1), Rational(1)};
  Polynomial sum;
  for (const auto& [prime, power] : factorised(coefficient)) {
    sum = sum + atom_of(constant(Rational(BigInt::parse(prime.substr(1)))), power);
  }
  for (const auto& [atom, power] : monomial) {
    switch (kind_of(atom)) {
      case Kind::euler:
        sum = sum + Polynomial(power);
        break;
      case Kind::prime:
        sum = sum + atom_of(constant(Rational(BigInt::parse(atom.substr(1)))), power);
        break;
      case Kind::imaginary:
        return {atom_of(argument, 1), Rational(1)};
      case Kind::variable:
        if (power.is_integer() && !power.numerator().is_odd()) {
          sum = sum + atom_of(magnitude({Polynomial::atom(atom), Rational(1)}), power);
          break;
        }
        [[fallthrough]];
      default:
        sum = sum + atom_of({Polynomial::atom(atom), Rational(1)}, power);
    }
  }
  return {sum, Rational(1)};
}

Quotient Algebra::magnitude(const Quotient& argument) {
  const auto bars = [&](Quotient inner) {
    if (leads_negative(inner.top)) inner.top = inner.top.scaled(-1);
    return named("abs(" + inner.to_string() + ")", Kind::magnitude, 1, inner);
  };
  if (!argument.top.is_monomial() || argument.bottom != Polynomial(Rational(1))) {
    return argument.top.is_zero() ? argument : Quotient{bars(argument), Rational(1)};
  }
  const auto& [monomial, coefficient] = *argument.top.terms().begin();
  Polynomial result = coefficient.is_negative() ? -coefficient : coefficient;
  for (const auto& [atom, power] : monomial) {
    const Kind kind = kind_of(atom);
    if (kind == Kind::imaginary) continue;  // |i| = 1
    const bool positive = kind == Kind::prime || kind == Kind::pi || kind == Kind::euler || kind == Kind::magnitude;
    const bool even = power.is_integer() && !power.numerator().is_odd();
    const bool root = !power.denominator().is_odd();  // defined for positive values only, and positive there
    if (positive || even || root) {
      result = multiply(result, reduced(1, {{atom, power}}));
    } else {
      const Polynomial size = bars({Polynomial::atom(atom), Rational(1)});
      result = multiply(result, reduced(1, pow(size.terms().begin()->first, power)));
    }
  }
  return {result, Rational(1)};
}

// Exact at multiples of pi/12 (15 degrees); otherwise an atom, odd and even functions with a sign rule.
Quotient Algebra::trigonometric(const std::string& name, const Quotient& argument) {
  if (name == "tan" || name == "cot" || name == "sec" || name == "csc") {
    const Quotient sine = trigonometric("sin", argument);
    const Quotient cosine = trigonometric("cos", argument);
    const Quotient& above = name == "tan" ? sine : name == "cot" ? cosine : kOne;
    return divide(above, name == "tan" || name == "sec" ? cosine : sine);
  }
  if (name == "sinh" || name == "cosh" || name == "tanh" || name == "coth" || name == "sech" || name == "csch") {
    if (argument.top.is_zero() && (name == "coth" || name == "csch")) throw Undecided{"division by zero"};
    if (argument.top.is_zero()) return constant(name == "cosh" || name == "sech" ? 1 : 0);
    if (argument.is_rational() && abs(argument.rational().numerator()) < BigInt(10000))
      return hyperbolic(name, argument);
  }
  if (name == "arcsin" || name == "arccos" || name == "arctan") return inverse_trigonometric(name, argument);
  if (name != "sin" && name != "cos") return opaque(name, {argument});
  const Polynomial& top = argument.top;
  const bool plain = argument.bottom == Polynomial(Rational(1));
  const bool turn =
      plain && (top.is_zero() || (top.is_monomial() && top.terms().begin()->first == Monomial{{"@pi", 1}}));
  if (turn) {
    Rational twelfths = top.is_zero() ? Rational(0) : top.terms().begin()->second * Rational(12);
    if (name == "sin") twelfths = Rational(6) - twelfths;  // sin a = cos(pi/2 - a)
    twelfths = twelfths - Rational(floor(twelfths / Rational(24))) * Rational(24);
    if (const auto step = twelfths.as_long()) {
      const long long folded = *step > 12 ? 24 - *step : *step;  // 0..12
      const long long quarter = folded > 6 ? 12 - folded : folded;
      const Rational half(BigInt(1), BigInt(2));
      const auto root = [&](long long number) { return rational_root(number, half); };
      const std::array<Polynomial, 7> cosines{
          Polynomial(Rational(1)), (root(6) + root(2)).scaled(half * half), root(3).scaled(half), root(2).scaled(half),
          Polynomial(half),        (root(6) - root(2)).scaled(half * half), Polynomial()};
      const Polynomial& value = cosines.at(static_cast<std::size_t>(quarter));
      return {folded > 6 ? value.scaled(-1) : value, Rational(1)};
    }
  }
  if (leads_negative(top)) {
    const Quotient opposite{top.scaled(-1), argument.bottom};
    const Quotient value = opaque(name, {opposite});
    return name == "cos" ? value : multiply(constant(-1), value);
  }
  return opaque(name, {argument});
}

// Of a number, by powers of e: tanh(30) is close to 1 and not 1.
Quotient Algebra::hyperbolic(const std::string& name, const Quotient& argument) {
  const Quotient e{named("@e", Kind::euler), Rational(1)};
  const Quotient rising = power(e, argument);
  const Quotient falling = power(e, multiply(constant(-1), argument));
  const Quotient sine = divide(add(rising, multiply(constant(-1), falling)), constant(2));
  const Quotient cosine = divide(add(rising, falling), constant(2));
  const bool of_sine = name == "sinh" || name == "csch";
  if (of_sine || name == "cosh" || name == "sech") {
    const Quotient& value = of_sine ? sine : cosine;
    return name == "csch" || name == "sech" ? divide(kOne, value) : value;
  }
  return name == "tanh" ? divide(sine, cosine) : divide(cosine, sine);
}

// The angle among the multiples of pi/12 whose sine (cosine, tangent) is the argument, in the range of principal
// values.
Quotient Algebra::inverse_trigonometric(const std::string& name, const Quotient& argument) {
  const std::string direct = name.substr(3);
  const long long first = name == "arccos" ? 0 : -6;
  const std::string wanted = argument.to_string();
  for (long long k = first; k <= first + 12; ++k) {
    if (direct == "tan" && (k == -6 || k == 6)) continue;
    const Quotient angle{named("@pi", Kind::pi).scaled(Rational(BigInt(k), BigInt(12))), Rational(1)};
    if (trigonometric(direct, angle).to_string() == wanted) return angle;
  }
  return opaque(name, {argument});
}

Quotient Algebra::whole_number_function(const std::string& name, const std::vector<Quotient>& arguments) {
  const bool all_numbers =
      std::all_of(arguments.begin(), arguments.end(), [](const Quotient& a) { return a.is_rational(); });
  if (!all_numbers && name == "binom" && arguments.size() == 2 && arguments[1].is_rational()) {
    // n (n-1) ... / k! for a small k
    const auto k = arguments[1].rational().as_long();
    constexpr long long kMost = 8;
    if (k && *k >= 0 && *k <= kMost) {
      Quotient product = constant(1);
      for (long long i = 0; i < *k; ++i)
        product = multiply(product, divide(add(arguments[0], constant(-i)), constant(i + 1)));
      return product;
    }
  }
  if (!all_numbers) return opaque(name, arguments);
  if ((name == "binom" || name == "mod") && arguments.size() != 2) throw Undecided{name + " takes two numbers"};
  if (name == "factorial") {
    const long long n = small_whole(arguments.at(0), 1500, "a factorial too large");
    if (n < 0) throw Undecided{"the factorial of a negative number"};
    BigInt product(1);
    for (long long i = 2; i <= n; ++i, budget_.spend(1 + static_cast<long long>(product.num_limbs())))
      product = product * BigInt(i);
    return constant(Rational(product));
  }
  if (name == "binom") {
    const long long n = small_whole(arguments.at(0), 4000, "a binomial coefficient too large");
    const long long k = small_whole(arguments.at(1), 4000, "a binomial coefficient too large");
    if (n < 0) throw Undecided{"a negative binomial coefficient"};
    if (k < 0 || k > n) return constant(0);
    BigInt value(1);
    for (long long i = 0; i < std::min(k, n - k); ++i, budget_.spend(1 + static_cast<long long>(value.num_limbs()))) {
      value = ft::grade::divide(value * BigInt(n - i), BigInt(i + 1)).quotient;
    }
    return constant(Rational(value));
  }
  BigInt result(0);
  for (std::size_t i = 0; i < arguments.size(); ++i) {
    const Rational value = arguments[i].rational();
    if (!value.is_integer()) throw Undecided{name + " of a fraction"};
    if (name == "gcd") result = ft::grade::gcd(result, value.numerator());
    if (name == "lcm") {
      if (value.is_zero()) return constant(0);
      const BigInt magnitude = abs(value.numerator());
      result = i == 0 ? magnitude : ft::grade::divide(result, ft::grade::gcd(result, magnitude)).quotient * magnitude;
    }
  }
  if (name == "mod") {
    const Rational modulus = arguments.at(1).rational();
    if (modulus.is_zero()) throw Undecided{"modulo zero"};
    const Rational value = arguments.at(0).rational();
    return constant(value - Rational(floor(value / modulus)) * modulus);
  }
  return constant(Rational(result));
}

Quotient Algebra::extremum(const std::string& name, const std::vector<Quotient>& arguments) {
  const bool all_numbers =
      std::all_of(arguments.begin(), arguments.end(), [](const Quotient& a) { return a.is_rational(); });
  if (!all_numbers) return arguments.size() == 1 ? arguments.front() : opaque(name, arguments);
  const auto less = [](const Quotient& a, const Quotient& b) { return a.rational() < b.rational(); };
  return name == "max" ? *std::max_element(arguments.begin(), arguments.end(), less)
                       : *std::min_element(arguments.begin(), arguments.end(), less);
}

}  // namespace ft::grade
