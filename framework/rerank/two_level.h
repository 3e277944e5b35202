// A mean over problems and over seeds, with an interval that is wide enough for both: a training with another seed gives
// another model, and other problems another accuracy. An interval over problems alone says nothing of the next training.
//
//   const TwoLevel all = two_level({right_with_seed_1, right_with_seed_2, right_with_seed_3});   // problems in one order
//   all.mean, all.low, all.high, all.between_seeds;
//
// Problems and seeds are crossed (each seed's model answers the same problems), both taken at random. The variance of the
// grand mean is estimated from the mean squares of that layout without replication, and each part counts with the quantile of
// as many degrees of freedom as it was estimated from (the weighting of Cochran and Cox, 1950, on the safe side):
//
//   variance = S + P,  half the interval = sqrt(t(seeds - 1)^2 S + t(problems - 1)^2 P)
//   S = var(means of seeds) / seeds,  P = var(means of problems) / problems - R, at least 0 and the difference to S,
//   R = residual variance / (seeds problems)
//
// For differences hand over the differences. With one seed only S is missing: the interval is over problems alone.
#pragma once

#include <span>
#include <vector>

namespace ft::rerank {

struct TwoLevel {
  int seeds = 0;
  int problems = 0;
  double mean = 0;
  double low = 0;  // 95 % interval of the mean over seeds and problems
  double high = 0;
  double standard_error = 0;
  double between_seeds = 0;      // sample deviation of the seeds' means; 0 with one seed
  double p = 1;                  // two-sided, of the mean being 0: at that level the interval would just reach it
  std::vector<double> of_seeds;  // their means
};

// `values[seed][problem]`: as many problems for every seed, at least one of each.
[[nodiscard]] TwoLevel two_level(std::span<const std::vector<double>> values);

// Holm's step-down adjustment (1979): what each p must be below a level to be called significant at it among all of them.
[[nodiscard]] std::vector<double> holm(std::span<const double> p);

}  // namespace ft::rerank
