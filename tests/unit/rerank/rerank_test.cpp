#include <doctest/doctest.h>
#include <rapidcheck.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <numeric>
#include <string>
#include <vector>

#include "framework/rerank/cluster.h"
#include "framework/rerank/expectation.h"
#include "framework/rerank/metrics.h"
#include "framework/rerank/ranking.h"
#include "framework/rerank/strategies.h"
#include "framework/rerank/verifier_quality.h"

using namespace ft::rerank;
using doctest::Approx;

namespace {

// A small problem of our own: answers are numbers, the right one is 0; -1 is unreadable.
struct Toy {
  std::vector<int> answers;
  std::vector<double> scores;
};

std::vector<Candidate> candidates_of(const Toy& toy) {
  std::vector<Candidate> candidates;
  for (std::size_t i = 0; i < toy.answers.size(); ++i) {
    Candidate candidate;
    candidate.answer_found = toy.answers[i] >= 0;
    candidate.answer = candidate.answer_found ? std::to_string(toy.answers[i]) : "";
    candidate.right = toy.answers[i] == 0;
    candidate.score = toy.scores[i];
    candidate.log_prob = -1.0 - static_cast<double>(i);
    candidate.num_tokens = 1;
    candidates.push_back(candidate);
  }
  return candidates;
}

Ballot ballot_of(const Toy& toy) {
  const auto candidates = candidates_of(toy);
  return make_ballot(candidates, cluster_answers(candidates), ScoreKind::verifier);
}

// Every problem of up to seven attempts with few answers and few scores, so that ties are everywhere.
rc::Gen<Toy> toys() {
  return rc::gen::exec([] {
    const auto size = *rc::gen::inRange<std::size_t>(1, 8);
    Toy toy;
    toy.answers = *rc::gen::container<std::vector<int>>(size, rc::gen::inRange(-1, 4));
    for (const int score : *rc::gen::container<std::vector<int>>(size, rc::gen::inRange(0, 3)))
      toy.scores.push_back(-0.5 * score);
    return toy;
  });
}

int votes_for(const std::vector<int>& answers, int answer) {
  return static_cast<int>(std::count(answers.begin(), answers.end(), answer));
}

// Brute force. A tie is broken by a random order of everything: over all permutations of the attempts, "first come"
// rules give each equal pick the same weight, and the mean over permutations is the expected value.
double over_permutations(const Toy& toy, const std::function<double(const std::vector<int>& order)>& value) {
  std::vector<int> order(toy.answers.size());
  std::iota(order.begin(), order.end(), 0);
  double sum = 0;
  double count = 0;
  do {
    sum += value(order);
    ++count;
  } while (std::next_permutation(order.begin(), order.end()));
  return sum / count;
}

// The distinct readable answers of these attempts by votes, ties in every order with equal weight: the mean of `value`.
double over_rankings(const std::vector<int>& answers,
                     const std::function<double(const std::vector<int>& ranking)>& value) {
  std::vector<int> distinct;
  for (const int answer : answers) {
    if (answer >= 0 && votes_for(distinct, answer) == 0) distinct.push_back(answer);
  }
  std::sort(distinct.begin(), distinct.end());
  double sum = 0;
  double count = 0;
  do {
    const bool sorted = std::is_sorted(distinct.begin(), distinct.end(),
                                       [&](int a, int b) { return votes_for(answers, a) > votes_for(answers, b); });
    if (!sorted) continue;
    sum += value(distinct);
    ++count;
  } while (std::next_permutation(distinct.begin(), distinct.end()));
  return count == 0 ? 0 : sum / count;
}

double brute_majority(const std::vector<int>& answers) {
  return over_rankings(answers,
                       [](const std::vector<int>& ranking) { return !ranking.empty() && ranking[0] == 0 ? 1.0 : 0.0; });
}

double oracle_of_clusters(const Ballot& ballot, int k) {
  const std::vector<double> values = oracle_at_each(ballot);
  return values[std::min(static_cast<std::size_t>(k), values.size()) - 1];
}

double best_of_all(const Ballot& ballot) { return best_at_each(ballot).back(); }

Interval of_mean(const Bootstrap& bootstrap, const std::vector<double>& values) {
  return bootstrap.of_means(std::span(&values, 1)).front();
}

}  // namespace

TEST_CASE("clusters do not depend on the order of the attempts") {
  const std::vector<std::string> texts{"1/2",       "0.5",      "\\frac{1}{2}", "2", "2.0", "x=2",        "(1,2)",
                                       "\\sqrt{8}", "2\\sqrt2", "5 cm",         "5", "5 m", "nonsense {", ""};
  CHECK(rc::check([&] {
    auto picked = *rc::gen::container<std::vector<std::string>>(rc::gen::elementOf(texts));
    const auto clusters_of = [](const std::vector<std::string>& answers) {
      std::vector<Candidate> candidates;
      for (const auto& answer : answers) {
        Candidate candidate;
        candidate.answer = answer;
        candidate.answer_found = !answer.empty();
        candidates.push_back(candidate);
      }
      std::vector<std::vector<std::string>> groups;
      for (const Cluster& cluster : cluster_answers(candidates)) {
        std::vector<std::string> group{cluster.answer};
        for (const int member : cluster.members) group.push_back(answers[static_cast<std::size_t>(member)]);
        std::sort(group.begin() + 1, group.end());
        groups.push_back(group);
      }
      return groups;
    };
    const auto before = clusters_of(picked);
    const auto seed = *rc::gen::arbitrary<unsigned>();
    for (std::size_t i = picked.size(); i > 1; --i)
      std::swap(picked[i - 1], picked[(seed * 2654435761U + i * 40503U) % i]);
    RC_ASSERT(clusters_of(picked) == before);
  }));
}

TEST_CASE("equal answers share a cluster, unreadable ones have none") {
  std::vector<Candidate> candidates(5);
  const std::vector<std::string> answers{"0.5", "3", "\\frac12", "x=3", ""};
  for (std::size_t i = 0; i < 5; ++i) {
    candidates[i].answer = answers[i];
    candidates[i].answer_found = i != 4;
  }
  const auto clusters = cluster_answers(candidates);
  REQUIRE(clusters.size() == 2);
  CHECK(clusters[0].size() + clusters[1].size() == 4);
}

TEST_CASE("pass@k is the share of subsets with a right attempt") {
  for (int n = 1; n <= 8; ++n) {
    for (int c = 0; c <= n; ++c) {
      for (int k = 1; k <= n; ++k) {
        int hits = 0;
        int all = 0;
        for (unsigned mask = 0; mask < (1U << n); ++mask) {
          if (__builtin_popcount(mask) != k) continue;
          ++all;
          hits += (mask & ((1U << c) - 1U)) != 0 ? 1 : 0;
        }
        CHECK(pass_at_k(n, c, k) == Approx(static_cast<double>(hits) / all));
      }
    }
  }
}

TEST_CASE("Maj1, maj@k and MajK against enumeration") {
  CHECK(rc::check([] {
    const Toy toy = *toys();
    const Ballot ballot = ballot_of(toy);
    const int n = ballot.num_attempts;
    RC_ASSERT(std::abs(majority(ballot) - brute_majority(toy.answers)) < 1e-12);
    const std::vector<double> at_each = majority_at_each(ballot);
    RC_ASSERT(static_cast<int>(at_each.size()) == n);
    for (int k = 1; k <= n; ++k) {
      double sum = 0;
      int subsets = 0;
      for (unsigned mask = 0; mask < (1U << n); ++mask) {
        if (__builtin_popcount(mask) != k) continue;
        std::vector<int> drawn;
        for (int i = 0; i < n; ++i) {
          if ((mask >> i & 1U) != 0) drawn.push_back(toy.answers[static_cast<std::size_t>(i)]);
        }
        sum += brute_majority(drawn);
        ++subsets;
      }
      RC_ASSERT(std::abs(at_each[static_cast<std::size_t>(k) - 1] - sum / subsets) < 1e-12);
      const double oracle = over_rankings(toy.answers, [&](const std::vector<int>& ranking) {
        const auto end = ranking.begin() + std::min<std::ptrdiff_t>(k, static_cast<std::ptrdiff_t>(ranking.size()));
        return std::find(ranking.begin(), end, 0) != end ? 1.0 : 0.0;
      });
      RC_ASSERT(std::abs(oracle_of_clusters(ballot, k) - oracle) < 1e-12);
    }
  }));
}

TEST_CASE("RR.MajK and W.RR.MajK against enumeration") {
  CHECK(rc::check([] {
    const Toy toy = *toys();
    const Ballot ballot = ballot_of(toy);
    for (std::size_t k = 1; k <= toy.answers.size(); ++k) {
      const double best = over_rankings(toy.answers, [&](const std::vector<int>& ranking) {
        double top = -1e9;
        double tickets = 0;
        double right = 0;
        for (std::size_t i = 0; i < toy.answers.size(); ++i) {
          const auto end = ranking.begin() + static_cast<std::ptrdiff_t>(std::min(k, ranking.size()));
          if (std::find(ranking.begin(), end, toy.answers[i]) == end) continue;
          if (toy.scores[i] > top) top = toy.scores[i], tickets = right = 0;
          if (toy.scores[i] == top) ++tickets, right += toy.answers[i] == 0 ? 1 : 0;
        }
        return tickets == 0 ? 0 : right / tickets;
      });
      const double expected = k == 1 ? brute_majority(toy.answers) : best;
      RC_ASSERT(std::abs(best_in_clusters(ballot, static_cast<int>(k)) - expected) < 1e-12);
      const double heaviest = over_rankings(toy.answers, [&](const std::vector<int>& ranking) {
        double top = -1;
        double tickets = 0;
        double right = 0;
        for (std::size_t c = 0; c < std::min(k, ranking.size()); ++c) {
          std::vector<double> parts;
          for (std::size_t i = 0; i < toy.answers.size(); ++i) {
            if (toy.answers[i] == ranking[c]) parts.push_back(std::exp(toy.scores[i]));
          }
          const double sum = std::accumulate(parts.begin(), parts.end(), 0.0);
          if (sum > top + 1e-12) top = sum, tickets = right = 0;
          if (std::abs(sum - top) <= 1e-12) ++tickets, right += ranking[c] == 0 ? 1 : 0;
        }
        return tickets == 0 ? 0 : right / tickets;
      });
      RC_ASSERT(std::abs(weighted_in_clusters(ballot, static_cast<int>(k)) - heaviest) < 1e-12);
    }
  }));
}

TEST_CASE("Maj1.TopN against enumeration") {
  CHECK(rc::check([] {
    Toy toy = *toys();
    if (toy.answers.size() > 6) toy.answers.resize(6), toy.scores.resize(6);
    const Ballot ballot = ballot_of(toy);
    for (std::size_t n = 1; n <= toy.answers.size(); ++n) {
      const double expected = over_permutations(toy, [&](const std::vector<int>& order) {
        std::vector<int> readable;
        for (const int i : order) {
          if (toy.answers[static_cast<std::size_t>(i)] >= 0) readable.push_back(i);
        }
        std::stable_sort(readable.begin(), readable.end(), [&](int a, int b) {
          return toy.scores[static_cast<std::size_t>(a)] > toy.scores[static_cast<std::size_t>(b)];
        });
        std::vector<int> kept;
        for (std::size_t i = 0; i < std::min(n, readable.size()); ++i)
          kept.push_back(toy.answers[static_cast<std::size_t>(readable[i])]);
        return brute_majority(kept);
      });
      RC_ASSERT(std::abs(majority_of_top(ballot, static_cast<int>(n)) - expected) < 1e-12);
    }
  }));
}

TEST_CASE("the identities of the method, ties included") {
  CHECK(rc::check([] {
    const Ballot ballot = ballot_of(*toys());
    const int n = ballot.num_attempts;
    const auto same = [](double a, double b) { return std::abs(a - b) < 1e-12; };
    RC_ASSERT(same(best_in_clusters(ballot, 1), majority(ballot)));
    RC_ASSERT(same(weighted_in_clusters(ballot, 1), majority(ballot)));
    RC_ASSERT(same(best_in_clusters(ballot, n + 1), best_of_all(ballot)));
    RC_ASSERT(same(weighted_in_clusters(ballot, n + 1), weighted(ballot)));
    RC_ASSERT(same(majority_of_top(ballot, 1), best_of_all(ballot)));
    RC_ASSERT(same(majority_of_top(ballot, n), majority(ballot)));
    RC_ASSERT(same(majority_at_each(ballot).back(), majority(ballot)));
    RC_ASSERT(same(oracle_of_clusters(ballot, 1), majority(ballot)));
    RC_ASSERT(same(oracle_of_clusters(ballot, n), ballot.num_right > 0 ? 1 : 0));
    RC_ASSERT(same(majority_at_each(ballot).front(), static_cast<double>(ballot.num_right) / n));
    RC_ASSERT(
        same(weighted_in_clusters(ballot, n + 1, Aggregation::log_odds), weighted(ballot, Aggregation::log_odds)));
    RC_ASSERT(same(pass_at_k(n, ballot.num_right, n), ballot.num_right > 0 ? 1 : 0));
  }));
}

TEST_CASE("resampled maj@k approaches the exact one within its stated error and depends on no order") {
  const Toy toy{{0, 0, 0, 1, 1, 1, 2, 2, 3, -1, -1, 0}, std::vector<double>(12, 0)};
  const Ballot ballot = ballot_of(toy);
  Toy turned = toy;
  std::reverse(turned.answers.begin(), turned.answers.end());
  const auto exact = majority_at_each(ballot);
  const auto sampled = majority_at_each_sampled(ballot, 20000, 1, 7);
  const auto again = majority_at_each_sampled(ballot_of(turned), 20000, 1, 7);
  REQUIRE(sampled.size() == exact.size());
  for (std::size_t i = 0; i < exact.size(); ++i) {
    CHECK(std::abs(sampled[i].mean - exact[i]) <= 4 * std::sqrt(sampled[i].variance) + 1e-12);
    CHECK(std::sqrt(sampled[i].variance) < 0.004);
    CHECK(sampled[i].mean == again[i].mean);
    CHECK(majority_at_each_sampled(ballot, 2000, 2, 7)[i].mean == majority_at_each_sampled(ballot, 2000, 2, 7)[i].mean);
  }
}

TEST_CASE("maj@k at every k for many attempts: the two exact sums agree") {
  const std::vector<int> votes{23, 17, 17, 9, 4, 1, 1, 1};
  const std::vector<int> right{0, 17, 3, 0, 0, 1, 0, 0};
  const int silent = 15;
  const auto at_each = expected_majority_at_each(votes, right, silent);
  for (const int k : {1, 2, 7, 30, 61, 87, 88}) {
    std::vector<Votes> answers;
    for (std::size_t i = 0; i < votes.size(); ++i) answers.push_back({0, 0, votes[i], static_cast<double>(right[i])});
    CHECK(at_each[static_cast<std::size_t>(k) - 1] == Approx(expected_majority(answers, silent, k)).epsilon(1e-11));
  }
}

TEST_CASE("AUC counts pairs, equal scores half") {
  CHECK(rc::check([] {
    const auto scores = *rc::gen::container<std::vector<int>>(rc::gen::inRange(0, 4));
    std::vector<Scored> items;
    for (std::size_t i = 0; i < scores.size(); ++i)
      items.push_back({static_cast<double>(scores[i]), (scores[i] + i) % 3 == 0});
    double above = 0;
    double pairs = 0;
    for (const auto& good : items) {
      for (const auto& bad : items) {
        if (!good.right || bad.right) continue;
        ++pairs;
        above += good.score > bad.score ? 1 : good.score == bad.score ? 0.5 : 0;
      }
    }
    const auto area = area_under_curve(items);
    RC_ASSERT(area.has_value() == (pairs > 0));
    if (area) RC_ASSERT(std::abs(*area - above / pairs) < 1e-12);
  }));
}

TEST_CASE("estimates: mean, errors, paired difference") {
  const std::vector<double> values{1, 0, 1, 1};
  const std::vector<double> baseline{1, 0, 0, 1};
  const Bootstrap bootstrap(4, 500, 3);
  const Estimate result = estimate(values, baseline, bootstrap);
  CHECK(result.mean == 0.75);
  CHECK(result.standard_error == Approx(0.25));  // deviation 0.5 over sqrt(4)
  CHECK(result.binomial_error == Approx(std::sqrt(0.75 * 0.25 / 4)));
  CHECK(result.difference == 0.25);
  CHECK(result.difference_error == Approx(0.25));
  CHECK(result.difference_low <= result.difference);
  CHECK(result.difference_high >= result.difference);
  CHECK(result.low <= result.mean);
  CHECK(result.high >= result.mean);
  CHECK(estimate(values, baseline, Bootstrap(4, 500, 3)).difference_high == result.difference_high);
  CHECK(estimate(values, baseline).low == result.mean);
  const Estimate all = estimate(std::vector<double>(200, 1.0), {}, Bootstrap(200, 200, 1));
  CHECK(all.high == 1);
  CHECK(all.low == Approx(1 / (1 + 3.8414588 / 200)));  // Wilson: n / (n + z^2)
}

TEST_CASE("the normal distribution and its inverse") {
  CHECK(normal_cdf(0) == 0.5);
  CHECK(normal_cdf(1.959963984540054) == Approx(0.975).epsilon(1e-12));
  for (const double p : {1e-8, 0.001, 0.02, 0.3, 0.5, 0.8, 0.99, 1 - 1e-7})
    CHECK(normal_cdf(normal_quantile(p)) == Approx(p).epsilon(1e-10));
}

TEST_CASE("BCa intervals: near the normal ones where those hold, asymmetric where the data are, and they cover") {
  std::vector<double> even(1000);
  for (std::size_t i = 0; i < even.size(); ++i) even[i] = i % 2 == 0 ? 1 : 0;
  const Estimate half = estimate(even, {}, Bootstrap(even.size(), 4000, 1));
  CHECK(half.low == Approx(0.5 - 1.96 * half.standard_error).epsilon(0.01));
  CHECK(half.high == Approx(0.5 + 1.96 * half.standard_error).epsilon(0.01));
  std::vector<double> rare(100, 0.0);
  rare[7] = rare[50] = rare[93] = 1;
  const Interval skewed = of_mean(Bootstrap(rare.size(), 4000, 1), rare);
  CHECK(skewed.high - 0.03 > 1.3 * (0.03 - skewed.low));  // further out on the long side
  // Of many samples from a skewed distribution of known mean, about 95 % cover it.
  int covered = 0;
  constexpr int kTrials = 400;
  for (int trial = 0; trial < kTrials; ++trial) {
    std::vector<double> values(80);
    unsigned state = 12345U + 7919U * static_cast<unsigned>(trial);
    for (double& value : values) {
      state = state * 1664525U + 1013904223U;
      const double u = (state >> 8U) / 16777216.0;
      value = u * u * u;  // mean 1/4
    }
    const Interval interval = of_mean(Bootstrap(values.size(), 600, static_cast<std::uint64_t>(trial)), values);
    covered += interval.low <= 0.25 && 0.25 <= interval.high ? 1 : 0;
  }
  CHECK(covered > 0.91 * kTrials);
  CHECK(covered < 0.985 * kTrials);
}

TEST_CASE("calibration against sums by hand") {
  const auto log_of = [](double p) { return std::log(p); };
  const std::vector<Judged> judged{{log_of(0.95), true, 0},
                                   {log_of(0.95), false, 0},
                                   {log_of(0.15), false, 1},
                                   {log_of(0.15), false, 1},
                                   {0.0, true, 2}};
  const PooledQuality quality = pooled_quality(in_order(judged), Bootstrap(3, 200, 1), true);
  REQUIRE(quality.calibration);
  const Calibration& result = *quality.calibration;
  CHECK(result.count == 5);
  REQUIRE(result.bins.size() == 10);
  CHECK(result.bins[9].count == 3);
  CHECK(result.bins[9].share_right == Approx(2.0 / 3));
  CHECK(result.bins[9].mean_score == Approx(2.9 / 3));
  CHECK(result.bins[1].count == 2);
  CHECK(result.ece == Approx((3 * (2.9 / 3 - 2.0 / 3) + 2 * 0.15) / 5));
  CHECK(result.brier == Approx((0.05 * 0.05 + 0.95 * 0.95 + 2 * 0.15 * 0.15) / 5));
  CHECK(result.brier_base == Approx(0.4 * 0.6));
  CHECK(*quality.auc == Approx(5.5 / 6));
  CHECK(quality.interval.low <= *quality.auc);
  CHECK(quality.interval.high >= *quality.auc);
}

TEST_CASE("aggregations against sums by hand") {
  // Answer 0: one attempt of S = 0.9. Answer 1: three of 0.4. Answer 2: 0.85 and one without a score.
  Toy toy{{0, 1, 1, 1, 2, 2}, {}};
  for (const double s : {0.9, 0.4, 0.4, 0.4, 0.85}) toy.scores.push_back(std::log(s));
  toy.scores.push_back(Candidate::kNoScore);
  const auto winner = [&](Aggregation by) {
    for (int right = 0; right < 3; ++right) {
      auto candidates = candidates_of(toy);
      for (std::size_t i = 0; i < candidates.size(); ++i) candidates[i].right = toy.answers[i] == right;
      const Ballot ballot = make_ballot(candidates, cluster_answers(candidates), ScoreKind::verifier);
      if (weighted(ballot, by) == 1) return right;
    }
    return -1;
  };
  CHECK(winner(Aggregation::sum) == 1);   // 1.2 against 0.9 and 0.85
  CHECK(winner(Aggregation::mean) == 0);  // 0.9 against 0.4 and 0.85: what has no score is left out
  CHECK(winner(Aggregation::max) == 0);
  CHECK(winner(Aggregation::log_odds) == 0);  // 2.20 against -1.22 and 1.73
  toy.scores[4] = 0;                          // S = 1: held at 36, not infinite
  CHECK(winner(Aggregation::log_odds) == 2);
}

TEST_CASE("a table with and without scores") {
  std::vector<RankedProblem> problems;
  for (int p = 0; p < 6; ++p) {
    RankedProblem problem;
    problem.id = std::to_string(p);
    problem.level = 1 + p % 2;
    problem.candidates = candidates_of({{0, 1, 1, p % 3, 2, -1, 0, 3}, {-0.1, -2, -2, -1, -3, 0, -0.5, -1}});
    problem.greedy = problem.candidates[static_cast<std::size_t>(p % 3)];
    problems.push_back(problem);
  }
  const RankingTable table = evaluate(problems, {});
  CHECK(table.has_scores);
  CHECK(table.num_attempts == 8);
  CHECK(table.unreadable == Approx(1.0 / 8));
  REQUIRE(table.find("RR.All") != nullptr);
  CHECK(table.find("RR.All")->verifier->mean == 1);  // the best score is a right one's; the unreadable 0 is ignored
  CHECK(table.find("RR.All")->cost == Approx(7.0 / 8));
  CHECK(table.find("Pass@1")->solver->mean == Approx(2.0 / 6));
  CHECK(table.find("Maj1")->solver->difference == 0);
  CHECK(table.find_curve("RR.MajK")->values.front().mean == Approx(table.find("Maj1")->solver->mean));
  CHECK(table.find_curve("Maj1.TopN")->values.back().mean == Approx(table.find("Maj1")->solver->mean));
  CHECK(table.find_curve("maj@k")->values.back().mean == Approx(table.find("Maj1")->solver->mean));
  CHECK(table.verifier->auc_within_problem.has_value());
  CHECK(table.groups.size() == 2);

  for (auto& problem : problems) {
    for (auto& candidate : problem.candidates) candidate.score = Candidate::kNoScore;
  }
  const RankingTable plain = evaluate(problems, {});
  CHECK_FALSE(plain.has_scores);
  CHECK_FALSE(plain.find("RR.All")->verifier.has_value());
  CHECK(plain.find("RR.All")->mean_log_prob->mean == 1);  // the first attempt is the likeliest and right
  CHECK(plain.find("Maj1")->solver->mean == table.find("Maj1")->solver->mean);
  CHECK(evaluate({}, {}).num_problems == 0);
}

TEST_CASE("attempts are counted by how they state their answers, the unreadable ones not") {
  RankedProblem problem;
  problem.id = "p";
  problem.candidates = candidates_of({{0, 1, 0, -1, 0}, {-1, -1, -1, -1, -1}});
  const std::array<const char*, 5> forms = {"boxed", "boxed", "# Answer", "boxed", ""};
  for (std::size_t i = 0; i < forms.size(); ++i) problem.candidates[i].form = forms[i];
  problem.greedy = problem.candidates[1];
  const auto right = [&](std::size_t i) { return problem.candidates[i].right ? 1 : 0; };
  const RankingTable table = evaluate(std::vector{problem, problem}, {});
  REQUIRE(table.forms.size() == 2);
  CHECK(table.forms[0] == FormRow{"boxed", 4, 2 * (right(0) + right(1)), 2, 2 * right(1)});
  CHECK(table.forms[1] == FormRow{"# Answer", 2, 2 * right(2), 0, 0});
}

TEST_CASE("attempts without a readable answer are wrong everywhere and vote nowhere") {
  RankedProblem problem;
  problem.id = "p";
  problem.candidates = candidates_of({{-1, -1, -1, 0}, {0, 0, 0, -5}});
  const RankingTable table = evaluate(std::vector<RankedProblem>{problem}, {});
  CHECK(table.find("Maj1")->solver->mean == 1);
  CHECK(table.find("RR.All")->verifier->mean == 1);
  CHECK(table.find_curve("pass@k")->values.front().mean == Approx(0.25));
  CHECK(table.find_curve("maj@k")->values.front().mean == Approx(0.25));
}
