#include "framework/rerank/ranking.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <map>
#include <utility>

#include "framework/base/philox.h"
#include "framework/rerank/cluster.h"
#include "framework/rerank/strategies.h"

namespace ft::rerank {
namespace {

struct Ballots {
  std::vector<Ballot> verifier;
  std::vector<Ballot> mean;
  std::vector<Ballot> sum;
  std::vector<std::uint64_t> items;  // names of the problems, for random numbers
};

// 1, 2, 4, ... up to and with n.
std::vector<int> powers_of_two(int n) {
  std::vector<int> result;
  for (int k = 1; k < n; k *= 2) result.push_back(k);
  if (n >= 1) result.push_back(n);
  return result;
}

class Evaluation {
 public:
  Evaluation(std::span<const RankedProblem> problems, const RankingOptions& options)
      : problems_(problems), options_(options) {}

  RankingTable run() {
    make_ballots();
    for (const Ballot& ballot : ballots_.mean) {
      baseline_.push_back(majority(ballot));
      most_clusters_ = std::max(most_clusters_, static_cast<int>(ballot.clusters.size()));
    }
    solver_rows();
    ranked_rows();
    attempt_curves();
    ranked_curves();
    quality();
    groups();
    return std::move(table_);
  }

 private:
  using Value = std::function<double(const Ballot&)>;

  void make_ballots();
  void solver_rows();
  void ranked_rows();
  void attempt_curves();
  void ranked_curves();
  void quality();
  void groups();
  void add_group(const std::string& name, const std::vector<std::size_t>& members);

  [[nodiscard]] std::vector<double> values(const std::vector<Ballot>& ballots, const Value& value) const {
    std::vector<double> result;
    result.reserve(ballots.size());
    for (const Ballot& ballot : ballots) result.push_back(value(ballot));
    return result;
  }
  [[nodiscard]] Estimate average(const std::vector<double>& values, const std::string& name,
                                 bool interval = true) const {
    return estimate(values, baseline_, {interval ? options_.bootstrap : 0, options_.seed}, name);
  }
  void add_solver(const std::string& name, const std::string& meaning, const std::vector<double>& values) {
    table_.rows.push_back({name, meaning, average(values, name), {}, {}, {}, 0});
  }
  void add_ranked(const std::string& name, const std::string& meaning, const Value& value, const Value& cost);
  void add_curve(const std::string& name, const std::string& axis, int last,
                 const std::function<double(const Ballot&, int)>& value,
                 const std::function<double(const Ballot&, int)>& cost);

  std::span<const RankedProblem> problems_;
  const RankingOptions& options_;
  RankingTable table_;
  Ballots ballots_;
  std::vector<std::size_t> with_attempts_;  // problems behind the ballots
  std::vector<double> baseline_;            // Maj1 of each
  int most_clusters_ = 0;
  int fewest_attempts_ = 0;
};

void Evaluation::make_ballots() {
  table_.num_problems = static_cast<int>(problems_.size());
  double unreadable = 0;
  double unknown = 0;
  double attempts = 0;
  double right = 0;
  double clusters = 0;
  int scored = 0;
  int readable = 0;
  for (std::size_t p = 0; p < problems_.size(); ++p) {
    const std::vector<Candidate>& candidates = problems_[p].candidates;
    if (candidates.empty()) continue;
    const std::vector<Cluster> clustered = cluster_answers(candidates);
    ballots_.verifier.push_back(make_ballot(candidates, clustered, ScoreKind::verifier));
    ballots_.mean.push_back(make_ballot(candidates, clustered, ScoreKind::mean_log_prob));
    ballots_.sum.push_back(make_ballot(candidates, clustered, ScoreKind::sum_log_prob));
    ballots_.items.push_back(name_hash(problems_[p].id));
    with_attempts_.push_back(p);
    const Ballot& ballot = ballots_.verifier.back();
    table_.num_attempts = std::max(table_.num_attempts, ballot.num_attempts);
    fewest_attempts_ = fewest_attempts_ == 0 ? ballot.num_attempts : std::min(fewest_attempts_, ballot.num_attempts);
    attempts += ballot.num_attempts;
    unreadable += ballot.num_unreadable;
    right += static_cast<double>(ballot.num_right) / ballot.num_attempts;
    clusters += static_cast<double>(ballot.clusters.size());
    for (const Candidate& candidate : candidates) {
      unknown += candidate.answer_found && candidate.unknown ? 1 : 0;
      readable += candidate.answer_found ? 1 : 0;
      scored += candidate.answer_found && !std::isnan(candidate.score) ? 1 : 0;
    }
  }
  table_.has_scores = scored > 0;
  table_.unscored = table_.has_scores ? readable - scored : 0;
  if (with_attempts_.empty()) return;
  table_.unreadable = unreadable / attempts;
  table_.unknown = unknown / attempts;
  table_.right = right / static_cast<double>(with_attempts_.size());
  table_.mean_clusters = clusters / static_cast<double>(with_attempts_.size());
}

void Evaluation::solver_rows() {
  std::vector<double> greedy;
  std::vector<double> greedy_baseline;
  for (const RankedProblem& problem : problems_) {
    if (problem.greedy) greedy.push_back(problem.greedy->answer_found && problem.greedy->right ? 1 : 0);
  }
  if (!greedy.empty()) {
    const bool paired = greedy.size() == baseline_.size() && greedy.size() == problems_.size();
    table_.rows.push_back({"Pass@1",
                           "the one greedy attempt",
                           estimate(greedy, paired ? std::span<const double>(baseline_) : std::span<const double>(),
                                    {options_.bootstrap, options_.seed}, "Pass@1"),
                           {},
                           {},
                           {},
                           0});
  }
  if (with_attempts_.empty()) return;
  const std::string n = std::to_string(table_.num_attempts);
  add_solver("Maj1@" + n, "majority vote: one solution of a largest cluster", baseline_);
  const int k = options_.top_clusters;
  add_solver(fmt::format("Maj{}@{}", k, n), fmt::format("oracle: one of the {} largest clusters is right", k),
             values(ballots_.mean, [k](const Ballot& ballot) { return oracle_of_clusters(ballot, k); }));
  if (table_.num_attempts < 2) return;  // the oracle over one attempt is no oracle, and its name is the greedy one's
  add_solver("Pass@" + n, "oracle: one of all attempts is right",
             values(ballots_.mean, [](const Ballot& ballot) { return ballot.num_right > 0 ? 1.0 : 0.0; }));
}

void Evaluation::add_ranked(const std::string& name, const std::string& meaning, const Value& value,
                            const Value& cost) {
  StrategyRow row{name, meaning, {}, {}, {}, {}, 0};
  if (table_.has_scores) row.verifier = average(values(ballots_.verifier, value), name);
  row.mean_log_prob = average(values(ballots_.mean, value), name + " mean");
  row.sum_log_prob = average(values(ballots_.sum, value), name + " sum");
  row.cost = estimate(values(ballots_.mean, cost), {}, {}, "").mean;
  table_.rows.push_back(std::move(row));
}

void Evaluation::ranked_rows() {
  if (with_attempts_.empty()) return;
  const int k = options_.top_clusters;
  const int n = options_.top_n;
  const Value all = [](const Ballot& ballot) {
    return static_cast<double>(ballot.num_readable()) / ballot.num_attempts;
  };
  const Value top = [k](const Ballot& ballot) { return share_scored(ballot, k); };
  add_ranked("RR.All", "the best-scored solution of all", best_of_all, all);
  add_ranked(
      fmt::format("RR.Top-{}", k), fmt::format("the best-scored solution in the {} largest clusters", k),
      [k](const Ballot& ballot) { return best_in_clusters(ballot, k); }, top);
  add_ranked("W.RR", "the cluster with the largest sum of scores", weighted, all);
  add_ranked(
      fmt::format("W.RR.Top-{}", k), fmt::format("the same among the {} largest clusters", k),
      [k](const Ballot& ballot) { return weighted_in_clusters(ballot, k); }, top);
  add_ranked(
      fmt::format("Maj1.Top-{}", n), fmt::format("majority vote among the {} best-scored solutions", n),
      [n](const Ballot& ballot) { return majority_of_top(ballot, n); }, all);
}

// pass@k and maj@k for k = 1, 2, 4, ..., as far as every problem has so many attempts.
void Evaluation::attempt_curves() {
  Curve pass{"pass@k", "k", powers_of_two(fewest_attempts_), {}, {}, {}};
  Curve maj{"maj@k", "k", pass.at, {}, {}, {}};
  for (const int k : pass.at) {
    pass.values.push_back(
        average(values(ballots_.mean,
                       [k](const Ballot& ballot) { return pass_at_k(ballot.num_attempts, ballot.num_right, k); }),
                fmt::format("pass@{}", k), false));
    std::vector<double> votes;
    for (std::size_t p = 0; p < ballots_.mean.size(); ++p) {
      const Ballot& ballot = ballots_.mean[p];
      const bool exact = ballot.num_attempts <= options_.exact_up_to || k == 1 || k == ballot.num_attempts;
      if (k == ballot.num_attempts)
        votes.push_back(baseline_[p]);
      else if (exact)
        votes.push_back(majority_at(ballot, k));
      else
        votes.push_back(majority_at_sampled(ballot, k, options_.resamples, options_.seed, ballots_.items[p]));
    }
    maj.values.push_back(average(votes, fmt::format("maj@{}", k), false));
  }
  if (pass.at.empty()) return;
  table_.curves.push_back(std::move(pass));
  table_.curves.push_back(std::move(maj));
}

void Evaluation::add_curve(const std::string& name, const std::string& axis, int last,
                           const std::function<double(const Ballot&, int)>& value,
                           const std::function<double(const Ballot&, int)>& cost) {
  Curve curve{name, axis, {}, {}, {}, {}};
  const bool solver_only = !cost;
  for (int k = 1; k <= last; ++k) {
    curve.at.push_back(k);
    const auto at_k = [&](const Ballot& ballot) { return value(ballot, k); };
    const std::string site = fmt::format("{} {}", name, k);
    if (solver_only || table_.has_scores) {
      curve.values.push_back(average(values(solver_only ? ballots_.mean : ballots_.verifier, at_k), site, false));
    }
    if (solver_only) continue;
    curve.baseline.push_back(average(values(ballots_.mean, at_k), site, false));
    curve.cost.push_back(
        estimate(values(ballots_.mean, [&](const Ballot& ballot) { return cost(ballot, k); }), {}, {}, "").mean);
  }
  table_.curves.push_back(std::move(curve));
}

void Evaluation::ranked_curves() {
  if (with_attempts_.empty()) return;
  add_curve("MajK", "K", most_clusters_, oracle_of_clusters, nullptr);
  add_curve("RR.MajK", "K", most_clusters_, best_in_clusters, share_scored);
  add_curve("W.RR.MajK", "K", most_clusters_, weighted_in_clusters, share_scored);
  add_curve("Maj1.TopN", "N", table_.num_attempts, majority_of_top,
            [](const Ballot& ballot, int) { return static_cast<double>(ballot.num_readable()) / ballot.num_attempts; });
}

void Evaluation::quality() {
  const auto measure = [&](ScoreKind kind) {
    VerifierQuality quality;
    std::vector<Scored> pooled;
    double sum = 0;
    for (const std::size_t p : with_attempts_) {
      std::vector<Scored> own;
      for (const Candidate& candidate : problems_[p].candidates) {
        if (candidate.answer_found) own.push_back({score_of(candidate, kind), candidate.right});
      }
      pooled.insert(pooled.end(), own.begin(), own.end());
      if (const auto area = area_under_curve(std::move(own))) {
        sum += *area;
        ++quality.problems_with_both;
      }
    }
    quality.auc_pooled = area_under_curve(std::move(pooled));
    if (quality.problems_with_both > 0) quality.auc_within_problem = sum / quality.problems_with_both;
    return quality;
  };
  if (table_.has_scores) table_.verifier = measure(ScoreKind::verifier);
  table_.mean_log_prob = measure(ScoreKind::mean_log_prob);
}

void Evaluation::add_group(const std::string& name, const std::vector<std::size_t>& members) {
  GroupRow row{name, static_cast<int>(members.size()), {}};
  const auto add = [&](const std::string& strategy, const std::vector<Ballot>& ballots, const Value& value) {
    std::vector<double> own;
    for (const std::size_t i : members) own.push_back(value(ballots[i]));
    row.values.emplace_back(strategy, estimate(own, {}, {}, ""));
  };
  const int k = options_.top_clusters;
  add("right", ballots_.mean, [](const Ballot& b) { return static_cast<double>(b.num_right) / b.num_attempts; });
  add(fmt::format("Maj1@{}", table_.num_attempts), ballots_.mean, majority);
  if (table_.has_scores) {
    add("RR.All", ballots_.verifier, best_of_all);
    add(fmt::format("RR.Top-{}", k), ballots_.verifier, [k](const Ballot& b) { return best_in_clusters(b, k); });
  }
  add(fmt::format("Pass@{}", table_.num_attempts), ballots_.mean,
      [](const Ballot& b) { return b.num_right > 0 ? 1.0 : 0.0; });
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
