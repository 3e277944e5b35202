#include "framework/rerank/ranking.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstring>
#include <functional>
#include <map>
#include <numeric>
#include <tuple>
#include <utility>

#include "framework/base/error.h"
#include "framework/rerank/table_share.h"

namespace ft::rerank {
namespace {

constexpr int kLast = TableColumns::kLast;

// One number a problem, of those with attempts or of some of them, and what is asked of it.
struct Question {
  enum class Kind { estimate, sum, quality };
  Kind kind = Kind::estimate;
  std::function<void(std::span<double>)> column{};
  std::size_t items = 0;
  bool against_vote = false;  // with the paired difference to Maj1
  int resamples = 0;
  std::uint64_t seed = 0;
  ScoreKind by = ScoreKind::verifier;  // of a quality
};

// Each answer as numbers, so that ranks can send them.
using Answer = std::vector<double>;

constexpr std::array<double Estimate::*, 9> kEstimate{&Estimate::mean,
                                                      &Estimate::low,
                                                      &Estimate::high,
                                                      &Estimate::standard_error,
                                                      &Estimate::binomial_error,
                                                      &Estimate::difference,
                                                      &Estimate::difference_error,
                                                      &Estimate::difference_low,
                                                      &Estimate::difference_high};

Answer numbers_of(const Estimate& estimate) {
  Answer answer;
  for (const auto member : kEstimate) answer.push_back(estimate.*member);
  return answer;
}

Estimate estimate_of(const Answer& answer) {
  Estimate estimate;
  for (std::size_t i = 0; i < kEstimate.size() && i < answer.size(); ++i) estimate.*kEstimate[i] = answer[i];
  return estimate;
}

Answer numbers_of(const PooledQuality& quality) {
  Answer answer{quality.auc.value_or(std::nan("")), quality.interval.low, quality.interval.high};
  if (!quality.calibration) return answer;
  const Calibration& c = *quality.calibration;
  answer.insert(answer.end(), {static_cast<double>(c.count), c.ece, c.brier, c.brier_base});
  for (const ReliabilityBin& bin : c.bins) {
    answer.insert(answer.end(), {bin.low, bin.high, static_cast<double>(bin.count), bin.mean_score, bin.share_right,
                                 bin.interval.low, bin.interval.high});
  }
  return answer;
}

PooledQuality quality_of(const Answer& answer) {
  PooledQuality quality;
  if (answer.empty()) return quality;
  if (!std::isnan(answer[0])) quality.auc = answer[0];
  quality.interval = {answer[1], answer[2]};
  if (answer.size() < 7) return quality;
  Calibration c{static_cast<int>(answer[3]), answer[4], answer[5], answer[6], {}};
  for (std::size_t i = 7; i + 7 <= answer.size(); i += 7) {
    const double* bin = &answer[i];
    c.bins.push_back({bin[0], bin[1], static_cast<int>(bin[2]), bin[3], bin[4], {bin[5], bin[6]}});
  }
  quality.calibration = std::move(c);
  return quality;
}

// A table is put together twice: without answers, to learn what it asks for, and with them.
class Questions {
 public:
  Questions() = default;
  explicit Questions(std::vector<Answer> answers) : answers_(std::move(answers)) {}

  [[nodiscard]] Answer ask(Question question) {
    asked_.push_back(std::move(question));
    return asked_.size() <= answers_.size() ? std::move(answers_[asked_.size() - 1]) : Answer();
  }
  [[nodiscard]] const std::vector<Question>& asked() const { return asked_; }

 private:
  std::vector<Question> asked_;
  std::vector<Answer> answers_;
};

double share_right(const ProblemFacts& of) { return static_cast<double>(of.numbers.right) / of.numbers.attempts; }
double any_right(const ProblemFacts& of) { return of.numbers.right > 0 ? 1 : 0; }
double share_readable(const ProblemFacts& of) { return static_cast<double>(of.readable()) / of.numbers.attempts; }

// One table on its way.
class TableMaker {
 public:
  TableMaker(const TableColumns& columns, const RankingOptions& options, Questions& questions)
      : columns_(columns), options_(options), questions_(questions) {}

  RankingTable make() {
    table_.num_problems = static_cast<int>(columns_.problems().size());
    table_.bootstrap = options_.bootstrap;
    for (const std::size_t p : columns_.voted()) count(columns_.problems()[p]);
    finish_counts();
    solver_rows();
    if (!columns_.voted().empty()) {
      ranked_rows();
      attempt_curves();
      ranked_curves();
      if (table_.has_scores) table_.verifier = quality(ScoreKind::verifier);
      if (table_.has_log_probs) table_.mean_log_prob = quality(ScoreKind::mean_log_prob);
      groups();
    }
    return std::move(table_);
  }

 private:
  // Columns are read when this is gone: they know nothing of it.
  using Fact = std::function<double(const ProblemFacts&)>;
  using Column = std::function<void(std::span<double>)>;

  [[nodiscard]] std::size_t rows() const { return columns_.voted().size(); }
  [[nodiscard]] const ProblemFacts& facts(std::size_t row) const { return columns_.problems()[columns_.voted()[row]]; }
  [[nodiscard]] Column of(const Fact& fact) const {
    return [&columns = columns_, fact](std::span<double> values) {
      for (std::size_t row = 0; row < values.size(); ++row)
        values[row] = fact(columns.problems()[columns.voted()[row]]);
    };
  }
  [[nodiscard]] Column of(const std::string& measure, int k) const {
    return [&columns = columns_, measure, k](std::span<double> values) { columns.read(measure, k, values); };
  }
  [[nodiscard]] static std::string by(const char* measure, ScoreKind kind) {
    return fmt::format("{} {}", measure, name_of(kind));
  }

  Estimate ask(Question question) { return estimate_of(questions_.ask(std::move(question))); }
  // Over all problems with attempts, with intervals and beside the vote.
  Estimate average(Column column) {
    return ask({.column = std::move(column),
                .items = rows(),
                .against_vote = true,
                .resamples = options_.bootstrap,
                .seed = options_.seed});
  }
  double sum(Column column) {
    const Answer answer = questions_.ask({.kind = Question::Kind::sum, .column = std::move(column), .items = rows()});
    return answer.empty() ? 0 : answer.front();
  }
  double mean(Column column) { return sum(std::move(column)) / static_cast<double>(rows()); }

  void count(const ProblemFacts& problem);
  void finish_counts();
  void solver_rows();
  void greedy_row();
  void add_solver(const std::string& name, const std::string& meaning, Column column) {
    table_.rows.push_back({name, meaning, average(std::move(column)), {}, {}, {}, 0});
  }
  void add_ranked(const std::string& name, const std::string& meaning, const char* measure, int k, double cost,
                  bool baselines = true);
  void ranked_rows();
  void attempt_curves();
  void add_curve(const std::string& name, const char* measure, const std::string& axis, int last,
                 const std::function<Column(int)>& cost);
  void ranked_curves();
  VerifierQuality quality(ScoreKind kind);
  void groups();
  void add_group(const std::string& name, const std::vector<std::size_t>& members);

  const TableColumns& columns_;
  const RankingOptions& options_;
  Questions& questions_;
  RankingTable table_;
  int most_clusters_ = 0, readable_ = 0, scored_ = 0;
  double attempts_ = 0;
};

void TableMaker::count(const ProblemFacts& problem) {
  const ProblemFacts::Numbers& numbers = problem.numbers;
  table_.num_attempts = std::max(table_.num_attempts, numbers.attempts);
  table_.fewest_attempts =
      table_.fewest_attempts == 0 ? numbers.attempts : std::min(table_.fewest_attempts, numbers.attempts);
  table_.unreadable += numbers.unreadable;
  table_.unknown += numbers.unknown;
  table_.right += share_right(problem);
  table_.oracle += any_right(problem);
  table_.mean_clusters += numbers.clusters;
  table_.has_log_probs = table_.has_log_probs || numbers.has_log_probs != 0;
  most_clusters_ = std::max(most_clusters_, numbers.clusters);
  readable_ += problem.readable();
  scored_ += numbers.scored;
  attempts_ += numbers.attempts;
}

void TableMaker::finish_counts() {
  table_.has_scores = scored_ > 0;
  table_.unscored = table_.has_scores ? readable_ - scored_ : 0;
  if (rows() == 0) return;
  table_.unreadable /= attempts_;
  table_.unknown /= attempts_;
  for (double* mean : {&table_.right, &table_.mean_clusters, &table_.oracle}) *mean /= static_cast<double>(rows());
}

void TableMaker::greedy_row() {
  std::vector<double> greedy;
  for (const ProblemFacts& problem : columns_.problems()) {
    if (problem.numbers.greedy >= 0) greedy.push_back(problem.numbers.greedy);
  }
  if (greedy.empty()) return;
  // Paired where every problem has both; otherwise the difference would be one between different problems.
  const std::size_t items = greedy.size();
  const bool paired = items == rows() && items == columns_.problems().size();
  const Column column = [greedy = std::move(greedy)](std::span<double> values) {
    std::ranges::copy(greedy, values.begin());
  };
  const Estimate value =
      paired ? average(column)
             : ask({.column = column, .items = items, .resamples = options_.bootstrap, .seed = options_.seed});
  table_.rows.push_back({"Pass@1", "the one greedy attempt", value, {}, {}, {}, 0});
}

void TableMaker::solver_rows() {
  greedy_row();
  if (rows() == 0) return;
  const std::string n = std::to_string(table_.num_attempts);
  add_solver("Pass@1 (sampled)", "one sampled attempt: the mean over all of them", of(share_right));
  add_solver("Maj1@" + n, "majority vote: one solution of a largest cluster", of("Maj1", 1));
  for (const int k : options_.top_clusters) {
    if (k < 2) continue;  // Maj1 itself
    add_solver(fmt::format("Maj{}@{}", k, n), fmt::format("oracle: one of the {} largest clusters is right", k),
               of("MajK", k));
  }
  if (table_.num_attempts < 2) return;  // the oracle over one attempt is no oracle, and its name is the greedy one's
  add_solver("Pass@" + n, "oracle: one of all attempts is right", of(any_right));
}

void TableMaker::add_ranked(const std::string& name, const std::string& meaning, const char* measure, int k,
                            double cost, bool baselines) {
  StrategyRow row{name, meaning, {}, {}, {}, {}, 0};
  if (table_.has_scores) row.verifier = average(of(by(measure, ScoreKind::verifier), k));
  if (baselines && table_.has_log_probs) {
    row.mean_log_prob = average(of(by(measure, ScoreKind::mean_log_prob), k));
    row.sum_log_prob = average(of(by(measure, ScoreKind::sum_log_prob), k));
  }
  row.cost = cost;
  table_.rows.push_back(std::move(row));
}

void TableMaker::ranked_rows() {
  if (!table_.has_scores && !table_.has_log_probs) return;
  const double all = mean(of(share_readable));
  const auto within = [&](int k) { return mean(of("scored", k)); };
  add_ranked("RR.All", "the best-scored solution of all", "RR", kLast, all);
  for (const int k : options_.top_clusters) {
    add_ranked(fmt::format("RR.Top-{}", k), fmt::format("the best-scored solution in the {} largest clusters", k), "RR",
               k, within(k));
  }
  for (const Aggregation aggregation : options_.aggregations) {
    // Other weights than the method's are questions about a verifier; a log-probability is no chance to be right.
    const bool sums = aggregation == Aggregation::sum;
    if (!sums && !table_.has_scores) continue;
    const std::string tag = sums ? "" : fmt::format(" ({})", to_string(aggregation));
    const std::string measure = sums ? "W.RR" : fmt::format("W.RR {}", to_string(aggregation));
    const char* weight = sums                                   ? "largest sum of scores"
                         : aggregation == Aggregation::mean     ? "largest mean score"
                         : aggregation == Aggregation::log_odds ? "largest sum of log-odds"
                                                                : "best score, each cluster counting once";
    add_ranked("W.RR" + tag, fmt::format("the cluster with the {}", weight), measure.c_str(), kLast, all, sums);
    for (const int k : options_.top_clusters) {
      add_ranked(fmt::format("W.RR.Top-{}{}", k, tag), fmt::format("the same among the {} largest clusters", k),
                 measure.c_str(), k, within(k), sums);
    }
  }
  for (const int n : options_.top_n) {
    add_ranked(fmt::format("Maj1.Top-{}", n), fmt::format("majority vote among the {} best-scored solutions", n), "Top",
               n, all);
  }
}

// pass@k and maj@k for every k up to N. A problem with fewer than k attempts takes all it has.
void TableMaker::attempt_curves() {
  Curve pass{"pass@k", "k"};
  Curve maj{"maj@k", "k"};
  const bool exact = table_.num_attempts <= options_.exact_up_to;
  for (int k = 1; k <= table_.num_attempts; ++k) {
    pass.at.push_back(k);
    pass.values.push_back(average(of([k](const ProblemFacts& problem) {
      const int n = problem.numbers.attempts;
      return pass_at_k(n, problem.numbers.right, std::min(k, n));
    })));
    maj.values.push_back(average(of("maj@k", k)));
    if (!exact) maj.resampling_error.push_back(std::sqrt(sum(of("maj@k variance", k))) / static_cast<double>(rows()));
  }
  maj.at = pass.at;
  table_.curves.push_back(std::move(pass));
  table_.curves.push_back(std::move(maj));
}

void TableMaker::add_curve(const std::string& name, const char* measure, const std::string& axis, int last,
                           const std::function<Column(int)>& cost) {
  Curve curve{name, axis};
  const bool solver_only = !cost;
  for (int k = 1; k <= last; ++k) {
    curve.at.push_back(k);
    if (solver_only) curve.values.push_back(average(of(measure, k)));
    if (solver_only) continue;
    if (table_.has_scores) curve.values.push_back(average(of(by(measure, ScoreKind::verifier), k)));
    if (table_.has_log_probs) {
      curve.baseline.push_back(
          ask({.column = of(by(measure, ScoreKind::mean_log_prob), k), .items = rows(), .against_vote = true}));
    }
    curve.cost.push_back(mean(cost(k)));
  }
  table_.curves.push_back(std::move(curve));
}

void TableMaker::ranked_curves() {
  add_curve("MajK", "MajK", "K", most_clusters_, nullptr);
  if (!table_.has_scores && !table_.has_log_probs) return;
  const auto within = [&](int k) { return of("scored", k); };
  add_curve("RR.MajK", "RR", "K", most_clusters_, within);
  add_curve("W.RR.MajK", "W.RR", "K", most_clusters_, within);
  add_curve("Maj1.TopN", "Top", "N", table_.num_attempts, [&](int) { return of(share_readable); });
}

VerifierQuality TableMaker::quality(ScoreKind kind) {
  VerifierQuality quality;
  const auto known = [&](const std::string& measure) {
    std::vector<double> values(rows());
    columns_.read(measure, 1, values);
    std::erase_if(values, [](double value) { return std::isnan(value); });
    return values;
  };
  std::vector<double> areas = known(by("area", kind));
  quality.problems_with_both = static_cast<int>(areas.size());
  if (!areas.empty()) {
    const std::size_t items = areas.size();
    quality.auc_within_problem = ask(
        {.column = [areas = std::move(areas)](std::span<double> values) { std::ranges::copy(areas, values.begin()); },
         .items = items,
         .resamples = options_.bootstrap,
         .seed = 1});
  }
  if (kind == ScoreKind::verifier) {
    const std::vector<double> spreads = known("spread");
    if (!spreads.empty())
      quality.mean_spread = std::accumulate(spreads.begin(), spreads.end(), 0.0) / static_cast<double>(spreads.size());
  }
  const PooledQuality pooled = quality_of(questions_.ask({.kind = Question::Kind::quality,
                                                          .items = rows(),
                                                          .resamples = options_.bootstrap,
                                                          .seed = options_.seed,
                                                          .by = kind}));
  quality.auc_pooled = pooled.auc;
  quality.auc_pooled_interval = pooled.interval;
  quality.calibration = pooled.calibration;
  return quality;
}

void TableMaker::add_group(const std::string& name, const std::vector<std::size_t>& members) {
  GroupRow row{name, static_cast<int>(members.size()), {}};
  const auto add = [&](const std::string& strategy, const Column& column) {
    const Column of_members = [rows = rows(), members, column](std::span<double> values) {
      std::vector<double> all(rows);
      column(all);
      for (std::size_t i = 0; i < members.size(); ++i) values[i] = all[members[i]];
    };
    row.values.emplace_back(
        strategy,
        ask({.column = of_members, .items = members.size(), .resamples = options_.bootstrap, .seed = options_.seed}));
  };
  add("right", of(share_right));
  add(fmt::format("Maj1@{}", table_.num_attempts), of("Maj1", 1));
  if (table_.has_scores) {
    add("RR.All", of("RR verifier", kLast));
    for (const int k : options_.top_clusters) add(fmt::format("RR.Top-{}", k), of("RR verifier", k));
    add("W.RR", of("W.RR verifier", kLast));
  }
  add(fmt::format("Pass@{}", table_.num_attempts), of(any_right));
  table_.groups.push_back(std::move(row));
}

void TableMaker::groups() {
  std::map<std::string, std::vector<std::size_t>> levels;
  std::map<std::string, std::vector<std::size_t>> subjects;
  for (std::size_t row = 0; row < rows(); ++row) {
    const ProblemFacts& problem = facts(row);
    if (problem.numbers.level >= 0) levels[fmt::format("level {}", problem.numbers.level)].push_back(row);
    if (!problem.subject.empty()) subjects[problem.subject].push_back(row);
  }
  for (const auto* by_name : {&levels, &subjects}) {
    if (by_name->size() < 2) continue;
    for (const auto& [name, members] : *by_name) add_group(name, members);
  }
}

// What an answer costs, beside others.
double cost_of(const Question& question, const TableColumns& columns) {
  const double draws = 1 + question.resamples;
  if (question.kind == Question::Kind::quality) return draws * static_cast<double>(columns.num_judged(question.by));
  return draws * static_cast<double>(question.items) * (question.against_vote ? 2 : 1);
}

// Who answers which question: the dearest first, each to whom has least to do.
std::vector<int> share_out(const std::vector<Question>& questions, const TableColumns& columns, int ranks) {
  std::vector<std::size_t> order(questions.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::vector<double> costs;
  for (const Question& question : questions) costs.push_back(cost_of(question, columns));
  std::ranges::stable_sort(order, std::greater<>(), [&](std::size_t i) { return costs[i]; });
  std::vector<double> load(static_cast<std::size_t>(ranks), 0);
  std::vector<int> owners(questions.size());
  for (const std::size_t i : order) {
    const auto least = std::ranges::min_element(load);
    owners[i] = static_cast<int>(least - load.begin());
    *least += costs[i];
  }
  return owners;
}

}  // namespace

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
    (void)TableMaker(columns, options, asked).make();
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
    const auto column = [&](std::size_t i, std::span<double> values) { questions[which[i]].column(values); };
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
  RankingTable table = TableMaker(columns, body_->options, answered).make();
  std::vector<double> vote(columns.voted().size()), ranked(vote.size());
  columns.read("Maj1", 1, vote);
  if (table.has_scores) columns.read("W.RR verifier", kLast, ranked);
  for (std::size_t row = 0; row < vote.size(); ++row) {
    const ProblemFacts& problem = columns.problems()[columns.voted()[row]];
    std::optional<double> greedy, by_verifier;
    if (problem.numbers.greedy >= 0) greedy = problem.numbers.greedy;
    if (table.has_scores && problem.numbers.any_score != 0) by_verifier = ranked[row];
    table.problems.push_back(
        {problem.id, greedy, share_right(problem), vote[row], any_right(problem), problem.numbers.place, by_verifier});
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
