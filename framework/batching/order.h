// The order in which training examples come: one global permutation an epoch, a function of (seed, epoch, number of
// examples) alone. Nothing of it is saved: a resumed run asks for the position where it stopped.
//
//   ExampleOrder order(seed, examples.size());
//   for (std::int64_t position = 0; ...; ++position) train_on(examples[order.at(position)]);   // epoch after epoch
//
//   ConsumedDigest consumed(saved);            // "" at the start of a run
//   consumed.add(example.id);
//   log(consumed.text());                      // equal on any number of ranks, before and after any restart
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "framework/base/philox.h"

namespace ft {

// Epoch e is a uniformly drawn permutation (Fisher-Yates, Knuth's algorithm P) whose i-th draw is number (e, i) of
// Philox(seed, "order"). Epochs are independent. Not thread-safe: the permutations of two neighbouring epochs are kept,
// so that a step that spans their border computes neither twice.
class ExampleOrder {
 public:
  // 0 < num_examples < 2^32. Memory: 8 bytes an example.
  ExampleOrder(std::uint64_t seed, std::int64_t num_examples);

  // The example at `position` >= 0 of the endless order; its epoch is position / num_examples. O(1) within an epoch,
  // O(num_examples) at the first use of one.
  [[nodiscard]] std::int64_t at(std::int64_t position) const;

  [[nodiscard]] std::int64_t num_examples() const { return num_examples_; }
  [[nodiscard]] std::int64_t epoch_of(std::int64_t position) const { return position / num_examples_; }

 private:
  struct Epoch {
    std::int64_t number = -1;
    std::vector<std::uint32_t> examples;  // [num_examples], empty until used
  };
  void draw(Epoch& epoch, std::int64_t number) const;

  Philox random_;
  std::int64_t num_examples_;
  mutable std::array<Epoch, 2> epochs_;  // even and odd epochs
};

// A digest of all ids consumed so far, in order: text' = XXH3-128(text, id). Two runs with equal digests have seen
// the same examples in the same order; it is saved as text and goes on from there.
class ConsumedDigest {
 public:
  // `saved`: what text() gave, or empty for the beginning. Throws Error for anything else.
  explicit ConsumedDigest(std::string_view saved = {});
  void add(std::uint64_t id);
  // 32 hexadecimal digits.
  [[nodiscard]] const std::string& text() const { return state_; }

 private:
  std::string state_;
};

}  // namespace ft
