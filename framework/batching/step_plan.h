// Which examples make which step, lane and micro-batch: decided from lengths and order alone, before any sharding.
//
// Examples come in a global order, permutation = f(seed, epoch). A step fills its lanes one after the other: a lane
// takes examples while they fit into `tokens_per_lane`; the first that does not fit opens the next lane. Within a lane,
// micro-batches are filled likewise up to `tokens_per_micro_batch`. A data rank computes a contiguous run of lanes. So
// the same examples meet in the same sums at any number of ranks, and what a step holds is known to every rank without
// asking.
//
//   StepPlanner planner(lengths, {.lanes = 8, .tokens_per_lane = 2048, .tokens_per_micro_batch = 2048, .seed = 1});
//   StepPlan step = planner.plan(position);     // position = number of examples consumed before this step
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <vector>

namespace ft {

struct StepShape {
  int lanes = 8;
  std::int64_t tokens_per_lane = 2048;
  std::int64_t tokens_per_micro_batch = 2048;
  std::uint64_t seed = 0;
};

struct MicroBatchPlan {
  std::vector<std::int64_t> examples;  // indices into the example source
  std::int64_t num_tokens = 0;
};

struct LanePlan {
  std::vector<MicroBatchPlan> micro_batches;  // may be empty at the end of training
};

struct StepPlan {
  std::int64_t begin = 0, end = 0;  // positions in the global order consumed by this step
  std::vector<LanePlan> lanes;      // exactly StepShape::lanes
  std::int64_t num_tokens = 0;
};

// What a step consumes, without saying how.
struct StepExtent {
  std::int64_t end = 0;  // position after the step
  std::int64_t num_tokens = 0;
};

class StepPlanner {
 public:
  // `length` gives the tokens of example i < num_examples; an example longer than a lane is a programmer's error
  // (sources drop or refuse). An example longer than a micro-batch gets a micro-batch of its own.
  StepPlanner(std::int64_t num_examples, std::function<std::int64_t(std::int64_t i)> length, StepShape shape);
  // The same from a list.
  StepPlanner(const std::vector<std::int64_t>& lengths, StepShape shape);
  ~StepPlanner();
  // The example at `position` of the endless order.
  [[nodiscard]] std::int64_t example_at(std::int64_t position);
  // The step that starts at `position` of the endless order (epoch after epoch), ending before `stop` at the latest.
  [[nodiscard]] StepPlan plan(std::int64_t position, std::int64_t stop);
  // The same, counted only: about 60 ns an example, permutations included.
  [[nodiscard]] StepExtent measure(std::int64_t position, std::int64_t stop);
  // Number of steps that the examples [0, stop) take.
  [[nodiscard]] std::int64_t count_steps(std::int64_t stop);

 private:
  struct Body;
  std::unique_ptr<Body> body_;
};

// The digest of all ids consumed, after `ids` more of them; `digest` is empty at the start. Equal for equal sequences,
// however they are cut into steps.
[[nodiscard]] std::string extend_consumed_digest(const std::string& digest, std::span<const std::uint64_t> ids);

}  // namespace ft
