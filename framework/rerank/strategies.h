// The ways to choose one answer from many attempts at one problem, each as the probability that its choice is right.
//
// A Ballot is a problem's attempts, clustered once, with one score an attempt. Every function is exact under ties: see
// expectation.h for what a tie means. The names are the method's: Maj1, MajK, RR.All, RR.MajK, W.RR, W.RR.MajK,
// Maj1.TopN.
//
// Two rules hold throughout. Unreadable attempts are in no cluster: they are chosen by no strategy and count as wrong
// only in that they take up places among the N (Pass@1, pass@k, maj@k draw from all attempts). And where no attempt of
// a problem is readable, every strategy is worth 0.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "framework/rerank/candidate.h"
#include "framework/rerank/cluster.h"

namespace ft::rerank {

// Which number a strategy ranks by.
enum class ScoreKind {
  verifier,       // Candidate::score
  mean_log_prob,  // the solver's own opinion: log-probability a token
  sum_log_prob,   // and of the whole text
};

[[nodiscard]] const char* name_of(ScoreKind kind);  // "verifier", ...
// NaN where there is none (no verifier score; no token).
[[nodiscard]] double score_of(const Candidate& candidate, ScoreKind kind);

struct Ballot {
  int num_attempts = 0;
  int num_unreadable = 0;
  int num_right = 0;
  std::vector<Cluster> clusters;  // largest first
  std::vector<double> scores;     // one an attempt; -inf where it has none, so that it loses to every one that has
  std::vector<bool> right;        // one an attempt

  [[nodiscard]] int num_readable() const { return num_attempts - num_unreadable; }
};

[[nodiscard]] Ballot make_ballot(std::span<const Candidate> candidates, std::vector<Cluster> clusters, ScoreKind kind);
// The same votes with another score.
void rank_by(Ballot& ballot, std::span<const Candidate> candidates, ScoreKind kind);

// Plain majority vote: a largest cluster, uniformly among ties; one of its members.
[[nodiscard]] double majority(const Ballot& ballot);

// Majority vote among k attempts drawn without replacement from all N, the unreadable ones included, for every k from 1
// to N (element k - 1): the expectation over all draws, exact. The last is `majority`. For N up to a few hundred.
[[nodiscard]] std::vector<double> majority_at_each(const Ballot& ballot);

struct Sampled {
  double mean = 0;
  double variance = 0;  // of `mean`, by the draws: deviation^2 / resamples
};
// The same by `resamples` seeded draws, for N where the exact sum is too slow; `item` tells problems apart. One shuffle
// serves every k.
[[nodiscard]] std::vector<Sampled> majority_at_each_sampled(const Ballot& ballot, int resamples, std::uint64_t seed,
                                                            std::uint64_t item);

// The best-scored solution in the K largest clusters, uniformly among equal scores. K = 1 is `majority` by definition:
// one cluster needs no score. K at least the number of clusters, and at least 2: RR.All.
[[nodiscard]] double best_in_clusters(const Ballot& ballot, int k);

// How the scores of a cluster become its weight. Attempts without a score are left out.
enum class Aggregation {
  sum,       // of S = exp(score): the method's
  mean,      // of S
  max,       // the best S
  log_odds,  // sum of log S - log(1 - S), each held within +-36, where double arithmetic ends
};
[[nodiscard]] std::string_view to_string(Aggregation aggregation);

// The heaviest of the K largest clusters, uniformly among equal weights. Sums are taken relative to the problem's best
// score and in ascending order, so they depend on neither scale nor order. K = 1 is `majority`: one cluster needs no
// weight.
[[nodiscard]] double weighted_in_clusters(const Ballot& ballot, int k, Aggregation aggregation = Aggregation::sum);
// W.RR: over all clusters.
[[nodiscard]] double weighted(const Ballot& ballot, Aggregation aggregation = Aggregation::sum);

// Majority vote among the n best-scored readable solutions; solutions that tie for the last places take them uniformly
// at random: exactly, and by seeded draws where very many tie. n = 1 is RR.All, n >= the readable ones is `majority`.
[[nodiscard]] double majority_of_top(const Ballot& ballot, int n);

// The share of the N attempts that must be scored to rank within the K largest clusters: all of their members; none for
// K = 1. Clusters that tie for the last seat have the same size, so the share does not depend on the pick.
[[nodiscard]] double share_scored(const Ballot& ballot, int k);

// The same for K = 1, 2, ... (element K - 1), up to where nothing changes any more, but at least to 2; majority_of_top for
// n = 1 up to the readable attempts. Time O(C^2 log C) for C clusters, and less where few scores are equal.
// The oracle over the K largest clusters: 1 if one of them is right; over all of them Pass@N.
[[nodiscard]] std::vector<double> oracle_at_each(const Ballot& ballot);
[[nodiscard]] std::vector<double> best_at_each(const Ballot& ballot);
[[nodiscard]] std::vector<double> weighted_at_each(const Ballot& ballot, Aggregation aggregation = Aggregation::sum);
[[nodiscard]] std::vector<double> majority_of_top_at_each(const Ballot& ballot);
[[nodiscard]] std::vector<double> share_scored_at_each(const Ballot& ballot);

}  // namespace ft::rerank
