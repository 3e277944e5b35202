#include <algorithm>

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
  for (const Quotient& argument : arguments) texts.push_back(text(argument));
  if (name == "max" || name == "min" || name == "gcd" || name == "lcm") std::sort(texts.begin(), texts.end());
  std::string written = name + "(";
  for (const std::string& argument : texts) written += argument + ",";
  written.back() = ')';
  if (written.size() > 20000) throw Undecided{"expression too large"};
  return {named(written, Kind::other), Rational(1)};
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
    return arithmetic_.scaled(named("ln(" + text(inner) + ")", Kind::logarithm, 1, inner), times);
  };
  if (!single) return {atom_of(argument, 1), Rational(1)};
  const auto& [monomial, coefficient] = *argument.top.terms().begin();
  if (coefficient.is_negative()) return {atom_of(argument, 1), Rational(1)};
  Polynomial sum;
  for (const auto& [prime, power] : factorised(coefficient)) {
    arithmetic_.add(&sum, atom_of(constant(Rational(BigInt::parse(prime.substr(1)))), power));
  }
  for (const auto& [atom, power] : monomial) {
    switch (kind_of(atom)) {
      case Kind::euler:
        arithmetic_.add(&sum, power, {});
        break;
      case Kind::prime:
        arithmetic_.add(&sum, atom_of(constant(Rational(BigInt::parse(atom.substr(1)))), power));
        break;
      case Kind::imaginary:
        return {atom_of(argument, 1), Rational(1)};
      case Kind::variable:
        if (power.is_integer() && !power.numerator().is_odd()) {
          arithmetic_.add(&sum, atom_of(magnitude({Polynomial::atom(atom), Rational(1)}), power));
          break;
        }
        [[fallthrough]];
      default:
        arithmetic_.add(&sum, atom_of({Polynomial::atom(atom), Rational(1)}, power));
    }
  }
  return {sum, Rational(1)};
}

Quotient Algebra::magnitude(const Quotient& argument) {
  const auto bars = [&](Quotient inner) {
    if (leads_negative(inner.top)) inner = scaled(inner, -1);
    return named("abs(" + text(inner) + ")", Kind::magnitude, 1, inner);
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
      result = multiply(result, reduced(1, arithmetic_.power(size.terms().begin()->first, power)));
    }
  }
  return {result, Rational(1)};
}

// Of 0 to 6 twelfths of pi.
Polynomial Algebra::cosine_of(long long twelfths) {
  const Rational half(BigInt(1), BigInt(2));
  const auto root = [&](long long number, long long sign = 1) {
    return arithmetic_.scaled(rational_root(number, half), Rational(BigInt(sign), BigInt(2)));
  };
  const auto sum_of_roots = [&](long long sign) {  // (sqrt 6 +- sqrt 2) / 4
    Polynomial sum = root(6);
    arithmetic_.add(&sum, root(2, sign));
    return arithmetic_.scaled(sum, half);
  };
  switch (twelfths) {
    case 0:
      return Rational(1);
    case 1:
      return sum_of_roots(1);
    case 2:
      return root(3);
    case 3:
      return root(2);
    case 4:
      return half;
    case 5:
      return sum_of_roots(-1);
    default:
      return {};
  }
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
    Rational twelfths = top.is_zero() ? Rational(0) : arithmetic_.product(top.terms().begin()->second, 12);
    if (name == "sin") twelfths = arithmetic_.difference(6, twelfths);  // sin a = cos(pi/2 - a)
    twelfths = remainder(twelfths, 24);
    if (const auto step = twelfths.as_long()) {
      const long long folded = *step > 12 ? 24 - *step : *step;  // 0..12
      const Polynomial value = cosine_of(folded > 6 ? 12 - folded : folded);
      return {folded > 6 ? arithmetic_.scaled(value, -1) : value, Rational(1)};
    }
  }
  if (leads_negative(top)) {
    const Quotient opposite = scaled(argument, -1);
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
  const std::string wanted = text(argument);
  for (long long k = first; k <= first + 12; ++k) {
    if (direct == "tan" && (k == -6 || k == 6)) continue;
    const Quotient angle = scaled({named("@pi", Kind::pi), Rational(1)}, Rational(BigInt(k), BigInt(12)));
    if (text(trigonometric(direct, angle)) == wanted) return angle;
  }
  return opaque(name, {argument});
}

// value - n modulus for the largest whole n that leaves nothing negative, where the modulus is positive.
Rational Algebra::remainder(const Rational& value, const Rational& modulus) {
  const Rational turns = arithmetic_.whole_part(arithmetic_.quotient(value, modulus));
  return arithmetic_.difference(value, arithmetic_.product(turns, modulus));
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
    for (long long i = 2; i <= n; ++i) product = arithmetic_.product(product, BigInt(i));
    return constant(Rational(product));
  }
  if (name == "binom") {
    const long long n = small_whole(arguments.at(0), 4000, "a binomial coefficient too large");
    const long long k = small_whole(arguments.at(1), 4000, "a binomial coefficient too large");
    if (n < 0) throw Undecided{"a negative binomial coefficient"};
    if (k < 0 || k > n) return constant(0);
    BigInt value(1);
    for (long long i = 0; i < std::min(k, n - k); ++i)
      value = arithmetic_.quotient(arithmetic_.product(value, BigInt(n - i)), BigInt(i + 1));
    return constant(Rational(value));
  }
  BigInt result(0);
  for (std::size_t i = 0; i < arguments.size(); ++i) {
    const Rational value = arguments[i].rational();
    if (!value.is_integer()) throw Undecided{name + " of a fraction"};
    if (name == "gcd") result = arithmetic_.common_divisor(result, value.numerator());
    if (name == "lcm") {
      if (value.is_zero()) return constant(0);
      const BigInt magnitude = abs(value.numerator());
      result = i == 0 ? magnitude
                      : arithmetic_.product(arithmetic_.quotient(result, arithmetic_.common_divisor(result, magnitude)),
                                            magnitude);
    }
  }
  if (name == "mod") {
    const Rational modulus = arguments.at(1).rational();
    if (modulus.is_zero()) throw Undecided{"modulo zero"};
    return constant(remainder(arguments.at(0).rational(), modulus));
  }
  return constant(Rational(result));
}

Quotient Algebra::extremum(const std::string& name, const std::vector<Quotient>& arguments) {
  const bool all_numbers =
      std::all_of(arguments.begin(), arguments.end(), [](const Quotient& a) { return a.is_rational(); });
  if (!all_numbers) return arguments.size() == 1 ? arguments.front() : opaque(name, arguments);
  const auto less = [&](const Quotient& a, const Quotient& b) { return arithmetic_.less(a.rational(), b.rational()); };
  return name == "max" ? *std::max_element(arguments.begin(), arguments.end(), less)
                       : *std::min_element(arguments.begin(), arguments.end(), less);
}

}  // namespace ft::grade
