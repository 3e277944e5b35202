// The arithmetic below the grader: whole numbers and fractions against independent arithmetic, wide numbers against
// identities, and random formulas whose value is known by construction.
#include <doctest/doctest.h>
#include <fmt/format.h>
#include <rapidcheck.h>

#include <cmath>
#include <limits>
#include <numeric>
#include <string>
#include <utility>

#include "framework/grade/big_int.h"
#include "framework/grade/grade.h"
#include "framework/grade/rational.h"
#include "framework/grade/wide.h"

using ft::Verdict;
using ft::grade::BigInt;
using ft::grade::Rational;

namespace {

// Numbers of up to about 400 bits, with runs of zeros and nines, where carries and guesses of quotients go wrong.
BigInt some_big_int() {
  std::string digits = "1";
  for (int piece = *rc::gen::inRange(0, 8); piece > 0; --piece) {
    const int kind = *rc::gen::inRange(0, 3);
    if (kind == 0) digits += std::string(static_cast<std::size_t>(*rc::gen::inRange(1, 15)), '0');
    if (kind == 1) digits += std::string(static_cast<std::size_t>(*rc::gen::inRange(1, 15)), '9');
    if (kind == 2) digits += std::to_string(*rc::gen::inRange(0, 1000000000));
  }
  BigInt value = BigInt::parse(digits);
  // Powers of two plus or minus a little meet the edges of limbs.
  if (*rc::gen::inRange(0, 3) == 0)
    value = pow(BigInt(2), static_cast<unsigned>(*rc::gen::inRange(0, 300))) + BigInt(*rc::gen::inRange(-2, 3));
  return *rc::gen::arbitrary<bool>() ? value : -value;
}

}  // namespace

TEST_CASE("whole numbers: small ones as the machine has them") {
  CHECK(rc::check([] {
    const long long a = *rc::gen::arbitrary<int>();
    const long long b = *rc::gen::arbitrary<int>();
    RC_ASSERT((BigInt(a) + BigInt(b)).as_long() == a + b);
    RC_ASSERT((BigInt(a) * BigInt(b)).as_long() == a * b);
    RC_ASSERT((BigInt(a) <=> BigInt(b)) == (a <=> b));
    RC_ASSERT(BigInt(a * b).to_string() == std::to_string(a * b));
    RC_ASSERT(gcd(BigInt(a), BigInt(b)).as_long() == std::gcd(a, b));
    if (b == 0) return;
    RC_ASSERT(divide(BigInt(a), BigInt(b)).quotient.as_long() == a / b);
    RC_ASSERT(divide(BigInt(a), BigInt(b)).remainder.as_long() == a % b);
  }));
}

TEST_CASE("whole numbers: large ones obey the laws") {
  CHECK(rc::check([] {
    const BigInt a = some_big_int();
    const BigInt b = some_big_int();
    const BigInt c = some_big_int();
    RC_ASSERT((a + b) - b == a);
    RC_ASSERT(a * (b + c) == a * b + a * c);
    const std::string text = abs(a).to_string();
    RC_ASSERT(BigInt::parse(text) == abs(a));
    if (b.is_zero()) return;
    const auto [quotient, remainder] = divide(a, b);
    RC_ASSERT(quotient * b + remainder == a);
    RC_ASSERT(abs(remainder) < abs(b));
    RC_ASSERT(divide(a * b, b).quotient == a);
    const BigInt common = gcd(a, b);
    RC_ASSERT(divide(a, common).remainder.is_zero());
    RC_ASSERT(divide(b, common).remainder.is_zero());
  }));
  CHECK(pow(BigInt(3), 100).to_string() == "515377520732011331036461129765621272702107522001");
}

namespace {

BigInt euclid(BigInt a, BigInt b) {
  while (!b.is_zero()) a = std::exchange(b, divide(a, b).remainder);
  return abs(a);
}

// Up to so many limbs, of which many are all zeros or all ones: where digits in front decide wrongly, these do.
BigInt with_limbs(int most) {
  const BigInt radix = pow(BigInt(2), 32);
  BigInt value(0);
  for (int i = *rc::gen::inRange(0, most + 1); i > 0; --i) {
    const int kind = *rc::gen::inRange(0, 5);
    const long long limb = kind == 0 ? 0 : kind == 1 ? 0xffffffffLL : *rc::gen::inRange<long long>(0, 0x100000000LL);
    value = value * radix + BigInt(limb);
  }
  return value;
}

}  // namespace

TEST_CASE("common divisors of all lengths, of neighbours and of numbers that begin alike") {
  constexpr int kMostLimbs = 40;
  CHECK(rc::check([&] {
    for (int round = 0; round < 20; ++round) {
      const BigInt a = with_limbs(kMostLimbs);
      const BigInt low = with_limbs(*rc::gen::inRange(0, 4));
      BigInt b = with_limbs(kMostLimbs);
      switch (*rc::gen::inRange(0, 5)) {
        case 0:  // equal in front
          b = a + low;
          break;
        case 1:  // a long quotient, then a short one
          b = a * with_limbs(3) + low;
          break;
        case 2:
          b = a;
          break;
        case 3:
          b = divide(a, low + BigInt(2)).quotient;
          break;
        default:
          break;
      }
      RC_ASSERT(gcd(a, b) == euclid(a, b));
      RC_ASSERT(gcd(b, a) == gcd(a, b));
    }
  }));
  CHECK(gcd(BigInt(0), BigInt(0)).is_zero());
  CHECK(gcd(BigInt(-12), BigInt(0)) == BigInt(12));
}

TEST_CASE("common divisors are those of Euclid's algorithm, one quotient after the other") {
  CHECK(rc::check([&] {
    const BigInt shared = some_big_int();
    const BigInt a = some_big_int() * shared;
    const BigInt b =
        *rc::gen::inRange(0, 4) == 0 ? a * BigInt(*rc::gen::inRange(0, 5)) + shared : some_big_int() * shared;
    RC_ASSERT(gcd(a, b) == euclid(a, b));
  }));
  // Neighbours in Fibonacci's sequence: every quotient is one.
  BigInt a(1);
  BigInt b(1);
  for (int i = 0; i < 1000; ++i) b = std::exchange(a, a + b);
  CHECK(gcd(a, b).is_one());
  CHECK(gcd(a * a, a * b) == a);
}

TEST_CASE("fractions are reduced and ordered") {
  CHECK(Rational(BigInt(6), BigInt(-4)).to_string() == "-3/2");
  CHECK(Rational::parse_decimal("0.125").to_string() == "1/8");
  CHECK(Rational(BigInt(1), BigInt(3)) < Rational(BigInt(1), BigInt(2)));
  CHECK(floor(Rational(BigInt(-7), BigInt(2))) == BigInt(-4));
  CHECK_THROWS_AS(Rational(BigInt(1), BigInt(0)), ft::grade::Undecided);
}

TEST_CASE("wide numbers: identities hold to 28 digits") {
  using ft::grade::Wide;
  CHECK(std::isnan(exp(Wide(std::numeric_limits<double>::quiet_NaN())).high));
  const auto near_zero = [](const Wide& value, double scale) { return std::fabs(value.high) < 1e-28 * scale; };
  for (const double x : {0.1, 0.7, 1.0, 2.5, 3.14, 10.0, 33.3, -0.4, -7.7}) {
    const Wide wide = Wide(x) / Wide(3);
    Wide sine;
    Wide cosine;
    sin_cos(wide, &sine, &cosine);
    CHECK(near_zero(sine * sine + cosine * cosine - Wide(1), 1));
    CHECK(std::fabs(sine.high - std::sin(x / 3)) < 1e-14);
    CHECK(near_zero(exp(wide) * exp(-wide) - Wide(1), 1));
    CHECK(std::fabs(exp(wide).high / std::exp(x / 3) - 1) < 1e-14);
    CHECK(near_zero(atan2(sine, cosine) - wide + ft::grade::wide_pi() * Wide(2 * std::round(x / 3 / (2 * M_PI))), 20));
    if (x <= 0) continue;
    CHECK(near_zero(log(exp(wide)) - wide, 10));
    CHECK(near_zero(sqrt(wide) * sqrt(wide) - wide, 10));
  }
}

namespace {

// A formula and its value, a fraction of small whole numbers.
struct Formula {
  std::string text;
  Rational value;
};

Formula some_formula(int depth) {
  const int kind = depth == 0 ? *rc::gen::inRange(0, 4) : *rc::gen::inRange(0, 11);
  const auto whole = [] { return *rc::gen::inRange(1, 13); };
  if (kind == 0 || kind == 1) {
    const int n = whole();
    return {std::to_string(n), Rational(n)};
  }
  if (kind == 2) {
    const int a = whole();
    const int b = whole();
    return {fmt::format("\\frac{{{}}}{{{}}}", a, b), Rational(BigInt(a), BigInt(b))};
  }
  if (kind == 3) {
    const int a = whole();
    return {fmt::format("{}.25", a), Rational(BigInt(4 * a + 1), BigInt(4))};
  }
  const Formula x = some_formula(depth - 1);
  const Formula y = some_formula(depth - 1);
  switch (kind) {
    case 4:
      return {x.text + "+" + y.text, x.value + y.value};
    case 5:
      return {x.text + " - (" + y.text + ")", x.value - y.value};
    case 6:
      return {"(" + x.text + ")\\cdot(" + y.text + ")", x.value * y.value};
    case 7:
      return {"\\left(" + x.text + "\\right)\\left(" + y.text + "\\right)", x.value * y.value};
    case 8:
      return y.value.is_zero() ? x : Formula{"\\frac{" + x.text + "}{" + y.text + "}", x.value / y.value};
    case 9:
      return {"-(" + x.text + ")^2+" + y.text, y.value - x.value * x.value};
    default:
      return y.value.is_zero() ? x : Formula{"{" + x.text + "}/{(" + y.text + ")}*1", x.value / y.value};
  }
}

}  // namespace

TEST_CASE("random formulas have the value they were built with, and no other") {
  CHECK(rc::check([] {
    // The first summand alone may be a bare sum: all others stand in brackets, so precedence is tested as it is
    // written.
    const Formula formula = some_formula(2);
    const std::string value = formula.value.to_string();
    const std::string other = (formula.value + Rational(BigInt(1), BigInt(97))).to_string();
    const auto right = ft::grade::equal(value, formula.text);
    RC_LOG() << formula.text << " should be " << value << ": " << right.reason;
    const bool bare_division = formula.text.starts_with("{") && formula.text.find('+') != std::string::npos;
    if (!bare_division) RC_ASSERT(right.verdict == Verdict::equal);
    RC_ASSERT(ft::grade::equal(other, formula.text).verdict == Verdict::different);
  }));
}

TEST_CASE("random polynomials: the product equals its expansion and differs from its neighbour") {
  CHECK(rc::check([] {
    const auto coefficient = [] { return *rc::gen::inRange(-9, 10); };
    const long long a = coefficient();
    const long long b = coefficient();
    const long long c = coefficient();
    const long long d = coefficient();
    const std::string product = fmt::format("({}x{:+}y)({}x{:+})", a, b, c, d);
    const auto expanded = [&](long long extra) {
      return fmt::format("{}+{}x^2{:+}x{:+}xy{:+}y", extra, a * c, a * d, b * c, b * d);
    };
    RC_LOG() << product << " and " << expanded(0);
    RC_ASSERT(ft::grade::equal(product, expanded(0)).verdict == Verdict::equal);
    RC_ASSERT(ft::grade::equal(product, expanded(1)).verdict == Verdict::different);
  }));
}

TEST_CASE("random nested roots: (a + sqrt b)^2 under a root is denested, a neighbour is told apart") {
  CHECK(rc::check([] {
    const long long a = *rc::gen::inRange(1, 30);
    const long long b = *rc::gen::inRange(2, 50);
    const std::string nested = fmt::format("\\sqrt{{{}+{}\\sqrt{{{}}}}}", a * a + b, 2 * a, b);
    RC_ASSERT(ft::grade::equal(nested, fmt::format("{}+\\sqrt{{{}}}", a, b)).verdict == Verdict::equal);
    RC_ASSERT(ft::grade::equal(nested, fmt::format("{}+\\sqrt{{{}}}", a, b + 1)).verdict == Verdict::different);
    RC_ASSERT(ft::grade::equal(nested, fmt::format("{}+\\sqrt{{{}}}+10^{{-12}}", a, b)).verdict == Verdict::different);
  }));
}
