#include "framework/batching/step_plan.h"

#include <chrono>
#include <limits>
#include <set>

#include "framework/base/error.h"
#include "framework/base/philox.h"
#include "tests/support/doctest_torch.h"

using namespace ft;

namespace {

constexpr std::int64_t kForever = std::numeric_limits<std::int64_t>::max();

std::vector<std::int64_t> random_lengths(std::int64_t n, std::int64_t longest) {
  const Philox random(3, "lengths");
  std::vector<std::int64_t> lengths;
  for (std::int64_t i = 0; i < n; ++i) lengths.push_back(1 + std::int64_t(random.below(std::uint64_t(longest), i, 0)));
  return lengths;
}

std::vector<std::int64_t> examples_of(const StepPlan& plan) {
  std::vector<std::int64_t> all;
  for (const auto& lane : plan.lanes)
    for (const auto& micro_batch : lane.micro_batches)
      all.insert(all.end(), micro_batch.examples.begin(), micro_batch.examples.end());
  return all;
}

}  // namespace

TEST_CASE("steps cut the order into slices, lanes and micro-batches keep their limits, nothing is lost") {
  const auto lengths = random_lengths(137, 40);
  for (const StepShape shape :
       {StepShape{.lanes = 4, .tokens_per_lane = 64, .tokens_per_micro_batch = 64, .seed = 1},
        StepShape{.lanes = 1, .tokens_per_lane = 40, .tokens_per_micro_batch = 16, .seed = 2},
        StepShape{.lanes = 8, .tokens_per_lane = 200, .tokens_per_micro_batch = 50, .seed = 3}}) {
    StepPlanner planner(lengths, shape);
    const std::int64_t stop = 3 * 137;
    std::int64_t position = 0, steps = 0;
    std::vector<std::int64_t> consumed;
    while (position < stop) {
      const StepPlan plan = planner.plan(position, stop);
      CHECK(plan.begin == position);
      CHECK(std::ssize(plan.lanes) == shape.lanes);
      std::int64_t step_tokens = 0;
      for (const auto& lane : plan.lanes) {
        std::int64_t lane_tokens = 0;
        for (const auto& micro_batch : lane.micro_batches) {
          std::int64_t tokens = 0;
          for (const auto e : micro_batch.examples) tokens += lengths[e];
          CHECK(tokens == micro_batch.num_tokens);
          CHECK((tokens <= shape.tokens_per_micro_batch || micro_batch.examples.size() == 1));
          lane_tokens += tokens;
        }
        CHECK(lane_tokens <= shape.tokens_per_lane);
        step_tokens += lane_tokens;
      }
      CHECK(step_tokens == plan.num_tokens);
      const auto examples = examples_of(plan);
      CHECK(std::ssize(examples) == plan.end - plan.begin);
      consumed.insert(consumed.end(), examples.begin(), examples.end());
      const StepExtent extent = planner.measure(position, stop);
      CHECK(extent.end == plan.end);
      CHECK(extent.num_tokens == plan.num_tokens);
      position = plan.end;
      ++steps;
    }
    CHECK(position == stop);
    CHECK(planner.count_steps(stop) == steps);
    // Each epoch holds every example once, and the order is the planner's own.
    for (int epoch = 0; epoch < 3; ++epoch)
      CHECK(std::set(consumed.begin() + epoch * 137, consumed.begin() + (epoch + 1) * 137).size() == 137);
    for (std::int64_t p = 0; p < stop; ++p) CHECK(consumed[p] == planner.example_at(p));
  }
}

TEST_CASE("a plan is a function of the position alone: a fresh planner in the middle of an epoch gives the same step") {
  const auto lengths = random_lengths(100, 30);
  const StepShape shape{.lanes = 2, .tokens_per_lane = 64, .tokens_per_micro_batch = 32, .seed = 9};
  StepPlanner planner(lengths, shape);
  std::int64_t position = 0;
  for (int step = 0; step < 60; ++step) {
    const StepPlan plan = planner.plan(position, kForever);
    StepPlanner fresh(lengths, shape);
    CHECK(examples_of(fresh.plan(position, kForever)) == examples_of(plan));
    position = plan.end;
  }
}

TEST_CASE("the last step stops where it is told, with empty lanes") {
  StepPlanner planner({10, 10, 10}, {.lanes = 4, .tokens_per_lane = 10, .tokens_per_micro_batch = 10});
  const StepPlan plan = planner.plan(0, 2);
  CHECK(plan.end == 2);
  CHECK(plan.num_tokens == 20);
  CHECK(plan.lanes[1].micro_batches.size() == 1);
  CHECK(plan.lanes[2].micro_batches.empty());
}

TEST_CASE("an example that no lane can hold is a programmer's error") {
  CHECK_THROWS_WITH_AS(StepPlanner({5, 11}, {.lanes = 1, .tokens_per_lane = 10}),
                       doctest::Contains("example 1 has 11 tokens, a lane has room for 10"), Error);
  CHECK_THROWS_AS(StepPlanner({}, {}), Error);
}

TEST_CASE("ten epochs over 50,000 examples are counted in well under a second") {
  StepPlanner planner(random_lengths(50000, 500), {.lanes = 8, .tokens_per_lane = 2048});
  const auto start = std::chrono::steady_clock::now();
  CHECK(planner.count_steps(500000) > 7000);
  const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  MESSAGE("seconds for 500,000 examples: ", seconds);
  CHECK(seconds < 2.0);
}

TEST_CASE("the digest of consumed ids does not know of steps") {
  const std::vector<std::uint64_t> ids = {5, 6, 7, 8, 9};
  const std::span all(ids);
  const std::string whole = extend_consumed_digest("", all);
  CHECK(extend_consumed_digest(extend_consumed_digest("", all.first(2)), all.subspan(2)) == whole);
  CHECK(extend_consumed_digest("", std::vector<std::uint64_t>{6, 5, 7, 8, 9}) != whole);
}
