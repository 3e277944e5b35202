#include "framework/rerank/ranking.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <map>
#include <utility>

#include "framework/base/philox.h"
#include "framework/rerank/cluster.h"

namespace ft::rerank {
namespace {

struct Ballots {
  std::vector<Ballot> verifier;
  std::vector<Ballot> mean;
  std::vector<Ballot> sum;
  std::vector<std::uint64_t> items;  // names of the problems, for random numbers
};

double share_right(const Ballot& ballot) { return static_cast<double>(ballot.num_right) / ballot.num_attempts; }
double any_right(const Ballot& ballot) { return ballot.num_right > 0 ? 1 : 0; }
double share_readable(const Ballot& ballot) { return static_cast<double>(ballot.num_readable()) / ballot.num_attempts; }

class Evaluation {
 public:
  Evaluation(std::span<const RankedProblem> problems, const RankingOptions& options)
      : problems_(problems), options_(options) {}

  RankingTable run() {
    make_ballots();
    table_.bootstrap = options_.bootstrap;
    bootstrap_ = Bootstrap(ballots_.mean.size(), options_.bootstrap, options_.seed);
    for (const Ballot& ballot : ballots_.mean) {
      baseline_.push_back(majority(ballot));
      most_clusters_ = std::max(most_clusters_, static_cast<int>(ballot.clusters.size()));
    }
    problem_rows();
    solver_rows();
    if (!with_attempts_.empty()) {
      ranked_rows();
      attempt_curves();
      ranked_curves();
      quality();
      groups();
    }
    return std::move(table_);
  }

 private:
  using Value = std::function<double(const Ballot&)>;
  using ValueAt = std::function<double(const Ballot&, int)>;

  void make_ballots();
  void count(const std::vector<Candidate>& candidates, const Ballot& ballot);
  void problem_rows();
  void solver_rows();
  void greedy_row();
  void ranked_rows();
  void attempt_curves();
  void ranked_curves();
  void quality();
  void groups();
  void add_group(const std::string& name, const std::vector<std::size_t>& members);

  [[nodiscard]] static std::vector<double> values(const std::vector<Ballot>& ballots, const Value& value) {
    std::vector<double> result;
    result.reserve(ballots.size());
    for (const Ballot& ballot : ballots) result.push_back(value(ballot));
    return result;
  }
  [[nodiscard]] Estimate average(const std::vector<double>& values) const {
    return estimate(values, baseline_, bootstrap_);
  }
  void add_solver(const std::string& name, const std::string& meaning, const std::vector<double>& values) {
    table_.rows.push_back({name, meaning, average(values), {}, {}, {}, 0});
  }
  void add_ranked(const std::string& name, const std::string& meaning, const Value& value, const Value& cost,
                  bool baselines = true);
  void add_curve(const std::string& name, const std::string& axis, int last, const ValueAt& value, const ValueAt& cost);

  std::span<const RankedProblem> problems_;
  const RankingOptions& options_;
  RankingTable table_;
  Ballots ballots_;
  Bootstrap bootstrap_;                     // over the problems behind the ballots
  std::vector<std::size_t> with_attempts_;  // which problems these are
  std::vector<double> baseline_;            // Maj1 of each
  int most_clusters_ = 0;
  int readable_ = 0;
  int scored_ = 0;
};

void Evaluation::make_ballots() {
  table_.num_problems = static_cast<int>(problems_.size());
  for (std::size_t p = 0; p < problems_.size(); ++p) {
    const std::vector<Candidate>& candidates = problems_[p].candidates;
    if (candidates.empty()) continue;
    const std::vector<Cluster> clustered = cluster_answers(candidates, options_.equality);
    ballots_.verifier.push_back(make_ballot(candidates, clustered, ScoreKind::verifier));
    ballots_.mean.push_back(make_ballot(candidates, clustered, ScoreKind::mean_log_prob));
    ballots_.sum.push_back(make_ballot(candidates, clustered, ScoreKind::sum_log_prob));
    ballots_.items.push_back(name_hash(problems_[p].id));
    with_attempts_.push_back(p);
    count(candidates, ballots_.verifier.back());
  }
  table_.has_scores = scored_ > 0;
  table_.unscored = table_.has_scores ? readable_ - scored_ : 0;
  if (with_attempts_.empty()) return;
  double attempts = 0;
  for (const Ballot& ballot : ballots_.mean) attempts += ballot.num_attempts;
  table_.unreadable /= attempts;
  table_.unknown /= attempts;
  for (double* mean : {&table_.right, &table_.mean_clusters, &table_.oracle})
    *mean /= static_cast<double>(with_attempts_.size());
}

// Adds one problem to the sums that make_ballots() divides.
void Evaluation::count(const std::vector<Candidate>& candidates, const Ballot& ballot) {
  table_.num_attempts = std::max(table_.num_attempts, ballot.num_attempts);
  table_.fewest_attempts =
      table_.fewest_attempts == 0 ? ballot.num_attempts : std::min(table_.fewest_attempts, ballot.num_attempts);
  table_.unreadable += ballot.num_unreadable;
  table_.right += share_right(ballot);
  table_.oracle += any_right(ballot);
  table_.mean_clusters += static_cast<double>(ballot.clusters.size());
  for (const Candidate& candidate : candidates) {
    table_.has_log_probs = table_.has_log_probs || !std::isnan(score_of(candidate, ScoreKind::mean_log_prob));
    if (!candidate.answer_found) continue;
    ++readable_;
    table_.unknown += candidate.unknown ? 1 : 0;
    scored_ += std::isnan(candidate.score) ? 0 : 1;
  }
}

void Evaluation::problem_rows() {
  for (std::size_t i = 0; i < with_attempts_.size(); ++i) {
    const RankedProblem& problem = problems_[with_attempts_[i]];
    std::optional<double> greedy;
    if (problem.greedy) greedy = problem.greedy->answer_found && problem.greedy->right ? 1 : 0;
    const Ballot& ballot = ballots_.mean[i];
    table_.problems.push_back({problem.id, greedy, share_right(ballot), baseline_[i], any_right(ballot)});
  }
}

void Evaluation::greedy_row() {
  std::vector<double> greedy;
  for (const RankedProblem& problem : problems_) {
    if (problem.greedy) greedy.push_back(problem.greedy->answer_found && problem.greedy->right ? 1 : 0);
  }
  if (greedy.empty()) return;
  // Paired where every problem has both; otherwise the difference would be one between different problems.
  const bool paired = greedy.size() == baseline_.size() && greedy.size() == problems_.size();
  const Estimate value =
      paired ? average(greedy) : estimate(greedy, {}, Bootstrap(greedy.size(), options_.bootstrap, options_.seed));
  table_.rows.push_back({"Pass@1", "the one greedy attempt", value, {}, {}, {}, 0});
}

void Evaluation::solver_rows() {
  greedy_row();
  if (with_attempts_.empty()) return;
  const std::string n = std::to_string(table_.num_attempts);
  add_solver("Pass@1 (sampled)", "one sampled attempt: the mean over all of them", values(ballots_.mean, share_right));
  add_solver("Maj1@" + n, "majority vote: one solution of a largest cluster", baseline_);
  for (const int k : options_.top_clusters) {
    if (k < 2) continue;  // Maj1 itself
    add_solver(fmt::format("Maj{}@{}", k, n), fmt::format("oracle: one of the {} largest clusters is right", k),
               values(ballots_.mean, [k](const Ballot& ballot) { return oracle_of_clusters(ballot, k); }));
  }
  if (table_.num_attempts < 2) return;  // the oracle over one attempt is no oracle, and its name is the greedy one's
  add_solver("Pass@" + n, "oracle: one of all attempts is right", values(ballots_.mean, any_right));
}

void Evaluation::add_ranked(const std::string& name, const std::string& meaning, const Value& value, const Value& cost,
                            bool baselines) {
  StrategyRow row{name, meaning, {}, {}, {}, {}, 0};
  if (table_.has_scores) row.verifier = average(values(ballots_.verifier, value));
  if (baselines && table_.has_log_probs) {
    row.mean_log_prob = average(values(ballots_.mean, value));
    row.sum_log_prob = average(values(ballots_.sum, value));
  }
  row.cost = estimate(values(ballots_.mean, cost)).mean;
  table_.rows.push_back(std::move(row));
}

void Evaluation::ranked_rows() {
  if (!table_.has_scores && !table_.has_log_probs) return;
  add_ranked("RR.All", "the best-scored solution of all", best_of_all, share_readable);
  for (const int k : options_.top_clusters) {
    add_ranked(
        fmt::format("RR.Top-{}", k), fmt::format("the best-scored solution in the {} largest clusters", k),
        [k](const Ballot& ballot) { return best_in_clusters(ballot, k); },
        [k](const Ballot& ballot) { return share_scored(ballot, k); });
  }
  for (const Aggregation by : options_.aggregations) {
    // Other weights than the method's are questions about a verifier; a log-probability is no chance to be right.
    if (by != Aggregation::sum && !table_.has_scores) continue;
    const std::string tag = by == Aggregation::sum ? "" : fmt::format(" ({})", to_string(by));
    const char* weight = by == Aggregation::sum        ? "largest sum of scores"
                         : by == Aggregation::mean     ? "largest mean score"
                         : by == Aggregation::log_odds ? "largest sum of log-odds"
                                                       : "best score, each cluster counting once";
    add_ranked(
        "W.RR" + tag, fmt::format("the cluster with the {}", weight),
        [by](const Ballot& ballot) { return weighted(ballot, by); }, share_readable, by == Aggregation::sum);
    for (const int k : options_.top_clusters) {
      add_ranked(
          fmt::format("W.RR.Top-{}{}", k, tag), fmt::format("the same among the {} largest clusters", k),
          [k, by](const Ballot& ballot) { return weighted_in_clusters(ballot, k, by); },
          [k](const Ballot& ballot) { return share_scored(ballot, k); }, by == Aggregation::sum);
    }
  }
  for (const int n : options_.top_n) {
    add_ranked(
        fmt::format("Maj1.Top-{}", n), fmt::format("majority vote among the {} best-scored solutions", n),
        [n](const Ballot& ballot) { return majority_of_top(ballot, n); }, share_readable);
  }
}

// pass@k and maj@k for every k up to N. A problem with fewer than k attempts takes all it has.
void Evaluation::attempt_curves() {
  Curve pass{"pass@k", "k"};
  Curve maj{"maj@k", "k"};
  const auto length = static_cast<std::size_t>(table_.num_attempts);
  std::vector<std::vector<Sampled>> votes;  // [problems][k - 1]
  bool exact = true;
  for (std::size_t p = 0; p < ballots_.mean.size(); ++p) {
    const Ballot& ballot = ballots_.mean[p];
    if (ballot.num_attempts <= options_.exact_up_to) {
      auto& own = votes.emplace_back();
      for (const double value : majority_at_each(ballot)) own.push_back({value, 0});
    } else {
      exact = false;
      votes.push_back(majority_at_each_sampled(ballot, options_.resamples, options_.seed, ballots_.items[p]));
    }
    votes.back().resize(length, votes.back().back());
  }
  for (std::size_t i = 0; i < length; ++i) {
    const int k = static_cast<int>(i) + 1;
    pass.at.push_back(k);
    pass.values.push_back(average(values(ballots_.mean, [k](const Ballot& ballot) {
      return pass_at_k(ballot.num_attempts, ballot.num_right, std::min(k, ballot.num_attempts));
    })));
    std::vector<double> own;
    double variance = 0;
    for (const auto& problem : votes) {
      own.push_back(problem[i].mean);
      variance += problem[i].variance;
    }
    maj.values.push_back(average(own));
    if (!exact) maj.resampling_error.push_back(std::sqrt(variance) / static_cast<double>(votes.size()));
  }
  maj.at = pass.at;
  table_.curves.push_back(std::move(pass));
  table_.curves.push_back(std::move(maj));
}

void Evaluation::add_curve(const std::string& name, const std::string& axis, int last, const ValueAt& value,
                           const ValueAt& cost) {
  Curve curve{name, axis};
  const bool solver_only = !cost;
  for (int k = 1; k <= last; ++k) {
    curve.at.push_back(k);
    const auto at_k = [&](const Ballot& ballot) { return value(ballot, k); };
    if (solver_only || table_.has_scores)
      curve.values.push_back(average(values(solver_only ? ballots_.mean : ballots_.verifier, at_k)));
    if (solver_only) continue;
    if (table_.has_log_probs) curve.baseline.push_back(estimate(values(ballots_.mean, at_k), baseline_));
    curve.cost.push_back(estimate(values(ballots_.mean, [&](const Ballot& ballot) { return cost(ballot, k); })).mean);
  }
  table_.curves.push_back(std::move(curve));
}

void Evaluation::ranked_curves() {
  add_curve("MajK", "K", most_clusters_, oracle_of_clusters, nullptr);
  if (!table_.has_scores && !table_.has_log_probs) return;
  add_curve("RR.MajK", "K", most_clusters_, best_in_clusters, share_scored);
  add_curve(
      "W.RR.MajK", "K", most_clusters_, [](const Ballot& ballot, int k) { return weighted_in_clusters(ballot, k); },
      share_scored);
  add_curve("Maj1.TopN", "N", table_.num_attempts, majority_of_top,
            [](const Ballot& ballot, int) { return share_readable(ballot); });
}

void Evaluation::quality() {
  const auto measure = [&](ScoreKind kind) {
    std::vector<Judged> judged;
    for (std::size_t i = 0; i < with_attempts_.size(); ++i) {
      for (const Candidate& candidate : problems_[with_attempts_[i]].candidates) {
        if (candidate.answer_found)
          judged.push_back({score_of(candidate, kind), candidate.right, static_cast<std::uint32_t>(i)});
      }
    }
    return verifier_quality(std::move(judged), bootstrap_, kind == ScoreKind::verifier);
  };
  if (table_.has_scores) table_.verifier = measure(ScoreKind::verifier);
  if (table_.has_log_probs) table_.mean_log_prob = measure(ScoreKind::mean_log_prob);
}

void Evaluation::add_group(const std::string& name, const std::vector<std::size_t>& members) {
  GroupRow row{name, static_cast<int>(members.size()), {}};
  const Bootstrap bootstrap(members.size(), options_.bootstrap, options_.seed);
  const auto add = [&](const std::string& strategy, const std::vector<Ballot>& ballots, const Value& value) {
    std::vector<double> own;
    for (const std::size_t i : members) own.push_back(value(ballots[i]));
    row.values.emplace_back(strategy, estimate(own, {}, bootstrap));
  };
  add("right", ballots_.mean, share_right);
  add(fmt::format("Maj1@{}", table_.num_attempts), ballots_.mean, majority);
  if (table_.has_scores) {
    add("RR.All", ballots_.verifier, best_of_all);
    for (const int k : options_.top_clusters) {
      add(fmt::format("RR.Top-{}", k), ballots_.verifier, [k](const Ballot& b) { return best_in_clusters(b, k); });
    }
    add("W.RR", ballots_.verifier, [](const Ballot& b) { return weighted(b); });
  }
  add(fmt::format("Pass@{}", table_.num_attempts), ballots_.mean, any_right);
  table_.groups.push_back(std::move(row));
}

void Evaluation::groups() {
  std::map<std::string, std::vector<std::size_t>> levels;
  std::map<std::string, std::vector<std::size_t>> subjects;
  for (std::size_t i = 0; i < with_attempts_.size(); ++i) {
    const RankedProblem& problem = problems_[with_attempts_[i]];
    if (problem.level) levels[fmt::format("level {}", *problem.level)].push_back(i);
    if (!problem.subject.empty()) subjects[problem.subject].push_back(i);
  }
  for (const auto* by_name : {&levels, &subjects}) {
    if (by_name->size() < 2) continue;
    for (const auto& [name, members] : *by_name) add_group(name, members);
  }
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

RankingTable evaluate(std::span<const RankedProblem> problems, const RankingOptions& options) {
  return Evaluation(problems, options).run();
}

}  // namespace ft::rerank
