// Problems that two sets share, and problems that one set holds twice: what a reader must know before believing a test
// score.
//
//   const Overlap leak = find_overlap(train_texts, test_texts);
//   leak.exact_pairs, leak.near_pairs;                        // indices into the two lists
//   const Overlap twice = find_duplicates(train_texts);
//
// Equal: the same words after normalisation (case, spaces and punctuation do not count; numbers, operators and
// brackets do). Near: the sets of runs of three words have a Jaccard index of at least `threshold`. Both are found
// exactly, not by sampling: candidates share one of their rarest runs (the prefix filter of Bayardo et al. 2007,
// "Scaling up all pairs similarity search"), and each candidate is then compared in full.
//
// A near pair is a hint, not a verdict: templates with other numbers are near, too.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace ft::report {

struct OverlapPair {
  std::size_t first = 0;   // index into the first list
  std::size_t second = 0;  // index into the second
  double similarity = 1;   // Jaccard index of the runs of words
};

struct Overlap {
  std::size_t first_size = 0;
  std::size_t second_size = 0;
  std::size_t exact = 0;                 // items of the second list that equal one of the first
  std::size_t near = 0;                  // items of the second list that equal none but are near one
  std::vector<OverlapPair> exact_pairs;  // one an item of the second list, with the first equal one
  std::vector<OverlapPair> near_pairs;   // one an item, with the nearest one
};

// The words that comparison works on, joined by blanks.
[[nodiscard]] std::string normalise_words(std::string_view text);

// Items of `second` that `first` has, too.
[[nodiscard]] Overlap find_overlap(std::span<const std::string> first, std::span<const std::string> second,
                                   double threshold = 0.8);
// Items of one list that stand in it before: both indices are into it, first < second.
[[nodiscard]] Overlap find_duplicates(std::span<const std::string> texts, double threshold = 0.8);

// What a report says of two sets (or of one, with itself).
struct OverlapFinding {
  std::string first;  // names of the sets; equal for duplicates within one
  std::string second;
  Overlap overlap;
  struct Pair {
    std::string first_id, second_id;
    std::string first_text, second_text;
    double similarity = 1;
  };
  std::vector<Pair> examples;  // the equal ones first, then the nearest; ten at most
};

[[nodiscard]] OverlapFinding describe_overlap(const std::string& first, std::span<const std::string> first_texts,
                                              std::span<const std::string> first_ids, const std::string& second,
                                              std::span<const std::string> second_texts,
                                              std::span<const std::string> second_ids, double threshold = 0.8);
[[nodiscard]] OverlapFinding describe_duplicates(const std::string& name, std::span<const std::string> texts,
                                                 std::span<const std::string> ids, double threshold = 0.8);

}  // namespace ft::report
