#include "framework/rerank/two_level.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "framework/base/error.h"
#include "framework/rerank/student_t.h"

namespace ft::rerank {
namespace {

double mean_of(std::span<const double> values) {
  return std::accumulate(values.begin(), values.end(), 0.0) / static_cast<double>(values.size());
}

// Sum of squares around the mean.
double squares_of(std::span<const double> values) {
  const double mean = mean_of(values);
  double sum = 0;
  for (const double value : values) sum += (value - mean) * (value - mean);
  return sum;
}

// Of the variance of a mean, where it was estimated from so many degrees of freedom.
double part_of(double squares, double freedom, double count) { return freedom > 0 ? squares / freedom / count : 0; }

// Half the interval outside of which the mean lies with probability `outside`.
double half_width(const TwoLevel& of, double by_seed, double by_problem, double outside) {
  const auto weighted = [&](double variance, int count) {
    if (variance <= 0) return 0.0;
    const double t = student_quantile(outside / 2, count - 1);
    return t * t * variance;
  };
  return std::sqrt(weighted(by_seed, of.seeds) + weighted(by_problem, of.problems));
}

}  // namespace

TwoLevel two_level(std::span<const std::vector<double>> values) {
  FT_CHECK(!values.empty() && !values.front().empty(), "a mean over no seeds or no problems");
  const std::size_t num_problems = values.front().size();
  const auto seeds = static_cast<double>(values.size()), problems = static_cast<double>(num_problems);
  TwoLevel result{.seeds = static_cast<int>(values.size()), .problems = static_cast<int>(num_problems)};
  std::vector<double> of_problems(num_problems, 0.0);
  for (const std::vector<double>& of_seed : values) {
    FT_CHECK(of_seed.size() == num_problems, "{} problems with one seed, {} with another", num_problems,
             of_seed.size());
    result.of_seeds.push_back(mean_of(of_seed));
    for (std::size_t p = 0; p < num_problems; ++p) of_problems[p] += of_seed[p] / seeds;
  }
  result.mean = mean_of(result.of_seeds);
  double residual = 0;
  for (std::size_t s = 0; s < values.size(); ++s) {
    for (std::size_t p = 0; p < num_problems; ++p) {
      const double rest = values[s][p] - result.of_seeds[s] - of_problems[p] + result.mean;
      residual += rest * rest;
    }
  }
  const double by_seed = part_of(squares_of(result.of_seeds), seeds - 1, seeds);
  const double all_problems = part_of(squares_of(of_problems), problems - 1, problems);
  const double rest = part_of(residual, (seeds - 1) * (problems - 1), seeds * problems);
  const double by_problem = std::max({all_problems - rest, all_problems - by_seed, 0.0});
  result.between_seeds = std::sqrt(by_seed * seeds);
  result.standard_error = std::sqrt(by_seed + by_problem);
  result.low = result.high = result.mean;
  if (by_seed + by_problem <= 1e-24) return result;
  const double half = half_width(result, by_seed, by_problem, 0.05);
  result.low = result.mean - half;
  result.high = result.mean + half;
  double low = 0, high = 1;  // the interval is the wider the less lies outside
  for (int i = 0; i < 60; ++i) {
    const double middle = (low + high) / 2;
    if (middle <= 0 || middle >= 1) break;
    (half_width(result, by_seed, by_problem, middle) > std::abs(result.mean) ? low : high) = middle;
  }
  result.p = high;
  return result;
}

std::vector<double> holm(std::span<const double> p) {
  std::vector<std::size_t> order(p.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::ranges::stable_sort(order, {}, [&](std::size_t i) { return p[i]; });
  std::vector<double> adjusted(p.size());
  double most = 0;
  for (std::size_t i = 0; i < order.size(); ++i) {
    most = std::max(most, std::min(1.0, static_cast<double>(p.size() - i) * p[order[i]]));
    adjusted[order[i]] = most;
  }
  return adjusted;
}

}  // namespace ft::rerank
