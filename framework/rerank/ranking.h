// The table of an evaluation: every strategy over every problem, with errors, costs and baselines.
//
//   RankingOptions options;                               // top_clusters 8, top_n 16
//   const RankingTable table = evaluate(problems, options);
//   table.find("Maj1")->solver.mean;                      // a share in [0, 1]
//
// Works on scored and on unscored attempts. Without any verifier score the verifier's columns are absent; the
// baselines, which put the solver's own log-probability in the verifier's place, are there in both cases.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "framework/rerank/candidate.h"
#include "framework/rerank/metrics.h"

namespace ft::rerank {

struct RankingOptions {
  int top_clusters = 8;   // K of RR.MajK and W.RR.MajK in the table
  int top_n = 16;         // N of Maj1.TopN in the table
  int exact_up_to = 128;  // maj@k is an exact expectation up to this many attempts, a resampling beyond
  int resamples = 2000;   // of that resampling, for each problem
  int bootstrap = 1000;   // resamples of the paired interval; 0 for none
  std::uint64_t seed = 1;
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
  std::vector<int> at;
  std::vector<Estimate> values;    // by the verifier where it applies, by the solver alone otherwise
  std::vector<Estimate> baseline;  // the same by mean log-probability; empty where no score is used
  std::vector<double> cost;        // empty where no score is used
};

// Where the verifier scores right above wrong.
struct VerifierQuality {
  std::optional<double> auc_pooled;          // over all attempts of all problems
  std::optional<double> auc_within_problem;  // mean over the problems that have both right and wrong attempts
  int problems_with_both = 0;
};

struct GroupRow {
  std::string group;  // "level 3", "algebra"
  int num_problems = 0;
  std::vector<std::pair<std::string, Estimate>> values;  // by strategy name
};

struct RankingTable {
  int num_problems = 0;
  int num_attempts = 0;      // N: the largest number of attempts of a problem
  bool has_scores = false;   // any verifier score
  int unscored = 0;          // readable attempts without one, where others have one
  double unreadable = 0;     // share of attempts without a readable answer
  double unknown = 0;        // share of attempts whose verdict is unknown
  double right = 0;          // share of attempts that are right: the mean over problems
  double mean_clusters = 0;  // clusters a problem
  std::vector<StrategyRow> rows;
  std::vector<Curve> curves;
  std::optional<VerifierQuality> verifier;
  VerifierQuality mean_log_prob;
  std::vector<GroupRow> groups;

  // Null where there is no such row.
  [[nodiscard]] const StrategyRow* find(std::string_view name) const;
  [[nodiscard]] const Curve* find_curve(std::string_view name) const;
};

// `problems` in any order: the result depends on the order only through the rounding of sums, so hand them over in one
// fixed order where bits matter. Problems without candidates take part in Pass@1 only if they have a greedy attempt.
[[nodiscard]] RankingTable evaluate(std::span<const RankedProblem> problems, const RankingOptions& options);

}  // namespace ft::rerank
