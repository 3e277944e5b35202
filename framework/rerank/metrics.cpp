#include "framework/rerank/metrics.h"

#include <algorithm>
#include <cmath>

#include "framework/base/error.h"
#include "framework/base/philox.h"

namespace ft::rerank {
namespace {

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

Estimate estimate(std::span<const double> values, std::span<const double> baseline, const BootstrapOptions& bootstrap,
                  std::string_view site) {
  Estimate result;
  if (values.empty()) return result;
  FT_CHECK(baseline.empty() || baseline.size() == values.size(), "{} values against a baseline of {}", values.size(),
           baseline.size());
  const Moments own = moments(values);
  result.mean = own.mean;
  result.standard_error = own.error;
  result.binomial_error = std::sqrt(std::max(0.0, own.mean * (1 - own.mean)) / static_cast<double>(values.size()));
  if (baseline.empty()) return result;
  std::vector<double> differences(values.size());
  for (std::size_t i = 0; i < values.size(); ++i) differences[i] = values[i] - baseline[i];
  const Moments paired = moments(differences);
  result.difference = paired.mean;
  result.difference_error = paired.error;
  if (bootstrap.resamples <= 0) return result;
  const Philox random(bootstrap.seed, site);
  std::vector<double> means(static_cast<std::size_t>(bootstrap.resamples));
  for (std::size_t r = 0; r < means.size(); ++r) {
    double sum = 0;
    for (std::size_t i = 0; i < differences.size(); ++i) sum += differences[random.below(differences.size(), r, i)];
    means[r] = sum / static_cast<double>(differences.size());
  }
  std::sort(means.begin(), means.end());
  const auto at = [&](double share) {
    return means[static_cast<std::size_t>(
        std::min(share * static_cast<double>(means.size()), static_cast<double>(means.size() - 1)))];
  };
  result.difference_low = at(0.025);
  result.difference_high = at(0.975);
  return result;
}

double pass_at_k(int n, int c, int k) {
  FT_CHECK(1 <= k && k <= n && 0 <= c && c <= n, "pass@{} of {} attempts, {} right", k, n, c);
  if (n - c < k) return 1;
  double none = 1;
  for (int i = n - c + 1; i <= n; ++i) none *= 1 - static_cast<double>(k) / i;
  return 1 - none;
}

std::optional<double> area_under_curve(std::vector<Scored> items) {
  std::erase_if(items, [](const Scored& item) { return std::isnan(item.score); });
  std::sort(items.begin(), items.end(), [](const Scored& a, const Scored& b) { return a.score < b.score; });
  double above = 0;  // pairs (right, wrong) with the right one above, ties half
  double wrong_below = 0;
  double right = 0;
  for (std::size_t i = 0; i < items.size();) {
    double right_here = 0;
    double wrong_here = 0;
    std::size_t j = i;
    for (; j < items.size() && items[j].score == items[i].score; ++j) ++(items[j].right ? right_here : wrong_here);
    above += right_here * (wrong_below + wrong_here / 2);
    wrong_below += wrong_here;
    right += right_here;
    i = j;
  }
  if (right == 0 || wrong_below == 0) return std::nullopt;
  return above / (right * wrong_below);
}

}  // namespace ft::rerank
