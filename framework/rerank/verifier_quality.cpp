#include "framework/rerank/verifier_quality.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace ft::rerank {
namespace {

constexpr int kBins = 10;

// Over items in ascending order of score, each counted `weight(item)` times.
template <typename Item, typename Weight>
std::optional<double> area_of_sorted(const std::vector<Item>& items, const Weight& weight) {
  double above = 0;  // pairs (right, wrong) with the right one above, ties half
  double wrong_below = 0;
  double right = 0;
  for (std::size_t i = 0; i < items.size();) {
    double right_here = 0;
    double wrong_here = 0;
    std::size_t j = i;
    for (; j < items.size() && items[j].score == items[i].score; ++j)
      (items[j].right ? right_here : wrong_here) += weight(items[j]);
    above += right_here * (wrong_below + wrong_here / 2);
    wrong_below += wrong_here;
    right += right_here;
    i = j;
  }
  if (right == 0 || wrong_below == 0) return std::nullopt;
  return above / (right * wrong_below);
}

// Attempts of a problem stand and fall together: a resample takes all of a problem's, as often as it draws it.
Interval pooled_interval(const std::vector<Judged>& sorted, const Bootstrap& bootstrap) {
  std::vector<double> areas;
  std::vector<double> times(bootstrap.items());
  for (std::size_t r = 0; r < bootstrap.resamples(); ++r) {
    std::fill(times.begin(), times.end(), 0.0);
    for (const std::uint32_t problem : bootstrap.draw(r)) times[problem] += 1;
    if (const auto area = area_of_sorted(sorted, [&](const Judged& one) { return times[one.problem]; }))
      areas.push_back(*area);
  }
  if (areas.empty()) return {};
  std::sort(areas.begin(), areas.end());
  const auto at = [&](double share) {
    return areas[static_cast<std::size_t>(share * static_cast<double>(areas.size() - 1) + 0.5)];
  };
  return {at(0.025), at(0.975)};
}

}  // namespace

std::optional<double> area_under_curve(std::vector<Scored> items) {
  std::erase_if(items, [](const Scored& item) { return std::isnan(item.score); });
  std::sort(items.begin(), items.end(), [](const Scored& a, const Scored& b) { return a.score < b.score; });
  return area_of_sorted(items, [](const Scored&) { return 1.0; });
}

Calibration calibration_of(std::span<const Judged> attempts) {
  Calibration result;
  // In one order, so that the sums do not depend on that of the attempts.
  std::vector<Judged> sorted(attempts.begin(), attempts.end());
  std::erase_if(sorted, [](const Judged& one) { return std::isnan(one.score); });
  std::sort(sorted.begin(), sorted.end(), [](const Judged& a, const Judged& b) {
    return a.score != b.score ? a.score < b.score : a.right < b.right;
  });
  result.count = static_cast<int>(sorted.size());
  for (int b = 0; b < kBins; ++b) {
    ReliabilityBin bin;
    bin.low = static_cast<double>(b) / kBins;
    bin.high = static_cast<double>(b + 1) / kBins;
    result.bins.push_back(bin);
  }
  if (sorted.empty()) return result;
  double right = 0;
  for (const Judged& one : sorted) {
    const double probability = std::clamp(std::exp(one.score), 0.0, 1.0);
    const double truth = one.right ? 1 : 0;
    right += truth;
    result.brier += (probability - truth) * (probability - truth);
    ReliabilityBin& bin = result.bins[static_cast<std::size_t>(std::min(kBins - 1.0, probability * kBins))];
    ++bin.count;
    bin.mean_score += probability;
    bin.share_right += truth;
  }
  const auto count = static_cast<double>(result.count);
  result.brier /= count;
  result.brier_base = right / count * (1 - right / count);
  for (ReliabilityBin& bin : result.bins) {
    bin.interval = wilson(bin.share_right, bin.count);
    if (bin.count == 0) continue;
    bin.mean_score /= bin.count;
    bin.share_right /= bin.count;
    result.ece += std::abs(bin.share_right - bin.mean_score) * bin.count / count;
  }
  return result;
}

VerifierQuality verifier_quality(std::vector<Judged> attempts, const Bootstrap& bootstrap, bool probability) {
  VerifierQuality quality;
  std::erase_if(attempts, [](const Judged& one) { return std::isnan(one.score); });
  std::stable_sort(attempts.begin(), attempts.end(),
                   [](const Judged& a, const Judged& b) { return a.problem < b.problem; });
  std::vector<double> areas;
  double spreads = 0;
  int several = 0;
  for (std::size_t i = 0; i < attempts.size();) {
    std::vector<Scored> own;
    double low = std::numeric_limits<double>::infinity(), high = -low;
    std::size_t j = i;
    for (; j < attempts.size() && attempts[j].problem == attempts[i].problem; ++j) {
      own.push_back({attempts[j].score, attempts[j].right});
      low = std::min(low, attempts[j].score);
      high = std::max(high, attempts[j].score);
    }
    if (own.size() > 1 && std::isfinite(high)) {
      spreads += 1 - std::exp(low - high);
      ++several;
    }
    if (const auto area = area_under_curve(std::move(own))) areas.push_back(*area);
    i = j;
  }
  quality.problems_with_both = static_cast<int>(areas.size());
  if (several > 0 && probability) quality.mean_spread = spreads / several;
  if (!areas.empty()) {
    const int resamples = static_cast<int>(bootstrap.resamples());
    quality.auc_within_problem = estimate(areas, {}, Bootstrap(areas.size(), resamples, 1));
  }
  if (probability) quality.calibration = calibration_of(attempts);
  std::sort(attempts.begin(), attempts.end(), [](const Judged& a, const Judged& b) { return a.score < b.score; });
  quality.auc_pooled = area_of_sorted(attempts, [](const Judged&) { return 1.0; });
  if (quality.auc_pooled && !bootstrap.empty()) quality.auc_pooled_interval = pooled_interval(attempts, bootstrap);
  return quality;
}

}  // namespace ft::rerank
