// How well a score tells right attempts from wrong ones: order (area under the curve) and honesty (calibration).
//
//   const PooledQuality quality = pooled_quality(in_order(judged), bootstrap, true);
//   *quality.auc;                        // 0.5 is chance, 1 is perfect
//   quality.calibration->ece;            // 0: of the attempts scored 0.8, 80 % are right
#pragma once

#include <compare>
#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <vector>

#include "framework/rerank/metrics.h"

namespace ft::rerank {

struct Scored {
  double score = 0;
  bool right = false;
};

// The chance that a right item scores above a wrong one, equal scores counting half (Mann and Whitney). Nothing where
// one of the two kinds is absent. Items with NaN scores are left out.
[[nodiscard]] std::optional<double> area_under_curve(std::vector<Scored> items);

// By how much of the largest S of a problem's attempts the smallest is below it; NaN for fewer than two.
[[nodiscard]] double spread_of_scores(std::span<const Scored> items);

// One attempt that was scored; `score` is log S, not NaN.
struct Judged {
  double score = 0;
  bool right = false;
  std::uint32_t problem = 0;  // index into the bootstrap's items
  friend auto operator<=>(const Judged&, const Judged&) = default;
};
// Hands over all attempts in ascending order, piece by piece: they may be too many to be held.
using JudgedInOrder = std::function<void(const std::function<void(std::span<const Judged>)>& use)>;
[[nodiscard]] JudgedInOrder in_order(std::vector<Judged> attempts);

// Attempts whose S lies in [low, high), the last bin with its upper end.
struct ReliabilityBin {
  double low = 0;
  double high = 0;
  int count = 0;
  double mean_score = 0;   // of S; 0 where the bin is empty
  double share_right = 0;  // likewise
  Interval interval;       // 95 %, Wilson's, as if the attempts were independent
};

struct Calibration {
  int count = 0;
  double ece = 0;         // expected calibration error: mean |share right - mean S| over the bins, weighted by count
  double brier = 0;       // mean (S - right)^2
  double brier_base = 0;  // the same for who always says the share of right attempts
  std::vector<ReliabilityBin> bins;  // ten of equal width over [0, 1]
};

struct VerifierQuality {
  std::optional<double> auc_pooled;            // over all attempts of all problems
  Interval auc_pooled_interval;                // 95 %, percentiles of a bootstrap over problems; both 0 without one
  std::optional<Estimate> auc_within_problem;  // mean over the problems that have both right and wrong attempts
  int problems_with_both = 0;
  // Where the score is a probability and some problem has several attempts: by how much of the largest S the smallest is
  // below it, mean over problems. Next to nothing: whatever ranks or weighs by S breaks ties, no more.
  std::optional<double> mean_spread;
  std::optional<Calibration> calibration;  // where the score is a probability
};

// Of all attempts of all problems. `probability`: exp(score) is the chance to be right, so that calibration means something.
struct PooledQuality {
  std::optional<double> auc;
  Interval interval;  // 95 %, of auc, by problems; both 0 without a bootstrap
  std::optional<Calibration> calibration;
};
// Goes through the attempts once, and once more for each 64 resamples.
[[nodiscard]] PooledQuality pooled_quality(const JudgedInOrder& attempts, const Bootstrap& bootstrap, bool probability);

}  // namespace ft::rerank
