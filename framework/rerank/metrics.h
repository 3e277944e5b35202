// Averages over problems with their errors and bootstrap intervals, and pass@k.
//
//   const Bootstrap bootstrap(problems, 2000, seed);             // one set of resamples for the whole table
//   const Estimate e = estimate(right, maj1, bootstrap);          // one value a problem, all in one order
//   e.mean, e.low, e.high;                                        // accuracy and its 95 % interval
//   e.difference, e.difference_low, e.difference_high;            // paired: the same problems, the same resamples
//
// Intervals are bias-corrected and accelerated (BCa; Efron 1987, "Better bootstrap confidence intervals"), over
// problems: attempts at one problem are no independent evidence.
#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <vector>

namespace ft::rerank {

struct Interval {
  double low = 0;
  double high = 0;
};

// A mean over problems. All numbers are shares in [0, 1], not per cent.
struct Estimate {
  double mean = 0;
  double low = 0;  // 95 % interval of the mean; both equal the mean where there is no bootstrap
  double high = 0;
  double standard_error = 0;    // of the mean over problems: sample deviation / sqrt(problems); 0 for one problem
  double binomial_error = 0;    // sqrt(p (1 - p) / problems): what tables of accuracies usually quote
  double difference = 0;        // mean of the paired difference to the baseline
  double difference_error = 0;  // standard error of that mean
  double difference_low = 0;    // 95 % paired interval of the difference; both equal it where there is no bootstrap
  double difference_high = 0;
};

// Resamples of a list of items, the same for everything that is measured on them, so that all comparisons are paired. A
// function of (items, resamples, seed): they are drawn anew whenever they are needed, since the list of all draws would be
// the largest thing in memory.
class Bootstrap {
 public:
  Bootstrap() = default;  // no resamples: no intervals
  Bootstrap(std::size_t items, int resamples, std::uint64_t seed);

  [[nodiscard]] bool empty() const { return resamples_ == 0; }
  [[nodiscard]] std::size_t items() const { return items_; }
  [[nodiscard]] std::size_t resamples() const { return resamples_; }
  // The items of one resample, as many as there are items, into `items`.
  void draw(std::size_t resample, std::vector<std::uint32_t>& items) const;

  // The 95 % BCa interval of the mean of each list, one value an item, in one pass over the draws. Where all values of a
  // list are equal there is nothing to resample: [mean, mean].
  [[nodiscard]] std::vector<Interval> of_means(std::span<const std::vector<double>> columns) const;

 private:
  std::size_t items_ = 0;
  std::size_t resamples_ = 0;
  std::uint64_t seed_ = 0;
};

// `values`: one a problem, shares in [0, 1]. `baseline`: in the same order, or empty (then the differences are 0).
// `bootstrap`: over as many items as values, or empty. Where every value is 0 or every value is 1, Wilson's interval
// stands in for the bootstrap's, which would have no width.
[[nodiscard]] Estimate estimate(std::span<const double> values, std::span<const double> baseline = {},
                                const Bootstrap& bootstrap = {});

// The same for `count` lists, which `column` writes down one after the other: no more of them are held at a time than fit
// into some 64 MB.
[[nodiscard]] std::vector<Estimate> estimates(std::size_t count,
                                              const std::function<void(std::size_t, std::span<double>)>& column,
                                              std::size_t items, std::span<const double> baseline,
                                              const Bootstrap& bootstrap);

// Wilson's 95 % score interval for a share that was seen `hits` times in `count` (Wilson 1927); [0, 1] for none.
[[nodiscard]] Interval wilson(double hits, double count);

// The probability that k attempts drawn without replacement from n, of which c are right, contain a right one:
// 1 - C(n-c, k) / C(n, k) (Chen et al. 2021, the unbiased estimator of pass@k). Needs 1 <= k <= n, 0 <= c <= n.
[[nodiscard]] double pass_at_k(int n, int c, int k);

// The standard normal distribution and its inverse (Acklam's approximation, one step of Halley's method).
[[nodiscard]] double normal_cdf(double x);
[[nodiscard]] double normal_quantile(double probability);

}  // namespace ft::rerank
