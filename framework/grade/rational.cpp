#include "framework/grade/rational.h"

#include <utility>

namespace ft::grade {

Rational::Rational(BigInt numerator, BigInt denominator)
    : numerator_(std::move(numerator)), denominator_(std::move(denominator)) {
  if (denominator_.is_zero()) throw Undecided{"division by zero"};
  if (denominator_.is_negative()) {
    numerator_ = -numerator_;
    denominator_ = -denominator_;
  }
  if (denominator_.is_one()) return;
  const BigInt common = gcd(numerator_, denominator_);
  if (!common.is_one()) {
    numerator_ = divide(numerator_, common).quotient;
    denominator_ = divide(denominator_, common).quotient;
  }
}

Rational Rational::parse_decimal(std::string_view text) {
  std::string digits;
  unsigned places = 0;
  bool after_point = false;
  for (const char c : text) {
    if (c == '.') {
      after_point = true;
    } else {
      digits.push_back(c);
      places += after_point ? 1 : 0;
    }
  }
  return {BigInt::parse(digits), places == 0 ? BigInt(1) : ft::grade::pow(BigInt(10), places)};
}

std::optional<long long> Rational::as_long() const {
  if (!is_integer()) return std::nullopt;
  return numerator_.as_long();
}

std::string Rational::to_string() const {
  return is_integer() ? numerator_.to_string() : numerator_.to_string() + "/" + denominator_.to_string();
}

Rational Rational::operator-() const {
  Rational value = *this;
  value.numerator_ = -value.numerator_;
  return value;
}

Rational operator+(const Rational& a, const Rational& b) {
  if (a.is_integer() && b.is_integer()) return {a.numerator_ + b.numerator_};
  return {a.numerator_ * b.denominator_ + b.numerator_ * a.denominator_, a.denominator_ * b.denominator_};
}

Rational operator*(const Rational& a, const Rational& b) {
  if (a.is_integer() && b.is_integer()) return {a.numerator_ * b.numerator_};
  return {a.numerator_ * b.numerator_, a.denominator_ * b.denominator_};
}

Rational operator/(const Rational& a, const Rational& b) {
  return {a.numerator_ * b.denominator_, a.denominator_ * b.numerator_};
}

std::strong_ordering operator<=>(const Rational& a, const Rational& b) {
  if (a.is_integer() && b.is_integer()) return a.numerator_ <=> b.numerator_;
  return a.numerator_ * b.denominator_ <=> b.numerator_ * a.denominator_;
}

BigInt floor(const Rational& value) {
  if (value.is_integer()) return value.numerator();
  const auto [quotient, remainder] = divide(value.numerator(), value.denominator());
  return remainder.is_negative() ? quotient - BigInt(1) : quotient;
}

Rational pow(const Rational& base, long long exponent) {
  if (exponent < -20000 || exponent > 20000) {
    if (base.is_one() || base.is_zero()) return exponent < 0 ? Rational(1) / base : base;
    throw Undecided{"exponent too large"};
  }
  const auto times = static_cast<unsigned>(exponent < 0 ? -exponent : exponent);
  const Rational power(pow(base.numerator(), times), pow(base.denominator(), times));
  return exponent < 0 ? Rational(1) / power : power;
}

}  // namespace ft::grade
