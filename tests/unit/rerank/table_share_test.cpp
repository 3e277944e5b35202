#include "framework/rerank/table_share.h"

#include <doctest/doctest.h>
#include <fmt/format.h>
#include <rapidcheck.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <ctime>
#include <numeric>

#include "framework/rerank/expectation.h"
#include "framework/rerank/ranking.h"

using namespace ft;
using namespace ft::rerank;
using doctest::Approx;

namespace {

// Few answers and few scores, so that everything ties with something; some problems without attempts.
std::vector<RankedProblem> some_problems(bool with_scores) {
  const int count = *rc::gen::inRange(1, 12);
  std::vector<RankedProblem> problems;
  for (int p = 0; p < count; ++p) {
    RankedProblem problem;
    problem.id = fmt::format("p{}", p);
    if (*rc::gen::inRange(0, 3) > 0) problem.level = *rc::gen::inRange(1, 4);
    problem.subject = *rc::gen::element<std::string>("", "algebra", "geometry");
    const int attempts = *rc::gen::inRange(0, 9);
    for (int i = 0; i < attempts; ++i) {
      Candidate one;
      one.answer = std::to_string(*rc::gen::inRange(0, 5));
      one.answer_found = *rc::gen::inRange(0, 6) > 0;
      one.form = *rc::gen::element(std::string("boxed"), std::string("# Answer"), std::string());
      one.right = one.answer_found && one.answer == "1";
      if (with_scores && *rc::gen::inRange(0, 8) > 0) one.score = -*rc::gen::inRange(0, 6) / 4.0;
      one.log_prob = -*rc::gen::inRange(1, 40) / 3.0;
      one.num_tokens = *rc::gen::inRange(1, 5);
      problem.candidates.push_back(one);
    }
    if (*rc::gen::inRange(0, 4) > 0) {
      problem.greedy.emplace();
      problem.greedy->answer_found = problem.greedy->right = *rc::gen::inRange(0, 2) > 0;
    }
    problems.push_back(std::move(problem));
  }
  return problems;
}

bool same(double a, double b) { return std::bit_cast<std::uint64_t>(a) == std::bit_cast<std::uint64_t>(b); }

void require_same(const Estimate& a, const Estimate& b) {
  RC_ASSERT(same(a.mean, b.mean));
  RC_ASSERT(same(a.low, b.low));
  RC_ASSERT(same(a.high, b.high));
  RC_ASSERT(same(a.standard_error, b.standard_error));
  RC_ASSERT(same(a.difference_low, b.difference_low));
  RC_ASSERT(same(a.difference_high, b.difference_high));
}

void require_same(const std::optional<Estimate>& a, const std::optional<Estimate>& b) {
  RC_ASSERT(a.has_value() == b.has_value());
  if (a) require_same(*a, *b);
}

void require_same(const RankingTable& a, const RankingTable& b) {
  RC_ASSERT(a.rows.size() == b.rows.size());
  for (std::size_t i = 0; i < a.rows.size(); ++i) {
    RC_ASSERT(a.rows[i].name == b.rows[i].name);
    require_same(a.rows[i].solver, b.rows[i].solver);
    require_same(a.rows[i].verifier, b.rows[i].verifier);
    require_same(a.rows[i].sum_log_prob, b.rows[i].sum_log_prob);
    RC_ASSERT(same(a.rows[i].cost, b.rows[i].cost));
  }
  RC_ASSERT(a.curves.size() == b.curves.size());
  for (std::size_t i = 0; i < a.curves.size(); ++i) {
    RC_ASSERT(a.curves[i].values.size() == b.curves[i].values.size());
    for (std::size_t k = 0; k < a.curves[i].values.size(); ++k)
      require_same(a.curves[i].values[k], b.curves[i].values[k]);
    RC_ASSERT(a.curves[i].cost == b.curves[i].cost);
    RC_ASSERT(a.curves[i].resampling_error == b.curves[i].resampling_error);
  }
  RC_ASSERT(a.groups.size() == b.groups.size());
  for (std::size_t i = 0; i < a.groups.size(); ++i) {
    for (std::size_t k = 0; k < a.groups[i].values.size(); ++k)
      require_same(a.groups[i].values[k].second, b.groups[i].values[k].second);
  }
  RC_ASSERT(a.forms == b.forms);
  RC_ASSERT(a.verifier.has_value() == b.verifier.has_value());
  if (a.verifier) {
    RC_ASSERT(a.verifier->auc_pooled == b.verifier->auc_pooled);
    RC_ASSERT(a.verifier->auc_pooled_interval.low == b.verifier->auc_pooled_interval.low);
    RC_ASSERT(a.verifier->calibration->brier == b.verifier->calibration->brier);
  }
  RC_ASSERT(a.problems.size() == b.problems.size());
  for (std::size_t i = 0; i < a.problems.size(); ++i) {
    RC_ASSERT(a.problems[i].id == b.problems[i].id);
    RC_ASSERT(same(a.problems[i].majority, b.problems[i].majority));
    RC_ASSERT(a.problems[i].ranked == b.problems[i].ranked);
  }
}

double right_of(int i) { return i % 3 == 0 ? 1 : 0; }

}  // namespace

TEST_CASE("a table has the same bits however its problems are shared out") {
  CHECK(rc::check([] {
    const bool with_scores = *rc::gen::inRange(0, 4) > 0;
    const std::vector<RankedProblem> problems = some_problems(with_scores);
    RankingOptions options;
    options.top_clusters = {1, 3};
    options.top_n = {2};
    options.bootstrap = *rc::gen::element(0, 70);
    options.exact_up_to = *rc::gen::element(4, 128);
    options.resamples = 20;
    const RankingTable alone = evaluate(problems, options);

    const int ranks = *rc::gen::inRange(1, 5);
    std::vector<MemoryPages> pages(static_cast<std::size_t>(ranks)), scratch(pages.size());
    std::vector<TableShare> shares;
    for (MemoryPages& own : pages) shares.emplace_back(options, with_scores, own);
    for (std::size_t p = 0; p < problems.size(); ++p)
      shares[static_cast<std::size_t>(*rc::gen::inRange(0, ranks))].add(static_cast<std::int64_t>(p), problems[p]);
    std::vector<TableShareView> views;
    for (std::size_t r = 0; r < pages.size(); ++r) views.push_back({&pages[r], shares[r].finish()});
    const Evaluation evaluation(views, options);
    std::vector<std::string> answers;
    for (int r = 0; r < ranks; ++r)
      answers.push_back(evaluation.answer(r, ranks, scratch[static_cast<std::size_t>(r)]));
    require_same(evaluation.table(answers), alone);
  }));
}

TEST_CASE("values at each K and N are those at one") {
  CHECK(rc::check([] {
    for (const RankedProblem& problem : some_problems(true)) {
      const auto clusters = cluster_answers(problem.candidates);
      const Ballot ballot = make_ballot(problem.candidates, clusters, ScoreKind::verifier);
      const auto compare = [&](const std::vector<double>& at_each, const auto& at_one) {
        for (int k = 1; k <= 12; ++k)
          RC_ASSERT(same(at_each[std::min(static_cast<std::size_t>(k), at_each.size()) - 1], at_one(ballot, k)));
      };
      compare(best_at_each(ballot), best_in_clusters);
      compare(weighted_at_each(ballot), [](const Ballot& b, int k) { return weighted_in_clusters(b, k); });
      compare(majority_of_top_at_each(ballot), majority_of_top);
    }
  }));
}

TEST_CASE("attempts that are too many to be sorted in memory come in the same order") {
  std::vector<Judged> judged;
  RankingOptions options;
  MemoryPages pages, scratch;
  TableShare share(options, true, pages);
  std::uint64_t state = 1;
  constexpr int kProblems = 3000;
  RankedProblem problem;
  for (int p = 0; p < kProblems; ++p) {
    problem.id = std::to_string(p);
    problem.candidates.assign(2, {});
    for (Candidate& one : problem.candidates) {
      state = state * 6364136223846793005ULL + 1442695040888963407ULL;
      one.answer_found = true;
      one.right = (state >> 40) % 3 == 0;
      one.answer = one.right ? "1" : "2";
      one.score = -static_cast<double>((state >> 33) % 50);
      judged.push_back({one.score, one.right, static_cast<std::uint32_t>(p)});
    }
    share.add(p, problem);
  }
  const TableShareView view{&pages, share.finish()};
  const TableColumns columns(std::span(&view, 1), options);
  REQUIRE(columns.num_judged(ScoreKind::verifier) == 2 * kProblems);
  for (const std::int64_t in_memory : {std::int64_t{1} << 20, std::int64_t{1000}, std::int64_t{7}}) {
    std::vector<Judged> found;
    columns.judged(ScoreKind::verifier, scratch, in_memory)(
        [&](std::span<const Judged> piece) { found.insert(found.end(), piece.begin(), piece.end()); });
    std::sort(judged.begin(), judged.end());
    CHECK(found == judged);
  }
}

TEST_CASE("pooled areas of resamples are those of the resampled attempts") {
  CHECK(rc::check([] {
    const int problems = *rc::gen::inRange(1, 6);
    std::vector<Judged> judged;
    for (int i = *rc::gen::inRange(0, 40); i > 0; --i) {
      judged.push_back({*rc::gen::inRange(0, 6) / -4.0, *rc::gen::inRange(0, 2) == 1,
                        static_cast<std::uint32_t>(*rc::gen::inRange(0, problems))});
    }
    const Bootstrap bootstrap(static_cast<std::size_t>(problems), 70, 5);
    std::vector<double> areas;
    std::vector<std::uint32_t> drawn;
    for (std::size_t r = 0; r < bootstrap.resamples(); ++r) {
      bootstrap.draw(r, drawn);
      std::vector<Scored> items;
      for (const std::uint32_t problem : drawn) {
        for (const Judged& one : judged)
          if (one.problem == problem) items.push_back({one.score, one.right});
      }
      if (const auto area = area_under_curve(items)) areas.push_back(*area);
    }
    std::sort(areas.begin(), areas.end());
    const PooledQuality quality = pooled_quality(in_order(judged), bootstrap, true);
    std::vector<Scored> items;
    for (const Judged& one : judged) items.push_back({one.score, one.right});
    RC_ASSERT(quality.auc == area_under_curve(items));
    if (!quality.auc) return;
    const auto at = [&](double share) {
      return areas[static_cast<std::size_t>(share * static_cast<double>(areas.size() - 1) + 0.5)];
    };
    RC_ASSERT(quality.interval.low == at(0.025));
    RC_ASSERT(quality.interval.high == at(0.975));
  }));
}

TEST_CASE("thousands of tied contenders: chances instead of counts") {
  constexpr int kMany = 3000;
  std::vector<Contender> tied;
  for (int i = 0; i < kMany; ++i) tied.push_back({static_cast<double>(kMany - i), 1, right_of(i)});
  for (const int seats : {1, 2, 17, 1500, 2999, 3000}) {
    // The best of a random subset is the i-th with the chance that it has a seat and none above has.
    double expected = 0, none_above = 1, none_right = 1;
    int wrong = 0;
    for (int i = 0; i < kMany; ++i) {
      const double seated = std::min(1.0, static_cast<double>(seats) / (kMany - i));  // given that none above is
      expected += none_above * seated * right_of(i);
      none_above *= 1 - seated;
      wrong += right_of(i) == 0 ? 1 : 0;
    }
    for (int i = 0; i < seats; ++i) none_right *= std::max(0.0, static_cast<double>(wrong - i) / (kMany - i));
    CHECK(expected_best({}, tied, seats) == Approx(expected).epsilon(1e-9));
    CHECK(expected_any({}, tied, seats) == Approx(1 - none_right).epsilon(1e-9));
  }
  // All at one level: any seat brings the mean; a chance to be right is taken as it is.
  for (Contender& one : tied) one = {1, 1, 0.25};
  CHECK(expected_best({}, tied, 2000) == Approx(0.25).epsilon(1e-9));
  CHECK(expected_any({}, tied, 5) == Approx(1 - std::pow(0.75, 5)).epsilon(1e-9));
  // Unequal tickets: as a counted case that is blown up by contenders who never win.
  std::vector<Contender> few{{2, 3, 1}, {2, 1, 1}, {2, 2, 0}}, many = few;
  for (int i = 0; i < 197; ++i) many.push_back({1, 1, 0});
  CHECK(expected_best({}, many, 200) == Approx(expected_best({}, few, 3)).epsilon(1e-9));
}

TEST_CASE("thousands of distinct answers: finite numbers in a time that is not cubic") {
  RankedProblem problem{.id = "many"};
  for (int i = 0; i < 2000; ++i) {
    Candidate one;
    one.answer = std::to_string(i);
    one.answer_found = true;
    one.right = i == 7;
    one.score = -static_cast<double>((i * 7919) % 2000) / 100;
    one.log_prob = -1.0 - i % 50;
    one.num_tokens = 10;
    problem.candidates.push_back(std::move(one));
  }
  RankingOptions options;
  options.bootstrap = 20;
  options.resamples = 20;
  const auto seconds = [&](int count) {
    RankedProblem some = problem;
    some.candidates.resize(static_cast<std::size_t>(count));
    const std::clock_t begin = std::clock();
    const RankingTable table = evaluate(std::span(&some, 1), options);
    for (const Curve& curve : table.curves) {
      for (const Estimate& value : curve.values) {
        CHECK(std::isfinite(value.mean));
        CHECK(value.mean >= -1e-12);
        CHECK(value.mean <= 1 + 1e-9);
      }
    }
    return static_cast<double>(std::clock() - begin) / CLOCKS_PER_SEC;
  };
  const double half = seconds(1000), whole = seconds(2000);
  CHECK(whole < 7 * half + 0.2);  // cubic: 8 times and more
}
