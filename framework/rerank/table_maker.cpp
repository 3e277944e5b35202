#include "framework/rerank/table_maker.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <map>
#include <numeric>
#include <utility>

namespace ft::rerank {
namespace {

constexpr int kLast = TableColumns::kLast;

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
    table_.forms = columns_.forms();
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
    keep(name, {}, column);
    table_.rows.push_back({name, meaning, average(std::move(column)), {}, {}, {}, 0});
  }
  void keep(const std::string& strategy, std::optional<ScoreKind> by, const Column& column) {
    if (!options_.keep_values || !questions_.has_answers()) return;
    column(table_.values.emplace_back(StrategyValues{strategy, by, std::vector<double>(rows())}).values);
  }
  // Whether the verifier has scored all that the strategy looks at.
  [[nodiscard]] bool by_verifier(int k, std::string_view measure) const {
    if (!table_.has_scores) return false;
    return options_.scored_clusters == 0 || (measure != "Top" && k <= options_.scored_clusters);
  }
  Estimate ranked(const std::string& strategy, const char* measure, int k, ScoreKind kind) {
    const Column column = of(by(measure, kind), k);
    keep(strategy, kind, column);
    return average(column);
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
  table_.unscored = table_.has_scores && options_.scored_clusters == 0 ? readable_ - scored_ : 0;
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
  if (by_verifier(k, measure)) row.verifier = ranked(name, measure, k, ScoreKind::verifier);
  if (baselines && table_.has_log_probs) {
    row.mean_log_prob = ranked(name, measure, k, ScoreKind::mean_log_prob);
    row.sum_log_prob = ranked(name, measure, k, ScoreKind::sum_log_prob);
  }
  row.cost = cost;
  if (row.verifier || row.mean_log_prob) table_.rows.push_back(std::move(row));
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
  if (!solver_only && options_.scored_clusters > 0 && table_.has_scores)  // as far as it was scored, and no further
    last = std::string_view(measure) == "Top" ? 0 : std::min(last, options_.scored_clusters);
  for (int k = 1; k <= last; ++k) {
    curve.at.push_back(k);
    if (solver_only) curve.values.push_back(average(of(measure, k)));
    if (solver_only) continue;
    if (by_verifier(k, measure)) curve.values.push_back(average(of(by(measure, ScoreKind::verifier), k)));
    if (table_.has_log_probs) {
      curve.baseline.push_back(
          ask({.column = of(by(measure, ScoreKind::mean_log_prob), k), .items = rows(), .against_vote = true}));
    }
    curve.cost.push_back(mean(cost(k)));
  }
  if (!curve.at.empty()) table_.curves.push_back(std::move(curve));
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
  if (by_verifier(kLast, "RR")) add("RR.All", of("RR verifier", kLast));
  for (const int k : options_.top_clusters) {
    if (by_verifier(k, "RR")) add(fmt::format("RR.Top-{}", k), of("RR verifier", k));
  }
  if (by_verifier(kLast, "W.RR")) add("W.RR", of("W.RR verifier", kLast));
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

}  // namespace

RankingTable make_table(const TableColumns& columns, const RankingOptions& options, Questions& questions) {
  return TableMaker(columns, options, questions).make();
}

}  // namespace ft::rerank
