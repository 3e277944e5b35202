#include "framework/rerank/strategies.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>

#include "framework/base/error.h"
#include "framework/base/philox.h"
#include "framework/rerank/expectation.h"

namespace ft::rerank {
namespace {

// The K largest clusters: those that belong in any case, and those that tie for the rest of the seats.
struct Selection {
  std::vector<const Cluster*> sure;
  std::vector<const Cluster*> tied;
  int seats = 0;
};

Selection largest(const Ballot& ballot, int k) {
  FT_CHECK(k >= 1, "the {} largest clusters", k);
  Selection selection;
  const int count = std::min(k, static_cast<int>(ballot.clusters.size()));
  if (count == 0) return selection;
  const int boundary = ballot.clusters[static_cast<std::size_t>(count) - 1].size();
  for (const Cluster& cluster : ballot.clusters) {
    if (cluster.size() > boundary) selection.sure.push_back(&cluster);
    if (cluster.size() == boundary) selection.tied.push_back(&cluster);
  }
  selection.seats = count - static_cast<int>(selection.sure.size());
  return selection;
}

template <typename ToContender>
std::pair<std::vector<Contender>, std::vector<Contender>> contenders(const Selection& selection,
                                                                     const ToContender& to) {
  std::pair<std::vector<Contender>, std::vector<Contender>> result;
  for (const Cluster* cluster : selection.sure) result.first.push_back(to(*cluster));
  for (const Cluster* cluster : selection.tied) result.second.push_back(to(*cluster));
  return result;
}

}  // namespace

double score_of(const Candidate& candidate, ScoreKind kind) {
  switch (kind) {
    case ScoreKind::verifier:
      return candidate.score;
    case ScoreKind::mean_log_prob:
      return candidate.num_tokens > 0 ? candidate.log_prob / candidate.num_tokens : Candidate::kNoScore;
    case ScoreKind::sum_log_prob:
      return candidate.log_prob;
  }
  return Candidate::kNoScore;
}

Ballot make_ballot(std::span<const Candidate> candidates, std::vector<Cluster> clusters, ScoreKind kind) {
  Ballot ballot;
  ballot.num_attempts = static_cast<int>(candidates.size());
  ballot.clusters = std::move(clusters);
  for (const Candidate& candidate : candidates) {
    const double score = score_of(candidate, kind);
    const bool right = candidate.answer_found && candidate.right;
    ballot.scores.push_back(std::isnan(score) ? -std::numeric_limits<double>::infinity() : score);
    ballot.right.push_back(right);
    ballot.num_unreadable += candidate.answer_found ? 0 : 1;
    ballot.num_right += right ? 1 : 0;
  }
  return ballot;
}

double majority(const Ballot& ballot) {
  const Selection selection = largest(ballot, 1);
  double sum = 0;
  for (const Cluster* cluster : selection.tied) sum += cluster->share_right();
  return selection.tied.empty() ? 0 : sum / static_cast<double>(selection.tied.size());
}

std::vector<double> majority_at_each(const Ballot& ballot) {
  std::vector<int> votes;
  std::vector<int> right;
  for (const Cluster& cluster : ballot.clusters) {
    votes.push_back(cluster.size());
    right.push_back(cluster.right);
  }
  std::vector<double> result = expected_majority_at_each(votes, right, ballot.num_unreadable);
  if (!result.empty()) result.back() = majority(ballot);  // the same up to rounding
  return result;
}

std::vector<Sampled> majority_at_each_sampled(const Ballot& ballot, int resamples, std::uint64_t seed,
                                              std::uint64_t item) {
  FT_CHECK(resamples > 0, "{} resamples", resamples);
  const Philox random(seed, "maj@k");
  constexpr std::size_t kNone = static_cast<std::size_t>(-1);
  const auto count = static_cast<std::size_t>(ballot.num_attempts);
  std::vector<std::size_t> cluster_of(count, kNone);
  for (std::size_t c = 0; c < ballot.clusters.size(); ++c) {
    for (const int member : ballot.clusters[c].members) cluster_of[static_cast<std::size_t>(member)] = c;
  }
  // Clusters in their own order, so that the draw does not depend on the order of the attempts.
  std::sort(cluster_of.begin(), cluster_of.end());
  std::vector<double> sums(count, 0);
  std::vector<double> squares(count, 0);
  std::vector<int> votes(ballot.clusters.size());
  for (int r = 0; r < resamples; ++r) {
    std::fill(votes.begin(), votes.end(), 0);
    int most = 0;
    double share = 0;  // of right ones, summed over the answers with `most` votes
    double winners = 0;
    const std::uint64_t first = static_cast<std::uint64_t>(r) * count;
    for (std::size_t i = 0; i < count; ++i) {  // a shuffle; after step i the first i + 1 are the draw of k = i + 1
      std::swap(cluster_of[i], cluster_of[i + random.below(count - i, item, first + i)]);
      if (const std::size_t c = cluster_of[i]; c != kNone) {
        const int now = ++votes[c];
        if (now > most) share = winners = 0;
        if (now >= most) {
          most = now;
          share += ballot.clusters[c].share_right();
          winners += 1;
        }
      }
      const double value = winners > 0 ? share / winners : 0;
      sums[i] += value;
      squares[i] += value * value;
    }
  }
  std::vector<Sampled> result(count);
  for (std::size_t i = 0; i < count; ++i) {
    const double mean = sums[i] / resamples;
    result[i] = {mean, std::max(0.0, squares[i] / resamples - mean * mean) / resamples};
  }
  if (count > 0) result.back() = {majority(ballot), 0};
  return result;
}

double oracle_of_clusters(const Ballot& ballot, int k) {
  const Selection selection = largest(ballot, k);
  // "One of them is right" asks for one representative a cluster, so a mixed cluster counts by its share; with all
  // clusters chosen any right attempt will do.
  if (k >= static_cast<int>(ballot.clusters.size())) return ballot.num_right > 0 ? 1 : 0;
  const auto [sure, tied] = contenders(selection, [](const Cluster& cluster) {
    return Contender{0, 1, cluster.share_right()};
  });
  return expected_any(sure, tied, selection.seats);
}

double best_in_clusters(const Ballot& ballot, int k) {
  if (k == 1) return majority(ballot);
  const Selection selection = largest(ballot, k);
  const auto [sure, tied] = contenders(selection, [&](const Cluster& cluster) {
    Contender contender{-std::numeric_limits<double>::infinity(), 0, 0};
    for (const int member : cluster.members) {
      const auto i = static_cast<std::size_t>(member);
      if (ballot.scores[i] > contender.level) contender = {ballot.scores[i], 0, 0};
      if (ballot.scores[i] == contender.level) {
        contender.tickets += 1;
        contender.right += ballot.right[i] ? 1 : 0;
      }
    }
    return contender;
  });
  return expected_best(sure, tied, selection.seats);
}

double best_of_all(const Ballot& ballot) {
  return best_in_clusters(ballot, std::max(2, static_cast<int>(ballot.clusters.size())));
}

std::string_view to_string(Aggregation aggregation) {
  switch (aggregation) {
    case Aggregation::sum:
      return "sum";
    case Aggregation::mean:
      return "mean";
    case Aggregation::max:
      return "max";
    case Aggregation::log_odds:
      return "log-odds";
  }
  return "sum";
}

namespace {

// log S - log(1 - S)
double log_odds(double score) {
  constexpr double kMost = 36;
  if (score >= 0) return kMost;
  return std::clamp(score - std::log(-std::expm1(score)), -kMost, kMost);
}

// The cluster's weight; -infinity where none of its attempts has a score. `best`: the best score of the problem.
double weight_of(const Ballot& ballot, const Cluster& cluster, Aggregation aggregation, double best) {
  std::vector<double> parts;
  for (const int member : cluster.members) {
    const double score = ballot.scores[static_cast<std::size_t>(member)];
    if (std::isinf(score)) continue;
    if (aggregation == Aggregation::max) parts.push_back(score);
    if (aggregation == Aggregation::log_odds) parts.push_back(log_odds(score));
    if (aggregation == Aggregation::sum || aggregation == Aggregation::mean) parts.push_back(std::exp(score - best));
  }
  if (parts.empty()) return -std::numeric_limits<double>::infinity();
  std::sort(parts.begin(), parts.end());
  if (aggregation == Aggregation::max) return parts.back();
  double sum = 0;
  for (const double part : parts) sum += part;
  return aggregation == Aggregation::mean ? sum / static_cast<double>(parts.size()) : sum;
}

}  // namespace

double weighted_in_clusters(const Ballot& ballot, int k, Aggregation aggregation) {
  if (k == 1) return majority(ballot);
  const Selection selection = largest(ballot, k);
  double best = -std::numeric_limits<double>::infinity();
  for (const Cluster& cluster : ballot.clusters) {
    for (const int member : cluster.members) best = std::max(best, ballot.scores[static_cast<std::size_t>(member)]);
  }
  const auto [sure, tied] = contenders(selection, [&](const Cluster& cluster) {
    return Contender{weight_of(ballot, cluster, aggregation, best), 1, cluster.share_right()};
  });
  return expected_best(sure, tied, selection.seats);
}

double weighted(const Ballot& ballot, Aggregation aggregation) {
  return weighted_in_clusters(ballot, std::max(2, static_cast<int>(ballot.clusters.size())), aggregation);
}

double majority_of_top(const Ballot& ballot, int n) {
  FT_CHECK(n >= 1, "the {} best-scored solutions", n);
  std::vector<double> scores;
  for (const Cluster& cluster : ballot.clusters) {
    for (const int member : cluster.members) scores.push_back(ballot.scores[static_cast<std::size_t>(member)]);
  }
  if (scores.empty()) return 0;
  n = std::min(n, static_cast<int>(scores.size()));
  std::nth_element(scores.begin(), scores.begin() + (n - 1), scores.end(), std::greater<>());
  const double boundary = scores[static_cast<std::size_t>(n) - 1];
  std::vector<Votes> answers;
  int kept = 0;
  int tied = 0;
  for (const Cluster& cluster : ballot.clusters) {
    Votes votes;
    for (const int member : cluster.members) {
      const auto i = static_cast<std::size_t>(member);
      if (ballot.scores[i] > boundary) {
        ++votes.sure;
        votes.sure_right += ballot.right[i] ? 1 : 0;
      } else if (ballot.scores[i] == boundary) {
        ++votes.drawn;
        votes.drawn_right += ballot.right[i] ? 1 : 0;
      }
    }
    kept += votes.sure;
    tied += votes.drawn;
    if (votes.sure + votes.drawn > 0) answers.push_back(votes);
  }
  int draws = n - kept;
  if (draws == tied) {  // all of them: no draw, and no sum over draws
    for (Votes& votes : answers) votes = {votes.sure + votes.drawn, votes.sure_right + votes.drawn_right, 0, 0};
    draws = 0;
  }
  return expected_majority(answers, 0, draws);
}

double share_scored(const Ballot& ballot, int k) {
  if (k <= 1 || ballot.num_attempts == 0) return 0;
  int scored = 0;
  for (std::size_t c = 0; c < ballot.clusters.size() && static_cast<int>(c) < k; ++c)
    scored += ballot.clusters[c].size();
  return static_cast<double>(scored) / ballot.num_attempts;
}

}  // namespace ft::rerank
