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

double majority_at(const Ballot& ballot, int k) {
  std::vector<Votes> answers;
  for (const Cluster& cluster : ballot.clusters) {
    answers.push_back({0, 0, cluster.size(), static_cast<double>(cluster.right)});
  }
  return expected_majority(answers, ballot.num_unreadable, k);
}

double majority_at_sampled(const Ballot& ballot, int k, int resamples, std::uint64_t seed, std::uint64_t item) {
  FT_CHECK(1 <= k && k <= ballot.num_attempts && resamples > 0, "maj@{} of {} attempts", k, ballot.num_attempts);
  const Philox random(seed, "maj@k");
  constexpr std::size_t kNone = static_cast<std::size_t>(-1);
  std::vector<std::size_t> cluster_of(static_cast<std::size_t>(ballot.num_attempts), kNone);
  for (std::size_t c = 0; c < ballot.clusters.size(); ++c) {
    for (const int member : ballot.clusters[c].members) cluster_of[static_cast<std::size_t>(member)] = c;
  }
  // Clusters in their own order, so that the draw does not depend on the order of the attempts.
  std::sort(cluster_of.begin(), cluster_of.end());
  double sum = 0;
  for (int r = 0; r < resamples; ++r) {
    std::vector<int> votes(ballot.clusters.size(), 0);
    const std::uint64_t first = static_cast<std::uint64_t>(r) * static_cast<std::uint64_t>(k);
    for (std::size_t i = 0; i < static_cast<std::size_t>(k); ++i) {  // a partial shuffle
      const std::size_t j = i + random.below(cluster_of.size() - i, item, first + i);
      std::swap(cluster_of[i], cluster_of[j]);
      if (cluster_of[i] != kNone) ++votes[cluster_of[i]];
    }
    const int most = votes.empty() ? 0 : *std::max_element(votes.begin(), votes.end());
    double share = 0;
    int winners = 0;
    for (std::size_t c = 0; most > 0 && c < votes.size(); ++c) {
      if (votes[c] != most) continue;
      share += ballot.clusters[c].share_right();
      ++winners;
    }
    if (winners > 0) sum += share / winners;
  }
  return sum / resamples;
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

double weighted_in_clusters(const Ballot& ballot, int k) {
  if (k == 1) return majority(ballot);
  const Selection selection = largest(ballot, k);
  double best = -std::numeric_limits<double>::infinity();
  for (const Cluster& cluster : ballot.clusters) {
    for (const int member : cluster.members) best = std::max(best, ballot.scores[static_cast<std::size_t>(member)]);
  }
  const auto [sure, tied] = contenders(selection, [&](const Cluster& cluster) {
    std::vector<double> weights;
    for (const int member : cluster.members) {
      const double score = ballot.scores[static_cast<std::size_t>(member)];
      weights.push_back(std::isinf(score) ? 0 : std::exp(score - best));
    }
    std::sort(weights.begin(), weights.end());
    double sum = 0;
    for (const double weight : weights) sum += weight;
    return Contender{sum, 1, cluster.share_right()};
  });
  return expected_best(sure, tied, selection.seats);
}

double weighted(const Ballot& ballot) {
  return weighted_in_clusters(ballot, std::max(2, static_cast<int>(ballot.clusters.size())));
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
