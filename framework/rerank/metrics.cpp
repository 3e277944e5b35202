#include "framework/rerank/metrics.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <numbers>

#include "framework/base/error.h"
#include "framework/base/philox.h"

namespace ft::rerank {
namespace {

constexpr double kTail = 0.025;
constexpr double kNormalTail = 1.959963984540054;

struct Moments {
  double mean = 0;
  double error = 0;
};

Moments moments(std::span<const double> values) {
  const auto n = static_cast<double>(values.size());
  double sum = 0;
  for (const double value : values) sum += value;
  const double mean = sum / n;
  double squares = 0;
  for (const double value : values) squares += (value - mean) * (value - mean);
  return {mean, values.size() < 2 ? 0 : std::sqrt(squares / (n - 1) / n)};
}

}  // namespace

double normal_cdf(double x) { return 0.5 * std::erfc(-x / std::numbers::sqrt2); }

double normal_quantile(double probability) {
  FT_CHECK(probability > 0 && probability < 1, "a quantile at {}", probability);
  constexpr std::array<double, 6> a{-3.969683028665376e+01, 2.209460984245205e+02,  -2.759285104469687e+02,
                                    1.383577518672690e+02,  -3.066479806614716e+01, 2.506628277459239e+00};
  constexpr std::array<double, 5> b{-5.447609879822406e+01, 1.615858368580409e+02, -1.556989798598866e+02,
                                    6.680131188771972e+01, -1.328068155288572e+01};
  constexpr std::array<double, 6> c{-7.784894002430293e-03, -3.223964580411365e-01, -2.400758277161838e+00,
                                    -2.549732539343734e+00, 4.374664141464968e+00,  2.938163982698783e+00};
  constexpr std::array<double, 4> d{7.784695709041462e-03, 3.224671290700398e-01, 2.445134137142996e+00,
                                    3.754408661907416e+00};
  const double tail = std::min(probability, 1 - probability);
  double x = 0;
  if (tail < 0.02425) {
    const double q = std::sqrt(-2 * std::log(tail));
    x = (((((c[0] * q + c[1]) * q + c[2]) * q + c[3]) * q + c[4]) * q + c[5]) /
        ((((d[0] * q + d[1]) * q + d[2]) * q + d[3]) * q + 1);
    if (probability > 0.5) x = -x;
  } else {
    const double q = probability - 0.5;
    const double r = q * q;
    x = (((((a[0] * r + a[1]) * r + a[2]) * r + a[3]) * r + a[4]) * r + a[5]) * q /
        (((((b[0] * r + b[1]) * r + b[2]) * r + b[3]) * r + b[4]) * r + 1);
  }
  const double error = normal_cdf(x) - probability;
  const double step = error * std::sqrt(2 * std::numbers::pi) * std::exp(x * x / 2);
  return x - step / (1 + x * step / 2);
}

Bootstrap::Bootstrap(std::size_t items, int resamples, std::uint64_t seed)
    : items_(items), resamples_(items == 0 ? 0 : static_cast<std::size_t>(std::max(0, resamples))) {
  const Philox random(seed, "bootstrap");
  draws_.resize(items_ * resamples_);
  for (std::size_t r = 0; r < resamples_; ++r) {
    for (std::size_t i = 0; i < items_; ++i)
      draws_[r * items_ + i] = static_cast<std::uint32_t>(random.below(items_, r, i));
  }
}

std::span<const std::uint32_t> Bootstrap::draw(std::size_t resample) const {
  return std::span(draws_).subspan(resample * items_, items_);
}

Interval Bootstrap::of_mean(std::span<const double> values) const {
  FT_CHECK(values.size() == items_, "{} values in resamples of {}", values.size(), items_);
  const auto n = static_cast<double>(items_);
  const double mean = moments(values).mean;
  double squares = 0;
  double cubes = 0;
  for (const double value : values) {
    squares += (value - mean) * (value - mean);
    cubes += (value - mean) * (value - mean) * (value - mean);
  }
  if (empty() || squares < 1e-24) return {mean, mean};
  std::vector<double> means(resamples_);
  for (std::size_t r = 0; r < resamples_; ++r) {
    double sum = 0;
    for (const std::uint32_t item : draw(r)) sum += values[item];
    means[r] = sum / n;
  }
  std::sort(means.begin(), means.end());
  // Means of shares are coarse: those that equal the observed one, up to rounding, count half.
  double below = 0;
  for (const double one : means) below += one < mean - 1e-12 ? 1 : one <= mean + 1e-12 ? 0.5 : 0;
  const auto count = static_cast<double>(resamples_);
  const double bias = normal_quantile(std::clamp(below / count, 0.5 / count, 1 - 0.5 / count));
  const double acceleration = cubes / (6 * std::pow(squares, 1.5));  // of a mean, by the jackknife
  const auto at = [&](double z) {
    const double share = normal_cdf(bias + (bias + z) / (1 - acceleration * (bias + z)));
    return means[static_cast<std::size_t>(std::clamp(share * count, 0.0, count - 1))];
  };
  return {at(normal_quantile(kTail)), at(-normal_quantile(kTail))};
}

Interval wilson(double hits, double count) {
  if (count <= 0) return {0, 1};
  const double share = hits / count;
  const double z2 = kNormalTail * kNormalTail;
  const double centre = (share + z2 / (2 * count)) / (1 + z2 / count);
  const double half =
      kNormalTail / (1 + z2 / count) * std::sqrt(share * (1 - share) / count + z2 / (4 * count * count));
  return {std::max(0.0, centre - half), std::min(1.0, centre + half)};
}

Estimate estimate(std::span<const double> values, std::span<const double> baseline, const Bootstrap& bootstrap) {
  Estimate result;
  if (values.empty()) return result;
  FT_CHECK(baseline.empty() || baseline.size() == values.size(), "{} values against a baseline of {}", values.size(),
           baseline.size());
  const auto n = static_cast<double>(values.size());
  const Moments own = moments(values);
  result.mean = result.low = result.high = own.mean;
  result.standard_error = own.error;
  result.binomial_error = std::sqrt(std::max(0.0, own.mean * (1 - own.mean)) / n);
  if (!bootstrap.empty()) {
    const bool all_equal = std::all_of(values.begin(), values.end(), [&](double v) { return v == values.front(); });
    const bool extreme = all_equal && (values.front() == 0 || values.front() == 1);
    const Interval interval = extreme ? wilson(own.mean * n, n) : bootstrap.of_mean(values);
    result.low = interval.low;
    result.high = interval.high;
  }
  if (baseline.empty()) return result;
  std::vector<double> differences(values.size());
  for (std::size_t i = 0; i < values.size(); ++i) differences[i] = values[i] - baseline[i];
  const Moments paired = moments(differences);
  result.difference = result.difference_low = result.difference_high = paired.mean;
  result.difference_error = paired.error;
  if (bootstrap.empty()) return result;
  const Interval interval = bootstrap.of_mean(differences);
  result.difference_low = interval.low;
  result.difference_high = interval.high;
  return result;
}

double pass_at_k(int n, int c, int k) {
  FT_CHECK(1 <= k && k <= n && 0 <= c && c <= n, "pass@{} of {} attempts, {} right", k, n, c);
  if (n - c < k) return 1;
  double none = 1;
  for (int i = n - c + 1; i <= n; ++i) none *= 1 - static_cast<double>(k) / i;
  return 1 - none;
}

}  // namespace ft::rerank
