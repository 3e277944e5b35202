#include "framework/sample/sampler.h"

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <limits>
#include <numeric>
#include <vector>

#include "framework/base/error.h"
#include "framework/base/philox.h"
#include "framework/sample/row_kernels.h"
#include "tests/support/doctest_torch.h"

namespace ft {
namespace {

std::vector<float> random_row(std::size_t size, double spread, std::uint64_t item) {
  const Philox random(7, "rows");
  std::vector<float> row(size);
  for (std::size_t i = 0; i < size; ++i) row[i] = static_cast<float>(spread * random.normal(item, i));
  return row;
}

// The distribution that the rule describes, by sorting everything in double.
std::vector<double> expected_distribution(const std::vector<float>& logits, const SamplingRule& rule, int num_tokens) {
  std::vector<double> weight(static_cast<std::size_t>(num_tokens));
  const double best = *std::max_element(logits.begin(), logits.begin() + num_tokens);
  for (std::size_t i = 0; i < weight.size(); ++i) weight[i] = std::exp((logits[i] - best) / rule.temperature);
  std::vector<std::size_t> order(weight.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::stable_sort(order.begin(), order.end(), [&](auto a, auto b) { return weight[a] > weight[b]; });
  if (rule.top_k > 0) order.resize(std::min(order.size(), static_cast<std::size_t>(rule.top_k)));
  double total = 0, mass = 0;
  for (const auto i : order) total += weight[i];
  std::vector<double> result(weight.size(), 0.0);
  for (const auto i : order) {
    if (mass >= rule.top_p * total) break;
    result[i] = weight[i];
    mass += weight[i];
  }
  for (double& r : result) r /= mass;
  return result;
}

double expected_log_prob(const std::vector<float>& logits, TokenId token) {
  const double best = *std::max_element(logits.begin(), logits.end());
  double sum = 0;
  for (const float x : logits) sum += std::exp(x - best);
  return logits[static_cast<std::size_t>(token)] - best - std::log(sum);
}

// The sampler's distribution without chance: the draw is a step function of u, whose steps are found by bisection.
std::vector<double> exact_distribution(Sampler& sampler, const std::vector<float>& logits, int num_tokens) {
  std::vector<double> result(static_cast<std::size_t>(num_tokens), 0.0);
  double begin = 0;
  while (begin < 1) {
    const TokenId token = sampler.sample(logits, begin).token;
    double low = begin, high = 1;
    while (std::nextafter(low, 1.0) < high) {
      const double middle = low + (high - low) / 2;
      (sampler.sample(logits, middle).token == token ? low : high) = middle;
    }
    result[static_cast<std::size_t>(token)] += high - begin;
    begin = high;
  }
  return result;
}

double largest_difference(const std::vector<double>& a, const std::vector<double>& b) {
  double worst = 0;
  for (std::size_t i = 0; i < a.size(); ++i) worst = std::max(worst, std::abs(a[i] - b[i]));
  return worst;
}

const std::vector<SamplingRule> kRules = {
    {.temperature = 1},
    {.temperature = 0.9, .top_p = 0.95},
    {.temperature = 0.5, .top_p = 0.3},
    {.temperature = 1.7, .top_p = 0.999},
    {.temperature = 1, .top_p = 1e-9},
    {.temperature = 1, .top_p = 1, .top_k = 1},
    {.temperature = 0.8, .top_p = 1, .top_k = 5},
    {.temperature = 0.8, .top_p = 0.7, .top_k = 20},
    {.temperature = 1, .top_p = 0.9, .top_k = 1000},
};

}  // namespace

TEST_CASE("the sampler's distribution is the rule's, step by step") {
  for (const int vocab : {1, 2, 15, 64, 200}) {
    for (const double spread : {0.2, 4.0}) {
      const auto row = random_row(static_cast<std::size_t>(vocab), spread, static_cast<std::uint64_t>(vocab));
      const int num_tokens = vocab > 15 ? vocab - 7 : vocab;  // the rest is padding
      for (const SamplingRule& rule : kRules) {
        CAPTURE(vocab);
        CAPTURE(spread);
        CAPTURE(rule.top_p);
        CAPTURE(rule.top_k);
        Sampler sampler(rule, num_tokens);
        CHECK(largest_difference(exact_distribution(sampler, row, num_tokens),
                                 expected_distribution(row, rule, num_tokens)) < 1e-6);
      }
    }
  }
}

TEST_CASE("a large vocabulary: kept set and probabilities against sorting") {
  constexpr int kVocab = 49152, kTokens = 49000;
  for (const double spread : {1.0, 4.0}) {
    const auto row = random_row(kVocab, spread, 3);
    for (const SamplingRule& rule : {SamplingRule{.temperature = 0.9, .top_p = 0.95},
                                     SamplingRule{.temperature = 1, .top_p = 0.6, .top_k = 40}, SamplingRule{}}) {
      Sampler sampler(rule, kTokens);
      const auto expected = expected_distribution(row, rule, kTokens);
      std::vector<double> cumulative(expected.size());
      std::partial_sum(expected.begin(), expected.end(), cumulative.begin());
      const Philox random(1, "u");
      for (std::uint64_t i = 0; i < 60; ++i) {
        const double u = random.uniform(0, i);
        const DrawnToken choice = sampler.sample(row, u);
        const auto token = static_cast<std::size_t>(choice.token);
        REQUIRE(expected[token] > 0);
        CHECK(cumulative[token] > u - 1e-5);
        CHECK(cumulative[token] - expected[token] <= u + 1e-5);
        if (i < 10) CHECK(choice.log_prob == doctest::Approx(expected_log_prob(row, choice.token)).epsilon(1e-6));
      }
    }
  }
}

// FT_DRAWS=1000000 for a long one by hand.
TEST_CASE("frequencies pass a chi-square test against the exact distribution") {
  struct Case {
    int vocab;
    double spread;
    std::int64_t draws;
  };
  const char* asked = std::getenv("FT_DRAWS");
  for (const Case& c : {Case{12, 1.0, 40000}, Case{300, 2.0, 20000}, Case{49152, 4.0, 2000}}) {
    CAPTURE(c.vocab);
    const std::int64_t draws = asked == nullptr ? c.draws : std::atoll(asked);
    const auto row = random_row(static_cast<std::size_t>(c.vocab), c.spread, 11);
    const SamplingRule rule{.temperature = 0.9, .top_p = 0.95};
    Sampler sampler(rule, c.vocab);
    const auto expected = expected_distribution(row, rule, c.vocab);
    std::vector<std::int64_t> count(expected.size(), 0);
    const Philox random(5, "sample");
    for (std::int64_t i = 0; i < draws; ++i) {
      const std::uint64_t draw = draw_counter(static_cast<int>(i / 40), i % 40);
      ++count[static_cast<std::size_t>(sampler.sample(row, random.uniform(99, draw)).token)];
    }
    // Tokens of which few are expected share a bin.
    double chi_square = 0, bin_expected = 0, bin_count = 0;
    int bins = 0;
    const auto close_bin = [&] {
      chi_square += std::pow(bin_count - bin_expected, 2) / bin_expected;
      bin_expected = bin_count = 0;
      ++bins;
    };
    for (std::size_t i = 0; i < expected.size(); ++i) {
      if (expected[i] == 0) CHECK(count[i] == 0);
      bin_expected += static_cast<double>(draws) * expected[i];
      bin_count += static_cast<double>(count[i]);
      if (bin_expected >= 10) close_bin();
    }
    if (bin_expected > 0) close_bin();
    REQUIRE(bins > 5);
    // 99.99 % of chi-square with that many degrees of freedom less one, by Wilson and Hilferty.
    const double freedom = bins - 1, part = 2 / (9 * freedom);
    const double most = freedom * std::pow(1 - part + 3.719 * std::sqrt(part), 3);
    if (asked != nullptr)
      MESSAGE(draws << " draws of " << c.vocab << " tokens: chi-square " << chi_square << " with " << freedom
                    << " degrees of freedom, at most " << most);
    CHECK(chi_square < most);
  }
}

TEST_CASE("top-p at its edges: ties go to the lower id, the set just reaches p") {
  const std::vector<float> even(8, 0.5F);  // eight tokens of 1/8 each
  const auto kept = [&](double p) {
    Sampler sampler({.temperature = 1, .top_p = p}, 8);
    const auto d = exact_distribution(sampler, even, 8);
    return std::count_if(d.begin(), d.end(), [](double x) { return x > 0; });
  };
  CHECK(kept(0.125) == 1);
  CHECK(kept(0.1251) == 2);
  CHECK(kept(0.5) == 4);
  CHECK(kept(0.500001) == 5);
  CHECK(kept(0.875) == 7);
  CHECK(kept(0.876) == 8);
  CHECK(kept(1.0) == 8);
  Sampler sampler({.temperature = 1, .top_p = 0.5}, 8);
  CHECK(sampler.sample(even, 0.0).token == 0);
  CHECK(sampler.sample(even, 0.9999).token == 3);
  Sampler three({.temperature = 1, .top_k = 3}, 8);
  CHECK(three.sample(even, 0.9999).token == 2);
}

TEST_CASE("greedy takes the lowest of equal maxima and never padding") {
  const std::vector<float> row = {0, 2, 1, 2, 9, 9};
  Sampler sampler({.temperature = 0}, 4);
  CHECK(sampler.greedy(row).token == 1);
  CHECK(sampler.sample(row, 0.99).token == 1);
  CHECK(sampler.greedy(row).log_prob == doctest::Approx(expected_log_prob(row, 1)).epsilon(1e-6));
}

TEST_CASE("padding is never sampled, whatever its logit, and counts in the log-probability") {
  std::vector<float> row = random_row(64, 1.0, 2);
  for (std::size_t i = 60; i < 64; ++i) row[i] = 30;
  const Philox random(2, "u");
  for (const SamplingRule& rule : kRules) {
    Sampler sampler(rule, 60);
    for (std::uint64_t i = 0; i < 50; ++i) {
      const DrawnToken choice = sampler.sample(row, random.uniform(0, i));
      CHECK(choice.token < 60);
      CHECK(choice.log_prob == doctest::Approx(expected_log_prob(row, choice.token)).epsilon(1e-6));
    }
  }
}

TEST_CASE("minus infinity is never sampled; NaN and plus infinity are refused") {
  const float infinity = std::numeric_limits<float>::infinity();
  for (const SamplingRule& rule : kRules) {
    Sampler sampler(rule, 3);
    CHECK(sampler.sample(std::vector<float>{-infinity, 0, -infinity}, 0.0).token == 1);
    CHECK(sampler.sample(std::vector<float>{-infinity, 0, -infinity}, 0.999999).token == 1);
    CHECK_THROWS_AS((void)sampler.sample(std::vector<float>{0, std::nanf(""), 1}, 0.5), Error);
    CHECK_THROWS_AS((void)sampler.sample(std::vector<float>{0, infinity, 1}, 0.5), Error);
    CHECK_THROWS_AS((void)sampler.sample(std::vector<float>(3, -infinity), 0.5), Error);
  }
}

TEST_CASE("the exponential: within 3e-7 of the library's, for every length") {
  for (std::int64_t n = 0; n < 70; ++n) {
    std::vector<float> values = random_row(static_cast<std::size_t>(n), 20.0, 4), terms(values.size());
    const float shift = row_kernels::maximum(values.data(), n);
    double sum = 0;
    for (const float v : values) sum += std::exp(static_cast<double>(v - shift) * 0.7F);
    CHECK(row_kernels::exp_sum(values.data(), n, shift, 0.7F) == doctest::Approx(sum).epsilon(1e-6));
    CHECK(row_kernels::exp_store(values.data(), n, shift, 0.7F, terms.data()) ==
          row_kernels::exp_sum(values.data(), n, shift, 0.7F));
    for (std::size_t i = 0; i < values.size(); ++i) {
      const double expected = std::exp(static_cast<double>((values[i] - shift) * 0.7F));
      CHECK(std::abs(terms[i] - expected) <= 3e-7 * expected + 1e-37);
    }
  }
}

}  // namespace ft
