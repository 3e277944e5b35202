// Work that finds its rank: the items 0 to total-1 of a stage, dealt to the data ranks while they work, in runs. Runs are
// long while there is much left, so that what the items of a run share is made once, and short towards the end, so that all
// ranks come to it together. The first run of each rank is its own, however late it comes; from then on, who is done takes
// what others would have come to. Which rank makes an item is chance, so
// what is made of it must not depend on it.
//
//   Deal deal(stage.groups, "sampling", total, {.most = 64, .least = 4});   // collective
//   while (const auto run = deal.next()) make(run->begin, run->end);          // looks at deal.serve() now and then
//   const BusyRanks busy = deal.finish();                             // collective
//
// Ranks that share a model get the same runs.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "framework/base/clock.h"
#include "framework/comm/groups.h"

namespace ft {

// What part of the time from the beginning of a deal to its end ranks were at work.
struct BusyRanks {
  double seconds = 0;  // of the deal
  double mean = 1, least = 1;
  int least_rank = 0;
};
// "ranks were busy 98 % of 12.3 s, rank 3 least: 95 %"
[[nodiscard]] std::string to_text(const BusyRanks& busy);

// How many of `total` items each of some ranks should have in hand at once, at most `most`: so many that all come to the
// end of their equal shares in as many equal rounds.
[[nodiscard]] std::int64_t even_rounds(std::int64_t total, int ranks, std::int64_t most);

class Deal {
 public:
  // Collective over the world. One deal at a time. No run has more than `most` items, and none fewer than `least` where
  // more are left.
  struct Lengths {
    std::int64_t most = 1, least = 1;
  };
  Deal(Groups groups, std::string name, std::int64_t total, Lengths lengths);

  struct Run {
    std::int64_t begin = 0, end = 0;
    [[nodiscard]] std::int64_t count() const { return end - begin; }
  };
  // Collective over the tensor group. Nothing where none is left.
  [[nodiscard]] std::optional<Run> next();

  // Local, cheap: lets others go on that ask for more. At least between pieces of work that take seconds.
  void serve() { counter_->serve(); }
  // Local: nobody gets any more.
  void close();
  // Local: items that were dealt so far, as far as this rank knows: the first of those that share a model.
  [[nodiscard]] std::int64_t num_dealt() const;

  // Collective over the world: when this rank has made what it was dealt. Returns when all have.
  [[nodiscard]] BusyRanks finish();

 private:
  [[nodiscard]] Run take();

  Groups groups_;
  std::string name_;
  std::int64_t total_;
  Lengths lengths_;
  std::int64_t first_;  // items of each rank's first run
  bool begun_ = false;  // this rank has had it
  std::unique_ptr<SharedCounter> counter_;
  Stopwatch watch_;
  double waited_ = 0;
};

}  // namespace ft
