// The table of an evaluation: every strategy over every problem, with intervals, costs and baselines.
//
//   RankingOptions options;                               // K = 8, N = 16
//   const RankingTable table = evaluate(problems, options);
//   table.find("Maj1")->solver->mean;                     // a share in [0, 1]
//
// Ranks share the work (table_share.h): each adds its problems, then answers its part of what the table asks for, and one
// puts the table together from the answers of all. evaluate() is the same on one rank.
//
//   Evaluation evaluation(shares, options);
//   const std::string mine = evaluation.answer(rank, ranks, scratch);
//   const RankingTable table = evaluation.table(answers_of_all_ranks);
//
// Works on scored and on unscored attempts. Without any verifier score the verifier's columns are absent; the
// baselines, which put the solver's own log-probability in the verifier's place, are there where it is known.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "framework/rerank/candidate.h"
#include "framework/rerank/cluster.h"
#include "framework/rerank/metrics.h"
#include "framework/rerank/pages.h"
#include "framework/rerank/strategies.h"
#include "framework/rerank/verifier_quality.h"

namespace ft::rerank {

// What a rank has put down of its problems, as others see it.
struct TableShareView {
  const Pages* pages = nullptr;
  std::string directory;  // TableShare::finish()
};

struct RankingOptions {
  std::vector<int> top_clusters{8};  // each K of RR.MajK and W.RR.MajK that has rows in the table
  std::vector<int> top_n{16};        // each N of Maj1.TopN likewise
  std::vector<Aggregation> aggregations{Aggregation::sum, Aggregation::mean, Aggregation::max, Aggregation::log_odds};
  int exact_up_to = 128;  // maj@k is an exact expectation up to this many attempts, a resampling beyond
  int resamples = 2000;   // of that resampling, for each problem
  int bootstrap = 1000;   // resamples of the intervals; 0 for none
  std::uint64_t seed = 1;
  int scored_clusters = 0;   // K, where only attempts in the K largest clusters were scored; 0: all were
  bool keep_values = false;  // what each problem contributes to each strategy, for comparisons with other tables
  AnswerEquality equality = grader_equality();  // of the votes
};

// One strategy. `solver` for strategies that use no score; the others where a score decides.
struct StrategyRow {
  std::string name;     // "Pass@1", "Maj1", "RR.Top-8", "W.RR", ...
  std::string meaning;  // one line for the reader
  std::optional<Estimate> solver;
  std::optional<Estimate> verifier;
  std::optional<Estimate> mean_log_prob;
  std::optional<Estimate> sum_log_prob;
  double cost = 0;  // attempts that must be scored / all attempts, mean over problems
};

// An accuracy as a function of k, K or N.
struct Curve {
  std::string name;  // "RR.MajK", "maj@k", ...
  std::string axis;  // "K", "N", "k"
  std::vector<int> at{};
  std::vector<Estimate> values{};    // by the verifier where it applies, by the solver alone otherwise
  std::vector<Estimate> baseline{};  // the same by mean log-probability, without intervals; empty where it is not known
  std::vector<double> cost{};        // empty where no score is used
  std::vector<double> resampling_error{};  // maj@k, beyond exact_up_to: standard error of each mean by the draws
};

struct GroupRow {
  std::string group;  // "level 3", "algebra"
  int num_problems = 0;
  std::vector<std::pair<std::string, Estimate>> values;  // by strategy name
};

// Attempts that state their answer in one way: where training showed solutions of several styles, this tells them apart. Of
// those with a readable answer, whose form is known.
struct FormRow {
  std::string form;  // "boxed", "# Answer", ...
  std::int64_t sampled = 0, sampled_right = 0;
  std::int64_t greedy = 0, greedy_right = 0;
  friend bool operator==(const FormRow&, const FormRow&) = default;
};

// What each problem contributes, so that two tables over the same problems can be compared pair by pair.
struct ProblemRow {
  std::string id;
  std::optional<double> greedy;  // Pass@1
  double sampled = 0;            // share of right attempts
  double majority = 0;           // Maj1
  double oracle = 0;             // Pass@N
  std::int64_t place = 0;        // among all problems
  std::optional<double> ranked;  // W.RR by the verifier, where any attempt has a score
};

// The same for one strategy: a value for each of the table's problems, in their order.
struct StrategyValues {
  std::string strategy;         // the row's name
  std::optional<ScoreKind> by;  // what it ranks by; none: votes
  std::vector<double> values;
};

struct RankingTable {
  int num_problems = 0;
  int num_attempts = 0;     // N: the largest number of attempts of a problem
  int fewest_attempts = 0;  // the smallest; where it is below N, maj@k and pass@k take all of such a problem's attempts
  bool has_scores = false;  // any verifier score
  bool has_log_probs = false;  // any log-probability of the solver
  int unscored = 0;            // readable attempts without a score, where others have one
  double unreadable = 0;       // share of attempts without a readable answer
  double unknown = 0;          // share of attempts whose verdict is unknown
  double right = 0;            // share of attempts that are right: the mean over problems
  double mean_clusters = 0;    // clusters a problem
  double oracle = 0;           // Pass@N: what a perfect choice would reach
  int bootstrap = 0;           // resamples behind the intervals
  std::vector<StrategyRow> rows;
  std::vector<Curve> curves;
  std::optional<VerifierQuality> verifier;
  std::optional<VerifierQuality> mean_log_prob;
  std::vector<GroupRow> groups;
  std::vector<FormRow> forms;        // the most frequent first
  std::vector<ProblemRow> problems;  // those with attempts, in the order given
  // RankingOptions::keep_values: of the strategies; and whether the greedy attempt is right, of all problems that have one.
  std::vector<StrategyValues> values;
  std::vector<std::pair<std::string, double>> greedy;

  // Null where there is no such row.
  [[nodiscard]] const StrategyRow* find(std::string_view name) const;
  [[nodiscard]] const Curve* find_curve(std::string_view name) const;
};

class Evaluation {
 public:
  // The shares of all ranks; their pages must outlive this.
  Evaluation(std::span<const TableShareView> shares, RankingOptions options);
  ~Evaluation();

  // What `rank` of `ranks` finds out for the table; `scratch` is its own.
  [[nodiscard]] std::string answer(int rank, int ranks, Pages& scratch) const;
  // From the answers of all ranks, in their order.
  [[nodiscard]] RankingTable table(std::span<const std::string> answers) const;

 private:
  struct Body;
  std::unique_ptr<Body> body_;
};

// The order of a problem's attempts changes no bit of the result. That of the problems changes the rounding of sums and
// the resamples, so hand them over in one fixed order where bits matter. Problems without candidates take part in
// Pass@1 only if they have a greedy attempt.
[[nodiscard]] RankingTable evaluate(std::span<const RankedProblem> problems, const RankingOptions& options);

}  // namespace ft::rerank
