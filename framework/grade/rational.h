// Exact fractions: what numbers in answers are. Always reduced, the denominator positive, so equal values have equal
// members and equal texts.
#pragma once

#include <compare>
#include <optional>
#include <string>
#include <string_view>

#include "framework/grade/big_int.h"

namespace ft::grade {

class Rational {
 public:
  Rational() : denominator_(1) {}
  Rational(long long value) : numerator_(value), denominator_(1) {}          // NOLINT(google-explicit-constructor)
  Rational(BigInt value) : numerator_(std::move(value)), denominator_(1) {}  // NOLINT(google-explicit-constructor)
  // Throws Undecided when the denominator is zero.
  Rational(BigInt numerator, BigInt denominator);
  // Digits with at most one point: "12", "0.50", ".5", "3.". At least one digit.
  [[nodiscard]] static Rational parse_decimal(std::string_view text);

  [[nodiscard]] const BigInt& numerator() const { return numerator_; }
  [[nodiscard]] const BigInt& denominator() const { return denominator_; }
  [[nodiscard]] bool is_zero() const { return numerator_.is_zero(); }
  [[nodiscard]] bool is_negative() const { return numerator_.is_negative(); }
  [[nodiscard]] bool is_integer() const { return denominator_.is_one(); }
  [[nodiscard]] bool is_one() const { return is_integer() && numerator_.is_one(); }
  // The value where it is whole and fits.
  [[nodiscard]] std::optional<long long> as_long() const;
  [[nodiscard]] std::string to_string() const;

  [[nodiscard]] Rational operator-() const;
  friend Rational operator+(const Rational& a, const Rational& b);
  friend Rational operator-(const Rational& a, const Rational& b) { return a + -b; }
  friend Rational operator*(const Rational& a, const Rational& b);
  // Throws Undecided on division by zero.
  friend Rational operator/(const Rational& a, const Rational& b);
  friend bool operator==(const Rational& a, const Rational& b) = default;
  friend std::strong_ordering operator<=>(const Rational& a, const Rational& b);

 private:
  BigInt numerator_;
  BigInt denominator_;
};

// Largest whole number not above `value`.
[[nodiscard]] BigInt floor(const Rational& value);
// Throws Undecided for 0 to a negative power and for exponents beyond +-20000.
[[nodiscard]] Rational pow(const Rational& base, long long exponent);

}  // namespace ft::grade
