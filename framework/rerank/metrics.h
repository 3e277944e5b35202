// Averages over problems with their errors, pass@k and the verifier's AUC.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

namespace ft::rerank {

// A mean over problems. All numbers are shares in [0, 1], not per cent.
struct Estimate {
  double mean = 0;
  double standard_error = 0;    // of the mean over problems: sample deviation / sqrt(problems); 0 for one problem
  double binomial_error = 0;    // sqrt(p (1 - p) / problems): what tables of accuracies usually quote
  double difference = 0;        // mean of the paired difference to Maj1
  double difference_error = 0;  // standard error of that mean
  double difference_low = 0;    // 95 % paired bootstrap interval of the difference; both 0 where not asked for
  double difference_high = 0;
};

struct BootstrapOptions {
  int resamples = 0;  // 0: no interval
  std::uint64_t seed = 1;
};

// `values`: one a problem. `baseline`: Maj1's, in the same order, or empty (then the differences are 0). `site` names
// the row, so that every row has its own random numbers and none changes when another is added.
[[nodiscard]] Estimate estimate(std::span<const double> values, std::span<const double> baseline,
                                const BootstrapOptions& bootstrap, std::string_view site);

// The probability that k attempts drawn without replacement from n, of which c are right, contain a right one:
// 1 - C(n-c, k) / C(n, k) (Chen et al. 2021, the unbiased estimator of pass@k). Needs 1 <= k <= n, 0 <= c <= n.
[[nodiscard]] double pass_at_k(int n, int c, int k);

struct Scored {
  double score = 0;
  bool right = false;
};

// The chance that a right item scores above a wrong one, equal scores counting half (Mann and Whitney). Nothing where
// one of the two kinds is absent. Items with NaN scores are left out.
[[nodiscard]] std::optional<double> area_under_curve(std::vector<Scored> items);

}  // namespace ft::rerank
