// A number that ranks draw from while they compute: who is done takes the next ones, and nobody waits for anybody.
//
//   const auto counter = comm.make_counter("blocks of sampling");      // collective
//   for (std::int64_t first; (first = counter->take(8)) < total;) {
//     compute(first, std::min(first + 8, total));                      // calls counter->serve() now and then
//   }
//   counter->finish();                                                 // collective
//
// It lies with rank 0: ranks of its host take from shared memory, those of other hosts ask by a message, which rank 0
// answers when it calls serve(), take() or finish(). So what rank 0 computes between two calls is how long they wait.
#pragma once

#include <cstdint>

namespace ft {

class SharedCounter {
 public:
  virtual ~SharedCounter() = default;

  // Local: raises the number by `count` (> 0), and returns what it was before. Each number is given out once.
  [[nodiscard]] virtual std::int64_t take(std::int64_t count) = 0;
  // Local and cheap: answers those who ask.
  virtual void serve() = 0;
  // Local: how far the number is, as far as this rank knows: on the host of rank 0 exactly, elsewhere as its last
  // take() left it.
  [[nodiscard]] virtual std::int64_t taken() const = 0;
  // Collective: the last call, when this rank takes no more. Returns when no rank does. Left out where an error ends all.
  virtual void finish() = 0;
};

}  // namespace ft
