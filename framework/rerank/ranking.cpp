#include "framework/rerank/ranking.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <map>
#include <numeric>
#include <tuple>
#include <utility>

#include "framework/base/error.h"
#include "framework/rerank/table_maker.h"
#include "framework/rerank/table_questions.h"
#include "framework/rerank/table_share.h"

namespace ft::rerank {

const StrategyRow* RankingTable::find(std::string_view name) const {
  // "Maj1" finds "Maj1@64" too.
  for (const StrategyRow& row : rows) {
    if (row.name == name || row.name.starts_with(std::string(name) + "@")) return &row;
  }
  return nullptr;
}

const Curve* RankingTable::find_curve(std::string_view name) const {
  const auto found = std::find_if(curves.begin(), curves.end(), [&](const Curve& curve) { return curve.name == name; });
  return found == curves.end() ? nullptr : &*found;
}

struct Evaluation::Body {
  RankingOptions options;
  TableColumns columns;
  std::vector<Question> questions;

  Body(std::span<const TableShareView> shares, RankingOptions given)
      : options(std::move(given)), columns(shares, options) {
    Questions asked;
    (void)make_table(columns, options, asked);
    questions = asked.asked();
  }
};

Evaluation::Evaluation(std::span<const TableShareView> shares, RankingOptions options)
    : body_(std::make_unique<Body>(shares, std::move(options))) {}
Evaluation::~Evaluation() = default;

std::string Evaluation::answer(int rank, int ranks, Pages& scratch) const {
  const std::vector<Question>& questions = body_->questions;
  const std::vector<int> owners = share_out(questions, body_->columns, ranks);
  std::vector<double> vote;
  std::vector<Answer> answers(questions.size());
  // Columns over as many problems have the same resamples: one pass over the draws serves all of them.
  std::map<std::tuple<std::size_t, int, std::uint64_t, bool>, std::vector<std::size_t>> together;
  for (std::size_t i = 0; i < questions.size(); ++i) {
    const Question& one = questions[i];
    if (owners[i] != rank) continue;
    if (one.kind == Question::Kind::estimate) {
      together[{one.items, one.resamples, one.seed, one.against_vote}].push_back(i);
    } else if (one.kind == Question::Kind::sum) {
      std::vector<double> values(one.items);
      one.column(values);
      answers[i] = {std::accumulate(values.begin(), values.end(), 0.0)};
    } else {
      const Bootstrap bootstrap(one.items, one.resamples, one.seed);
      answers[i] =
          numbers_of(pooled_quality(body_->columns.judged(one.by, scratch), bootstrap, one.by == ScoreKind::verifier));
    }
  }
  for (const auto& [alike, which] : together) {
    const auto& [items, resamples, seed, against_vote] = alike;
    if (against_vote && vote.empty()) {
      vote.resize(items);
      body_->columns.read("Maj1", 1, vote);
    }
    const auto column = [&questions, &which = which](std::size_t i, std::span<double> values) {
      questions[which[i]].column(values);
    };
    const std::vector<Estimate> found = estimates(
        which.size(), column, items, against_vote ? vote : std::vector<double>(), Bootstrap(items, resamples, seed));
    for (std::size_t i = 0; i < which.size(); ++i) answers[which[i]] = numbers_of(found[i]);
  }
  std::string bytes;
  for (const Answer& answer : answers) {
    if (answer.empty()) continue;
    const auto size = static_cast<double>(answer.size());
    bytes.append(reinterpret_cast<const char*>(&size), sizeof size);
    bytes.append(reinterpret_cast<const char*>(answer.data()), answer.size() * sizeof(double));
  }
  return bytes;
}

RankingTable Evaluation::table(std::span<const std::string> of_ranks) const {
  const std::vector<int> owners = share_out(body_->questions, body_->columns, static_cast<int>(of_ranks.size()));
  std::vector<std::size_t> next(of_ranks.size(), 0);
  const auto take = [&](std::size_t rank, std::size_t count, double* into) {
    FT_CHECK(next[rank] + count * sizeof(double) <= of_ranks[rank].size(), "rank {} has not answered", rank);
    std::memcpy(into, of_ranks[rank].data() + next[rank], count * sizeof(double));
    next[rank] += count * sizeof(double);
  };
  std::vector<Answer> answers;
  for (const int owner : owners) {
    const auto rank = static_cast<std::size_t>(owner);
    double size = 0;
    take(rank, 1, &size);
    take(rank, static_cast<std::size_t>(size), answers.emplace_back(static_cast<std::size_t>(size)).data());
  }
  Questions answered(std::move(answers));
  const TableColumns& columns = body_->columns;
  RankingTable table = make_table(columns, body_->options, answered);
  std::vector<double> vote(columns.voted().size()), ranked(vote.size());
  columns.read("Maj1", 1, vote);
  const int scored = body_->options.scored_clusters;
  if (table.has_scores) columns.read("W.RR verifier", scored > 0 ? scored : TableColumns::kLast, ranked);
  for (std::size_t row = 0; row < vote.size(); ++row) {
    const ProblemFacts& problem = columns.problems()[columns.voted()[row]];
    std::optional<double> greedy, by_verifier;
    if (problem.numbers.greedy >= 0) greedy = problem.numbers.greedy;
    if (table.has_scores && problem.numbers.any_score != 0) by_verifier = ranked[row];
    table.problems.push_back(
        {problem.id, greedy, share_right(problem), vote[row], any_right(problem), problem.numbers.place, by_verifier});
  }
  for (const ProblemFacts& problem : columns.problems()) {
    if (body_->options.keep_values && problem.numbers.greedy >= 0)
      table.greedy.emplace_back(problem.id, problem.numbers.greedy);
  }
  return table;
}

RankingTable evaluate(std::span<const RankedProblem> problems, const RankingOptions& options) {
  MemoryPages pages, scratch;
  const bool with_scores = std::ranges::any_of(problems, [](const RankedProblem& problem) {
    return std::ranges::any_of(problem.candidates, [](const Candidate& one) { return !std::isnan(one.score); });
  });
  TableShare share(options, with_scores, pages);
  std::int64_t place = 0;
  for (const RankedProblem& problem : problems) share.add(place++, problem);
  const TableShareView all{&pages, share.finish()};
  const Evaluation evaluation(std::span(&all, 1), options);
  const std::string answers = evaluation.answer(0, 1, scratch);
  return evaluation.table(std::span(&answers, 1));
}

}  // namespace ft::rerank
