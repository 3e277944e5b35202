#include "framework/rerank/two_level.h"

#include <doctest/doctest.h>

#include <cmath>
#include <random>
#include <tuple>

#include "framework/rerank/student_t.h"

using namespace ft::rerank;
using doctest::Approx;

TEST_CASE("Student's t: tables, symmetry, and the normal distribution at the end") {
  for (const auto& [freedom, quantile] :
       {std::pair{1.0, 12.706204736174698}, std::pair{2.0, 4.302652729749462}, std::pair{4.0, 2.776445105197793},
        std::pair{30.0, 2.042272456301238}, std::pair{1e7, 1.959964}}) {
    CHECK(student_quantile(0.975, freedom) == Approx(quantile).epsilon(1e-6));
    CHECK(student_quantile(0.025, freedom) == Approx(-quantile).epsilon(1e-6));
    CHECK(student_cdf(quantile, freedom) == Approx(0.975).epsilon(1e-7));
  }
  CHECK(student_cdf(1, 1) == Approx(0.75));
  CHECK(student_cdf(0, 3.7) == Approx(0.5));
  CHECK(student_quantile(0.5, 3) == 0);
  for (const double t : {0.01, 0.3, 1.0, 4.0, 50.0}) {
    for (const double freedom : {0.7, 1.5, 8.0, 200.0}) {
      CHECK(student_cdf(t, freedom) + student_cdf(-t, freedom) == Approx(1).epsilon(1e-12));
      const double p = student_cdf(-t, freedom);
      CHECK(student_quantile(p, freedom) == Approx(-t).epsilon(1e-6));
    }
  }
}

TEST_CASE("two seeds, two problems, by hand") {
  const TwoLevel all = two_level(std::vector<std::vector<double>>{{1, 2}, {3, 6}});
  CHECK(all.mean == 3);
  CHECK(all.of_seeds == std::vector<double>{1.5, 4.5});
  CHECK(all.standard_error == Approx(std::sqrt(3.0)));  // 2.25 + 1 - 0.25
  CHECK(all.between_seeds == Approx(std::sqrt(4.5)));
  const double t = student_quantile(0.975, 1);  // of both: two seeds, two problems
  CHECK(all.low == Approx(3 - t * std::sqrt(3.0)));
  CHECK(all.high == Approx(3 + t * std::sqrt(3.0)));
  CHECK(all.p == Approx(2 * student_cdf(-std::sqrt(3.0), 1)).epsilon(1e-6));
}

TEST_CASE("one seed is an interval over problems, equal values have no width and claim nothing") {
  const TwoLevel one = two_level(std::vector<std::vector<double>>{{0, 1, 1, 0, 1}});
  CHECK(one.seeds == 1);
  CHECK(one.standard_error == Approx(std::sqrt(0.3 / 5)));
  CHECK(one.high - one.mean == Approx(student_quantile(0.975, 4) * std::sqrt(0.3 / 5)));
  CHECK(one.p == Approx(2 * student_cdf(-0.6 / std::sqrt(0.3 / 5), 4)).epsilon(1e-6));
  CHECK(one.between_seeds == 0);
  const TwoLevel equal = two_level(std::vector<std::vector<double>>{{1, 1}, {1, 1}});
  CHECK(equal.low == 1);
  CHECK(equal.high == 1);
  CHECK(equal.p == 1);
}

// Of experiments with a known mean, 95 of 100 intervals hold it, few seeds or many, whichever of the two varies more.
TEST_CASE("intervals over seeds and problems cover as often as they say") {
  std::mt19937_64 random(7);
  std::normal_distribution<double> normal;
  constexpr int kTrials = 3000;
  for (const auto& [seeds, problems, by_seed, by_problem, rest] :
       {std::tuple{3, 60, 1.0, 0.2, 0.5}, std::tuple{5, 40, 0.2, 1.0, 1.0}, std::tuple{5, 100, 0.0, 1.0, 1.0},
        std::tuple{2, 30, 0.5, 1.0, 0.1}, std::tuple{10, 20, 1.0, 1.0, 1.0}}) {
    int covered = 0;
    for (int trial = 0; trial < kTrials; ++trial) {
      std::vector<double> of_problem(static_cast<std::size_t>(problems));
      for (double& value : of_problem) value = by_problem * normal(random);
      std::vector<std::vector<double>> values(static_cast<std::size_t>(seeds), of_problem);
      for (std::vector<double>& of_seed : values) {
        const double shift = by_seed * normal(random);
        for (double& value : of_seed) value += 0.25 + shift + rest * normal(random);
      }
      const TwoLevel all = two_level(values);
      covered += all.low <= 0.25 && 0.25 <= all.high;
    }
    const double share = static_cast<double>(covered) / kTrials;
    CAPTURE(seeds);
    CAPTURE(by_seed);
    CHECK(share > 0.93);
    CHECK(share < 0.995);
  }
}

TEST_CASE("Holm's adjustment") {
  CHECK(holm(std::vector<double>{}).empty());
  const std::vector<double> adjusted = holm(std::vector<double>{0.01, 0.04, 0.03, 0.005});
  const std::vector<double> wanted{0.03, 0.06, 0.06, 0.02};
  REQUIRE(adjusted.size() == 4);
  for (std::size_t i = 0; i < 4; ++i) CHECK(adjusted[i] == Approx(wanted[i]));
  CHECK(holm(std::vector<double>{0.6, 0.7})[0] == 1);
}
