#include "framework/rerank/strategies.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <tuple>
#include <utility>

#include "framework/base/error.h"
#include "framework/base/philox.h"
#include "framework/rerank/expectation.h"

namespace ft::rerank {
namespace {

// The K largest clusters, which stand in order of their size: those before `first` belong in any case, and `seats` of
// [first, last), which tie for the rest.
struct Selection {
  std::size_t first = 0, last = 0;
  int seats = 0;
};

Selection largest(const Ballot& ballot, int k) {
  FT_CHECK(k >= 1, "the {} largest clusters", k);
  const auto& clusters = ballot.clusters;
  const std::size_t count = std::min(static_cast<std::size_t>(k), clusters.size());
  if (count == 0) return {};
  const int boundary = clusters[count - 1].size();
  const auto end_of = [&](const auto& belongs) {
    return static_cast<std::size_t>(std::ranges::partition_point(clusters, belongs) - clusters.begin());
  };
  Selection selection{end_of([&](const Cluster& one) { return one.size() > boundary; }),
                      end_of([&](const Cluster& one) { return one.size() >= boundary; })};
  selection.seats = static_cast<int>(count - selection.first);
  return selection;
}

// One contender a cluster.
template <typename ToContender>
std::vector<Contender> contenders(const Ballot& ballot, const ToContender& to) {
  std::vector<Contender> all;
  for (const Cluster& cluster : ballot.clusters) all.push_back(to(cluster));
  return all;
}

template <typename Expectation>
double among_largest(const Ballot& ballot, int k, std::span<const Contender> all, const Expectation& expected) {
  const Selection chosen = largest(ballot, k);
  return expected(all.first(chosen.first), all.subspan(chosen.first, chosen.last - chosen.first), chosen.seats);
}

// For K = 1, 2, ... as long as the value changes.
template <typename At>
std::vector<double> at_each_k(const Ballot& ballot, const At& at) {
  std::vector<double> values;
  for (int k = 1; k <= std::max(2, static_cast<int>(ballot.clusters.size())); ++k) values.push_back(at(k));
  return values;
}

}  // namespace

const char* name_of(ScoreKind kind) {
  return kind == ScoreKind::verifier ? "verifier" : kind == ScoreKind::mean_log_prob ? "mean" : "sum";
}

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

void rank_by(Ballot& ballot, std::span<const Candidate> candidates, ScoreKind kind) {
  ballot.scores.clear();
  for (const Candidate& candidate : candidates) {
    const double score = score_of(candidate, kind);
    ballot.scores.push_back(std::isnan(score) ? -std::numeric_limits<double>::infinity() : score);
  }
}

Ballot make_ballot(std::span<const Candidate> candidates, std::vector<Cluster> clusters, ScoreKind kind) {
  Ballot ballot;
  ballot.num_attempts = static_cast<int>(candidates.size());
  ballot.clusters = std::move(clusters);
  rank_by(ballot, candidates, kind);
  for (const Candidate& candidate : candidates) {
    const bool right = candidate.answer_found && candidate.right;
    ballot.right.push_back(right);
    ballot.num_unreadable += candidate.answer_found ? 0 : 1;
    ballot.num_right += right ? 1 : 0;
  }
  return ballot;
}

double majority(const Ballot& ballot) {
  const std::size_t tied = largest(ballot, 1).last;
  double sum = 0;
  for (std::size_t c = 0; c < tied; ++c) sum += ballot.clusters[c].share_right();
  return tied == 0 ? 0 : sum / static_cast<double>(tied);
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

namespace {

std::vector<Contender> by_chance(const Ballot& ballot) {
  return contenders(ballot, [](const Cluster& cluster) { return Contender{0, 1, cluster.share_right()}; });
}

double oracle(const Ballot& ballot, int k, std::span<const Contender> all) {
  // "One of them is right" asks for one representative a cluster, so a mixed cluster counts by its share; with all
  // clusters chosen any right attempt will do.
  if (k >= static_cast<int>(ballot.clusters.size())) return ballot.num_right > 0 ? 1 : 0;
  return among_largest(ballot, k, all, expected_any);
}

std::vector<Contender> by_best_score(const Ballot& ballot) {
  return contenders(ballot, [&](const Cluster& cluster) {
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
}

// One cluster needs no score.
double ranked(const Ballot& ballot, int k, std::span<const Contender> all) {
  return k == 1 ? majority(ballot) : among_largest(ballot, k, all, expected_best);
}

}  // namespace

std::vector<double> oracle_at_each(const Ballot& ballot) {
  const std::vector<Contender> all = by_chance(ballot);
  return at_each_k(ballot, [&](int k) { return oracle(ballot, k, all); });
}

double best_in_clusters(const Ballot& ballot, int k) { return ranked(ballot, k, by_best_score(ballot)); }

std::vector<double> best_at_each(const Ballot& ballot) {
  const std::vector<Contender> all = by_best_score(ballot);
  return at_each_k(ballot, [&](int k) { return ranked(ballot, k, all); });
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

namespace {

std::vector<Contender> by_weight(const Ballot& ballot, Aggregation aggregation) {
  double best = -std::numeric_limits<double>::infinity();
  for (const Cluster& cluster : ballot.clusters) {
    for (const int member : cluster.members) best = std::max(best, ballot.scores[static_cast<std::size_t>(member)]);
  }
  return contenders(ballot, [&](const Cluster& cluster) {
    return Contender{weight_of(ballot, cluster, aggregation, best), 1, cluster.share_right()};
  });
}

}  // namespace

double weighted_in_clusters(const Ballot& ballot, int k, Aggregation aggregation) {
  return ranked(ballot, k, by_weight(ballot, aggregation));
}

std::vector<double> weighted_at_each(const Ballot& ballot, Aggregation aggregation) {
  const std::vector<Contender> all = by_weight(ballot, aggregation);
  return at_each_k(ballot, [&](int k) { return ranked(ballot, k, all); });
}

double weighted(const Ballot& ballot, Aggregation aggregation) {
  return weighted_in_clusters(ballot, std::max(2, static_cast<int>(ballot.clusters.size())), aggregation);
}

namespace {

// A vote with some of as many equal scores is counted as long as these times the clusters are few; else it is drawn.
constexpr std::size_t kMostDrawn = 128, kMostCounted = kMostDrawn * kMostDrawn;
constexpr int kDraws = 2000;

struct Seat {
  double score = 0;
  std::size_t cluster = 0;
  bool right = false;
};

std::vector<Seat> by_score(const Ballot& ballot) {
  std::vector<Seat> seats;
  for (std::size_t c = 0; c < ballot.clusters.size(); ++c) {
    for (const int member : ballot.clusters[c].members) {
      const auto i = static_cast<std::size_t>(member);
      seats.push_back({ballot.scores[i], c, ballot.right[i]});
    }
  }
  // Equal scores in an order that does not depend on that of the attempts.
  std::ranges::sort(seats, [](const Seat& a, const Seat& b) {
    return a.score != b.score ? a.score > b.score : std::tie(a.cluster, a.right) < std::tie(b.cluster, b.right);
  });
  return seats;
}

// Where nothing is drawn: the same value, to the last bit, as expected_majority().
double sure_vote(const std::vector<Votes>& votes) {
  int most = 0;
  for (const Votes& one : votes) most = std::max(most, one.sure);
  double share = 0, winners = 0;
  for (const Votes& one : votes) {
    if (most == 0 || one.sure != most) continue;
    share += one.sure_right / most;
    winners += 1;
  }
  return winners > 0 ? share / winners : 0;
}

double drawn_vote(const std::vector<Votes>& votes, int draws) {
  std::vector<Votes> answers;
  for (const Votes& one : votes) {
    if (one.sure + one.drawn > 0) answers.push_back(one);
  }
  return expected_majority(answers, 0, draws);
}

// The same for each number of draws below the number of `tied` ones, by seeded draws; one shuffle serves all.
std::vector<double> sampled_votes(const std::vector<Votes>& votes, std::span<const Seat> tied) {
  const Philox random(1, "the last seats");
  std::vector<double> sums(tied.size() - 1, 0);
  for (int r = 0; r < kDraws; ++r) {
    std::vector<Seat> order(tied.begin(), tied.end());
    std::vector<Votes> now = votes;
    int most = 0;
    double share = 0, winners = 0;
    const auto counts = [&](const Votes& one) {
      if (one.sure > most) share = winners = 0;
      if (one.sure < most || one.sure == 0) return;
      most = one.sure;
      share += one.sure_right / most;
      winners += 1;
    };
    for (const Votes& one : now) counts(one);
    for (std::size_t i = 0; i < sums.size(); ++i) {
      std::swap(order[i], order[i + random.below(order.size() - i, static_cast<std::uint64_t>(r), i)]);
      Votes& one = now[order[i].cluster];
      ++one.sure;
      one.sure_right += order[i].right ? 1 : 0;
      counts(one);
      sums[i] += winners > 0 ? share / winners : 0;
    }
  }
  for (double& sum : sums) sum /= kDraws;
  return sums;
}

// For n = first, ..., last, as far as there are so many readable attempts.
std::vector<double> votes_of_top(const Ballot& ballot, int first, int last) {
  const std::vector<Seat> seats = by_score(ballot);
  std::vector<Votes> votes(ballot.clusters.size());
  std::vector<double> values;
  for (std::size_t i = 0, j = 0; i < seats.size() && static_cast<int>(i) < last; i = j) {
    while (j < seats.size() && seats[j].score == seats[i].score) ++j;
    const auto tied = std::span(seats).subspan(i, j - i);
    const int before = static_cast<int>(i), after = static_cast<int>(j);
    const int from = std::max(first, before + 1), to = std::min(last, after - 1);
    if (from <= to && (tied.size() > kMostDrawn || tied.size() * votes.size() > kMostCounted)) {
      const std::vector<double> sampled = sampled_votes(votes, tied);
      values.insert(values.end(), sampled.begin() + (from - before - 1), sampled.begin() + (to - before));
    } else if (from <= to) {
      std::vector<Votes> drawn = votes;
      for (const Seat& seat : tied) {
        ++drawn[seat.cluster].drawn;
        drawn[seat.cluster].drawn_right += seat.right ? 1 : 0;
      }
      for (int n = from; n <= to; ++n) values.push_back(drawn_vote(drawn, n - before));
    }
    for (const Seat& seat : tied) {
      ++votes[seat.cluster].sure;
      votes[seat.cluster].sure_right += seat.right ? 1 : 0;
    }
    if (first <= after && after <= last) values.push_back(sure_vote(votes));
  }
  return values;
}

}  // namespace

double majority_of_top(const Ballot& ballot, int n) {
  FT_CHECK(n >= 1, "the {} best-scored solutions", n);
  const int most = std::min(n, ballot.num_readable());
  return most == 0 ? 0 : votes_of_top(ballot, most, most).back();
}

std::vector<double> majority_of_top_at_each(const Ballot& ballot) {
  if (ballot.num_readable() == 0) return {0};
  return votes_of_top(ballot, 1, ballot.num_readable());
}

std::vector<double> share_scored_at_each(const Ballot& ballot) {
  return at_each_k(ballot, [&](int k) { return share_scored(ballot, k); });
}

double share_scored(const Ballot& ballot, int k) {
  if (k <= 1 || ballot.num_attempts == 0) return 0;
  int scored = 0;
  for (std::size_t c = 0; c < ballot.clusters.size() && static_cast<int>(c) < k; ++c)
    scored += ballot.clusters[c].size();
  return static_cast<double>(scored) / ballot.num_attempts;
}

}  // namespace ft::rerank
