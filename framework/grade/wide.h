// Complex numbers of about 31 digits with a bound on their rounding error, for telling expressions apart that no rule
// brings to the same form.
//
// A real part is an unevaluated sum of two doubles (Dekker 1971, Knuth's two-sum). Every operation carries a
// first-order error bound along, so that a comparison can tell "different" from "cannot tell": a cancellation shows as
// a large bound.
#pragma once

#include "framework/grade/rational.h"

namespace ft::grade {

struct Wide {
  double high = 0;
  double low = 0;

  Wide() = default;
  Wide(double value) : high(value) {}  // NOLINT(google-explicit-constructor)
  Wide(double h, double l) : high(h), low(l) {}
};

[[nodiscard]] Wide operator+(Wide a, Wide b);
[[nodiscard]] Wide operator-(Wide a);
[[nodiscard]] inline Wide operator-(Wide a, Wide b) { return a + -b; }
[[nodiscard]] Wide operator*(Wide a, Wide b);
[[nodiscard]] Wide operator/(Wide a, Wide b);
[[nodiscard]] Wide sqrt(Wide a);
[[nodiscard]] Wide exp(Wide a);
[[nodiscard]] Wide log(Wide a);  // a > 0
void sin_cos(Wide a, Wide* sine, Wide* cosine);
[[nodiscard]] Wide atan2(Wide y, Wide x);
[[nodiscard]] Wide to_wide(const Rational& value);
[[nodiscard]] Wide wide_pi();

// A complex number and a bound on its absolute error.
struct Approximate {
  Wide real;
  Wide imaginary;
  double error = 0;

  [[nodiscard]] double size() const;
  [[nodiscard]] bool is_finite() const;
};

[[nodiscard]] Approximate operator+(const Approximate& a, const Approximate& b);
[[nodiscard]] Approximate operator-(const Approximate& a);
[[nodiscard]] Approximate operator*(const Approximate& a, const Approximate& b);
[[nodiscard]] Approximate operator/(const Approximate& a, const Approximate& b);
[[nodiscard]] Approximate exp(const Approximate& a);
[[nodiscard]] Approximate log(const Approximate& a);  // principal value
[[nodiscard]] Approximate sqrt(const Approximate& a);
// Principal value; whole exponents by repeated multiplication, so that negative bases work.
[[nodiscard]] Approximate pow(const Approximate& base, const Approximate& exponent);
[[nodiscard]] Approximate sin(const Approximate& a);
[[nodiscard]] Approximate cos(const Approximate& a);

}  // namespace ft::grade
