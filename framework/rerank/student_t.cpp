#include "framework/rerank/student_t.h"

#include <algorithm>
#include <cmath>
#include <numbers>

#include "framework/base/error.h"

namespace ft::rerank {
namespace {

// The continued fraction of the incomplete beta function (Abramowitz and Stegun 26.5.8), by Lentz's method; it converges fast
// for x < (a + 1) / (a + b + 2).
double beta_fraction(double a, double b, double x) {
  constexpr double kTiny = 1e-300;
  const auto away_from_zero = [](double value) { return std::abs(value) < kTiny ? kTiny : value; };
  double c = 1, d = 1 / away_from_zero(1 - (a + b) * x / (a + 1)), result = d;
  for (int m = 1; m <= 1000; ++m) {
    const double two_m = 2.0 * m;
    const double even = m * (b - m) * x / ((a + two_m - 1) * (a + two_m));
    d = 1 / away_from_zero(1 + even * d);
    c = away_from_zero(1 + even / c);
    result *= d * c;
    const double odd = -(a + m) * (a + b + m) * x / ((a + two_m) * (a + two_m + 1));
    d = 1 / away_from_zero(1 + odd * d);
    c = away_from_zero(1 + odd / c);
    const double step = d * c;
    result *= step;
    if (std::abs(step - 1) < 1e-15) break;
  }
  return result;
}

// The regularised incomplete beta function I_x(a, b); `y` is 1 - x, which may be known better than by that difference.
double incomplete_beta(double a, double b, double x, double y) {
  if (x <= 0) return 0;
  if (y <= 0) return 1;
  const double front =
      std::exp(std::lgamma(a + b) - std::lgamma(a) - std::lgamma(b) + a * std::log(x) + b * std::log(y));
  return x < (a + 1) / (a + b + 2) ? front * beta_fraction(a, b, x) / a : 1 - front * beta_fraction(b, a, y) / b;
}

double density(double t, double freedom) {
  const double log_scale =
      std::lgamma((freedom + 1) / 2) - std::lgamma(freedom / 2) - 0.5 * std::log(freedom * std::numbers::pi);
  return std::exp(log_scale - (freedom + 1) / 2 * std::log1p(t * t / freedom));
}

}  // namespace

double student_cdf(double t, double freedom) {
  FT_CHECK(freedom > 0, "a t distribution with {} degrees of freedom", freedom);
  const double square = t * t;
  const double tail =
      0.5 * incomplete_beta(freedom / 2, 0.5, freedom / (freedom + square), square / (freedom + square));
  return t > 0 ? 1 - tail : tail;
}

double student_quantile(double probability, double freedom) {
  FT_CHECK(probability > 0 && probability < 1, "a quantile at {}", probability);
  if (probability == 0.5) return 0;
  const double tail = std::min(probability, 1 - probability);
  double low = -1, high = 0;
  while (student_cdf(low, freedom) > tail && low > -1e150) {
    high = low;
    low *= 2;
  }
  double t = (low + high) / 2;
  for (int i = 0; i < 200; ++i) {  // Newton's method, within what is known to hold the root
    const double off = student_cdf(t, freedom) - tail;
    (off < 0 ? low : high) = t;
    double next = t - off / density(t, freedom);
    if (!(next > low && next < high)) next = (low + high) / 2;
    if (std::abs(next - t) <= 1e-15 * std::abs(t)) break;
    t = next;
  }
  return probability < 0.5 ? t : -t;
}

}  // namespace ft::rerank
