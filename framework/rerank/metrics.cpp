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
    : items_(items), resamples_(items == 0 ? 0 : static_cast<std::size_t>(std::max(0, resamples))), seed_(seed) {}

void Bootstrap::draw(std::size_t resample, std::vector<std::uint32_t>& items) const {
  const Philox random(seed_, "bootstrap");
  items.resize(items_);
  for (std::size_t i = 0; i < items_; ++i) items[i] = static_cast<std::uint32_t>(random.below(items_, resample, i));
}

namespace {

// Lists side by side: a draw touches one cache line for all of them. Each adds its terms in the order of the draws.
constexpr std::size_t kLanes = 8;

struct Lanes {
  std::vector<std::array<double, kLanes>> values;  // one an item
  std::array<std::vector<double>, kLanes> means;   // one a resample
};

void add_draw(Lanes& lanes, std::span<const std::uint32_t> draw) {
  std::array<double, kLanes> sums{};
  for (const std::uint32_t item : draw) {
    const auto& row = lanes.values[item];
    for (std::size_t k = 0; k < kLanes; ++k) sums[k] += row[k];
  }
  for (std::size_t k = 0; k < kLanes; ++k) lanes.means[k].push_back(sums[k] / static_cast<double>(draw.size()));
}

struct Spread {
  double mean = 0, squares = 0, cubes = 0;
};

Spread spread_of(std::span<const double> values) {
  Spread spread{.mean = moments(values).mean};
  for (const double value : values) {
    const double off = value - spread.mean;
    spread.squares += off * off;
    spread.cubes += off * off * off;
  }
  return spread;
}

bool is_point(const Spread& spread) { return spread.squares < 1e-24; }

Interval interval_of(const Spread& spread, std::vector<double>& means) {
  std::sort(means.begin(), means.end());
  const double mean = spread.mean;
  // Means of shares are coarse: those that equal the observed one, up to rounding, count half.
  double below = 0;
  for (const double one : means) below += one < mean - 1e-12 ? 1 : one <= mean + 1e-12 ? 0.5 : 0;
  const auto count = static_cast<double>(means.size());
  const double bias = normal_quantile(std::clamp(below / count, 0.5 / count, 1 - 0.5 / count));
  const double acceleration = spread.cubes / (6 * std::pow(spread.squares, 1.5));  // of a mean, by the jackknife
  const auto at = [&](double z) {
    const double share = normal_cdf(bias + (bias + z) / (1 - acceleration * (bias + z)));
    return means[static_cast<std::size_t>(std::clamp(share * count, 0.0, count - 1))];
  };
  return {at(normal_quantile(kTail)), at(-normal_quantile(kTail))};
}

}  // namespace

std::vector<Interval> Bootstrap::of_means(std::span<const std::vector<double>> columns) const {
  std::vector<Spread> spreads;
  std::vector<std::size_t> drawn;  // columns whose mean is no point
  for (const std::vector<double>& column : columns) {
    FT_CHECK(column.size() == items_, "{} values in resamples of {}", column.size(), items_);
    spreads.push_back(spread_of(column));
    if (!empty() && !is_point(spreads.back())) drawn.push_back(spreads.size() - 1);
  }
  std::vector<Lanes> groups((drawn.size() + kLanes - 1) / kLanes);
  for (std::size_t i = 0; i < drawn.size(); ++i) {
    Lanes& lanes = groups[i / kLanes];
    lanes.values.resize(items_);
    for (std::size_t item = 0; item < items_; ++item) lanes.values[item][i % kLanes] = columns[drawn[i]][item];
  }
  std::vector<std::uint32_t> items;
  for (std::size_t r = 0; r < resamples_ && !groups.empty(); ++r) {
    draw(r, items);
    for (Lanes& lanes : groups) add_draw(lanes, items);
  }
  std::vector<Interval> intervals;
  for (const Spread& spread : spreads) intervals.push_back({spread.mean, spread.mean});
  for (std::size_t i = 0; i < drawn.size(); ++i)
    intervals[drawn[i]] = interval_of(spreads[drawn[i]], groups[i / kLanes].means[i % kLanes]);
  return intervals;
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

namespace {

constexpr std::size_t kBytesTogether = 64 << 20;

Estimate without_interval(std::span<const double> values) {
  Estimate result;
  const Moments own = moments(values);
  result.mean = result.low = result.high = own.mean;
  result.standard_error = own.error;
  result.binomial_error = std::sqrt(std::max(0.0, own.mean * (1 - own.mean)) / static_cast<double>(values.size()));
  return result;
}

// Every value 0, or every value 1.
bool is_extreme(std::span<const double> values) {
  return (values.front() == 0 || values.front() == 1) &&
         std::all_of(values.begin(), values.end(), [&](double v) { return v == values.front(); });
}

}  // namespace

std::vector<Estimate> estimates(std::size_t count, const std::function<void(std::size_t, std::span<double>)>& column,
                                std::size_t items, std::span<const double> baseline, const Bootstrap& bootstrap) {
  std::vector<Estimate> results(count);
  if (items == 0) return results;
  FT_CHECK(baseline.empty() || baseline.size() == items, "{} values against a baseline of {}", items, baseline.size());
  // A list, its differences, and both side by side.
  const std::size_t together = std::max(std::size_t{1}, kBytesTogether / (4 * sizeof(double) * items));
  for (std::size_t first = 0; first < count; first += together) {
    const std::span own = std::span(results).subspan(first, std::min(together, count - first));
    std::vector<std::vector<double>> columns;
    for (std::size_t i = 0; i < own.size(); ++i) {
      column(first + i, columns.emplace_back(items));
      own[i] = without_interval(columns[i]);
    }
    for (std::size_t i = 0; i < own.size() && !baseline.empty(); ++i) {
      std::vector<double>& differences = columns.emplace_back(columns[i]);
      for (std::size_t item = 0; item < items; ++item) differences[item] -= baseline[item];
      const Moments paired = moments(differences);
      own[i].difference = own[i].difference_low = own[i].difference_high = paired.mean;
      own[i].difference_error = paired.error;
    }
    if (bootstrap.empty()) continue;
    const std::vector<Interval> intervals = bootstrap.of_means(columns);
    const auto n = static_cast<double>(items);
    for (std::size_t i = 0; i < own.size(); ++i) {
      const Interval interval = is_extreme(columns[i]) ? wilson(own[i].mean * n, n) : intervals[i];
      own[i].low = interval.low;
      own[i].high = interval.high;
      if (baseline.empty()) continue;
      own[i].difference_low = intervals[own.size() + i].low;
      own[i].difference_high = intervals[own.size() + i].high;
    }
  }
  return results;
}

Estimate estimate(std::span<const double> values, std::span<const double> baseline, const Bootstrap& bootstrap) {
  const auto copy = [&](std::size_t, std::span<double> column) { std::ranges::copy(values, column.begin()); };
  return estimates(1, copy, values.size(), baseline, bootstrap).front();
}

double pass_at_k(int n, int c, int k) {
  FT_CHECK(1 <= k && k <= n && 0 <= c && c <= n, "pass@{} of {} attempts, {} right", k, n, c);
  if (n - c < k) return 1;
  double none = 1;
  for (int i = n - c + 1; i <= n; ++i) none *= 1 - static_cast<double>(k) / i;
  return 1 - none;
}

}  // namespace ft::rerank
