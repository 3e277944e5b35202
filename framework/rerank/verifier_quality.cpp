#include "framework/rerank/verifier_quality.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>

namespace ft::rerank {
namespace {

constexpr int kBins = 10;

// Pairs of right and wrong ones, over items in ascending order of score. All sums are whole numbers and halves, and so exact
// below 2^53: nothing depends on how they are added.
struct Area {
  double above = 0;  // pairs with the right one above, ties half
  double right = 0, wrong = 0;

  [[nodiscard]] std::optional<double> value() const {
    return right == 0 || wrong == 0 ? std::nullopt : std::optional(above / (right * wrong));
  }
};

// Calls alone(item) for items of a score of their own, tied(item) for others, and settle() behind the last of a score.
template <typename Alone, typename Tied, typename Settle>
class ByScore {
 public:
  ByScore(Alone alone, Tied tied, Settle settle) : alone_(alone), tied_(tied), settle_(settle) {}

  void add(const Judged& one) {
    if (count_ > 0 && one.score == last_.score) {
      if (count_ == 1) tied_(last_);
      tied_(one);
    } else {
      end();
      last_ = one;
    }
    ++count_;
  }
  void end() {
    if (count_ == 1) alone_(last_);
    if (count_ > 1) settle_();
    count_ = 0;
  }

 private:
  Alone alone_;
  Tied tied_;
  Settle settle_;
  Judged last_;
  std::int64_t count_ = 0;
};

// The areas of some resamples at once. A resample takes all of a problem's attempts, as often as it draws the problem:
// they stand and fall together.
constexpr std::size_t kTogether = 64;
using Row = std::array<double, kTogether>;
using Times = std::array<std::uint16_t, kTogether>;

struct Areas {
  Row above{}, right{}, wrong{}, right_here{}, wrong_here{};
};

#if defined(__x86_64__) && defined(__GNUC__) && !defined(__clang__)
#define FT_WIDE __attribute__((target_clones("arch=x86-64-v4", "arch=x86-64-v3", "default")))
#else
#define FT_WIDE
#endif

FT_WIDE void add_right(Areas& areas, const Times& times) {
  for (std::size_t k = 0; k < kTogether; ++k) {
    areas.above[k] += times[k] * areas.wrong[k];
    areas.right[k] += times[k];
  }
}

FT_WIDE void add_to(Row& row, const Times& times) {
  for (std::size_t k = 0; k < kTogether; ++k) row[k] += times[k];
}

FT_WIDE void settle_ties(Areas& areas) {
  for (std::size_t k = 0; k < kTogether; ++k) {
    areas.above[k] += areas.right_here[k] * (areas.wrong[k] + areas.wrong_here[k] / 2);
    areas.wrong[k] += areas.wrong_here[k];
    areas.right[k] += areas.right_here[k];
    areas.right_here[k] = areas.wrong_here[k] = 0;
  }
}

Areas areas_of(const JudgedInOrder& attempts, const std::vector<Times>& times) {
  Areas areas;
  ByScore sorted(
      [&](const Judged& one) {
        one.right ? add_right(areas, times[one.problem]) : add_to(areas.wrong, times[one.problem]);
      },
      [&](const Judged& one) { add_to(one.right ? areas.right_here : areas.wrong_here, times[one.problem]); },
      [&] { settle_ties(areas); });
  attempts([&](std::span<const Judged> piece) {
    for (const Judged& one : piece) sorted.add(one);
  });
  sorted.end();
  return areas;
}

Interval pooled_interval(const JudgedInOrder& attempts, const Bootstrap& bootstrap) {
  std::vector<double> found;
  std::vector<std::uint32_t> drawn;
  for (std::size_t first = 0; first < bootstrap.resamples(); first += kTogether) {
    const std::size_t count = std::min(kTogether, bootstrap.resamples() - first);
    std::vector<Times> times(bootstrap.items(), Times{});
    for (std::size_t k = 0; k < count; ++k) {
      bootstrap.draw(first + k, drawn);
      for (const std::uint32_t problem : drawn) ++times[problem][k];
    }
    const Areas areas = areas_of(attempts, times);
    for (std::size_t k = 0; k < count; ++k) {
      if (const auto area = Area{areas.above[k], areas.right[k], areas.wrong[k]}.value()) found.push_back(*area);
    }
  }
  if (found.empty()) return {};
  std::sort(found.begin(), found.end());
  const auto at = [&](double share) {
    return found[static_cast<std::size_t>(std::floor(share * static_cast<double>(found.size() - 1) + 0.5))];
  };
  return {at(0.025), at(0.975)};
}

// Sums over attempts in ascending order.
class CalibrationSums {
 public:
  CalibrationSums() {
    for (int b = 0; b < kBins; ++b)
      result_.bins.push_back({.low = static_cast<double>(b) / kBins, .high = static_cast<double>(b + 1) / kBins});
  }

  void add(const Judged& one) {
    const double probability = std::clamp(std::exp(one.score), 0.0, 1.0);
    const double truth = one.right ? 1 : 0;
    ++result_.count;
    right_ += truth;
    result_.brier += (probability - truth) * (probability - truth);
    ReliabilityBin& bin = result_.bins[static_cast<std::size_t>(std::min(kBins - 1.0, probability * kBins))];
    ++bin.count;
    bin.mean_score += probability;
    bin.share_right += truth;
  }

  [[nodiscard]] Calibration finish() && {
    if (result_.count == 0) return std::move(result_);
    const auto count = static_cast<double>(result_.count);
    result_.brier /= count;
    result_.brier_base = right_ / count * (1 - right_ / count);
    for (ReliabilityBin& bin : result_.bins) {
      bin.interval = wilson(bin.share_right, bin.count);
      if (bin.count == 0) continue;
      bin.mean_score /= bin.count;
      bin.share_right /= bin.count;
      result_.ece += std::abs(bin.share_right - bin.mean_score) * bin.count / count;
    }
    return std::move(result_);
  }

 private:
  Calibration result_;
  double right_ = 0;
};

}  // namespace

std::optional<double> area_under_curve(std::vector<Scored> items) {
  std::erase_if(items, [](const Scored& item) { return std::isnan(item.score); });
  std::ranges::sort(items, {}, &Scored::score);
  Area area;
  for (std::size_t i = 0, j = 0; i < items.size(); i = j) {
    double right = 0, wrong = 0;
    for (; j < items.size() && items[j].score == items[i].score; ++j) (items[j].right ? right : wrong) += 1;
    area.above += right * (area.wrong + wrong / 2);
    area.wrong += wrong;
    area.right += right;
  }
  return area.value();
}

double spread_of_scores(std::span<const Scored> items) {
  double low = std::numeric_limits<double>::infinity(), high = -low;
  for (const Scored& item : items) {
    low = std::min(low, item.score);
    high = std::max(high, item.score);
  }
  return items.size() > 1 && std::isfinite(high) ? 1 - std::exp(low - high) : std::nan("");
}

JudgedInOrder in_order(std::vector<Judged> attempts) {
  std::sort(attempts.begin(), attempts.end());
  return [sorted = std::move(attempts)](const std::function<void(std::span<const Judged>)>& use) { use(sorted); };
}

PooledQuality pooled_quality(const JudgedInOrder& attempts, const Bootstrap& bootstrap, bool probability) {
  PooledQuality quality;
  CalibrationSums sums;
  Area area;
  double right_here = 0, wrong_here = 0;
  double score = std::nan("");
  const auto settle = [&] {
    area.above += right_here * (area.wrong + wrong_here / 2);
    area.wrong += wrong_here;
    area.right += right_here;
    right_here = wrong_here = 0;
  };
  attempts([&](std::span<const Judged> piece) {
    for (const Judged& one : piece) {
      if (one.score != score) settle();
      score = one.score;
      (one.right ? right_here : wrong_here) += 1;
      if (probability) sums.add(one);
    }
  });
  settle();
  quality.auc = area.value();
  if (probability) quality.calibration = std::move(sums).finish();
  if (quality.auc && !bootstrap.empty()) quality.interval = pooled_interval(attempts, bootstrap);
  return quality;
}

}  // namespace ft::rerank
