// The examples of a training, in their order, as the trainer sees them: views, wherever their bytes lie. Those of a run
// lie in files that are mapped (example_store.h), once a host; those that a recipe has made itself in memory.
//
//   const Examples examples = store.open(records);          // or: = set.take(), a std::vector<Example>
//   planner.plan(...) by examples.num_tokens(i); the digest of what was consumed by examples.id(i)
//   make_batch(std::vector{examples[3], examples[8]});
//
// What planning asks of every example (tokens, id, units of the losses) lies in columns of its own: no rank touches the
// tokens of examples that it does not compute. Copies share what they show. Pages that were touched are given back
// every now and then, so that the memory of a rank does not grow over an epoch; views stay good.
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <vector>

#include "framework/batching/example_block.h"

namespace ft {

struct ExampleColumns {
  std::span<const std::uint64_t> ids;
  std::span<const std::uint32_t> tokens;
  std::span<const std::array<std::uint32_t, kNumLossKinds>> units;
};

class Examples {
 public:
  // What a list of examples is made of.
  struct Source {
    std::vector<std::span<const std::byte>> blocks;  // sound ones (example_block.h)
    std::vector<std::int64_t> begins;                // the first example of each block, and the end
    ExampleColumns columns;
    ExampleTallies tallies;
    std::shared_ptr<const void> memory;  // that all this lies in
    std::function<void()> let_go;        // of the memory that was touched; may be empty
  };

  Examples() = default;  // none
  // Copies them. Throws Error as pack_block().
  Examples(const std::vector<Example>& examples);  // NOLINT: a list of examples is one
  explicit Examples(Source source);

  [[nodiscard]] std::int64_t size() const;
  [[nodiscard]] bool empty() const { return size() == 0; }
  [[nodiscard]] ExampleView operator[](std::int64_t i) const;  // 0 <= i < size()
  // The same as of the view.
  [[nodiscard]] std::uint64_t id(std::int64_t i) const;
  [[nodiscard]] std::int64_t num_tokens(std::int64_t i) const;
  [[nodiscard]] LossUnits units(std::int64_t i) const;
  // Of all of them.
  [[nodiscard]] const ExampleTallies& tallies() const;

 private:
  struct Body;
  std::shared_ptr<Body> body_;
};

}  // namespace ft
