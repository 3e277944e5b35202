// Which right and wrong attempts a verifier is trained on.
//
// The method draws 64 attempts a problem and trains on 10 pairs of them without saying how they are chosen. Here: texts
// that were drawn more than once count once; pairs are drawn at random without repetition, each a function of
// (seed, problem, draw) alone; problems whose attempts are all right or all wrong give none. Attempts with an undecided
// verdict or without a readable answer are used neither as right nor as wrong, unless `unreadable_is_wrong`.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "framework/problem/attempt.h"

namespace ft {

// Indices into the attempts given.
struct AttemptPair {
  int right = 0;
  int wrong = 0;
  friend bool operator==(const AttemptPair&, const AttemptPair&) = default;
};

// Indices of the distinct right (first) and distinct wrong (second) attempts, in the order of the attempts.
struct SortedAttempts {
  std::vector<int> right;
  std::vector<int> wrong;
};
[[nodiscard]] SortedAttempts sort_attempts(std::span<const GradedAttempt> attempts, bool unreadable_is_wrong);

// At most `count` different pairs of one problem's attempts.
[[nodiscard]] std::vector<AttemptPair> choose_pairs(std::span<const GradedAttempt> attempts, int count,
                                                    std::uint64_t seed, bool unreadable_is_wrong);

// At most `count` different attempts of one problem, in a random order; with `balanced`, as many right as wrong ones.
[[nodiscard]] std::vector<int> choose_items(std::span<const GradedAttempt> attempts, int count, bool balanced,
                                            std::uint64_t seed, bool unreadable_is_wrong);

}  // namespace ft
