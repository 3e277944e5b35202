// Expected values under ties: the one place where "ties count by expected value" is computed.
//
// Whenever a rule picks among equals (equal votes, equal scores, the last cluster that still fits into the top K), the
// pick is meant uniformly at random, and what is reported is the exact expectation over all picks. Nothing depends on
// the order of attempts, and no seed is involved.
#pragma once

#include <span>
#include <vector>

namespace ft::rerank {

// A thing that can win by its level: a cluster whose best solution has this score, say.
struct Contender {
  double level = 0;    // the highest wins
  double tickets = 1;  // how many equal picks it brings if its level is the highest; a whole number
  double right = 0;    // how many of those picks are right, in expectation
};

// `sure` take part; of `tied`, exactly `seats` take part, every subset equally likely. Among those taking part one of
// the tickets at the highest level is drawn uniformly. Returns the probability that it is right; 0 if nobody takes
// part. Exact up to rounding. Time O(n log n) where no two of n contenders have one level; O(t^2 * T) for t tied ones of
// one level with T tickets, O(t) where all bring as many.
[[nodiscard]] double expected_best(std::span<const Contender> sure, std::span<const Contender> tied, int seats);

// The probability that at least one of those taking part is right, where each is right with probability right/tickets,
// independently. Seats as above.
[[nodiscard]] double expected_any(std::span<const Contender> sure, std::span<const Contender> tied, int seats);

// Votes for one answer.
struct Votes {
  int sure = 0;            // votes that count in any case
  double sure_right = 0;   // how many of them are right
  int drawn = 0;           // votes that may be drawn
  double drawn_right = 0;  // how many of them are right
};

// Of all `drawn` votes together with `silent` ones that are for nothing (unreadable answers), exactly `draws` are
// drawn, every subset equally likely. One of the answers with most votes wins, each with the same chance, and one of
// its votes is picked uniformly. Returns the probability that it is right; 0 where there is no vote. Exact; time about
// O(V^2 * W), V = draws, W = votes in all.
[[nodiscard]] double expected_majority(std::span<const Votes> answers, int silent, int draws);

// A majority vote among k of the votes, drawn without replacement, for every k at once: element k - 1 is the
// probability that its pick is right. `right[i]` of the `votes[i]` for answer i are right; `silent` ones are for
// nothing. Exact; time at most about O(N^3) for N votes in all, with N below about 1,000 (beyond, the numbers of
// subsets overflow).
[[nodiscard]] std::vector<double> expected_majority_at_each(std::span<const int> votes, std::span<const int> right,
                                                            int silent);

// n over k as a double: exact below 2^53, good to about 1e-14 above. 0 outside 0 <= k <= n.
[[nodiscard]] double binomial(int n, int k);

}  // namespace ft::rerank
