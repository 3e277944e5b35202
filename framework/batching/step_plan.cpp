#include "framework/batching/step_plan.h"

#include <utility>

#include "framework/base/error.h"
#include "framework/batching/order.h"

namespace ft {

namespace {

void add_to_lane(LanePlan& lane, std::int64_t example, std::int64_t num_tokens, std::int64_t tokens_per_micro_batch) {
  if (lane.micro_batches.empty() || lane.micro_batches.back().num_tokens + num_tokens > tokens_per_micro_batch)
    lane.micro_batches.emplace_back();
  lane.micro_batches.back().examples.push_back(example);
  lane.micro_batches.back().num_tokens += num_tokens;
}

}  // namespace

struct StepPlanner::Body {
  std::function<std::int64_t(std::int64_t)> length;
  StepShape shape;
  ExampleOrder order;

  // The one rule of who goes where: visit(lane, example, tokens) for each example that the step takes.
  template <class Visit>
  StepExtent fill(std::int64_t position, std::int64_t stop, const Visit& visit) {
    StepExtent step{.end = position};
    for (int lane = 0; lane < shape.lanes; ++lane) {
      for (std::int64_t used = 0; step.end < stop; ++step.end) {
        const std::int64_t example = order.at(step.end);
        const std::int64_t num_tokens = length(example);
        if (used + num_tokens > shape.tokens_per_lane) break;
        visit(lane, example, num_tokens);
        used += num_tokens;
        step.num_tokens += num_tokens;
      }
    }
    return step;
  }
};

StepPlanner::StepPlanner(std::int64_t num_examples, std::function<std::int64_t(std::int64_t)> length, StepShape shape) {
  FT_CHECK(num_examples > 0, "there are no examples to plan steps from");
  FT_CHECK(shape.lanes > 0 && shape.tokens_per_lane > 0 && shape.tokens_per_micro_batch > 0,
           "a step needs lanes, lanes and micro-batches need room: {} lanes of {} tokens in micro-batches of {}",
           shape.lanes, shape.tokens_per_lane, shape.tokens_per_micro_batch);
  for (std::int64_t i = 0; i < num_examples; ++i) {
    const std::int64_t tokens = length(i);
    FT_CHECK(tokens > 0 && tokens <= shape.tokens_per_lane, "example {} has {} tokens, a lane has room for {}", i,
             tokens, shape.tokens_per_lane);
  }
  body_.reset(new Body{std::move(length), shape, ExampleOrder(shape.seed, num_examples)});
}

StepPlanner::StepPlanner(const std::vector<std::int64_t>& lengths, StepShape shape)
    : StepPlanner(
          static_cast<std::int64_t>(lengths.size()),
          [lengths](std::int64_t i) { return lengths[static_cast<std::size_t>(i)]; }, shape) {}

StepPlanner::~StepPlanner() = default;

std::int64_t StepPlanner::example_at(std::int64_t position) { return body_->order.at(position); }

StepPlan StepPlanner::plan(std::int64_t position, std::int64_t stop) {
  StepPlan step{.begin = position, .lanes = std::vector<LanePlan>(body_->shape.lanes)};
  const StepExtent extent = body_->fill(position, stop, [&](int lane, std::int64_t example, std::int64_t num_tokens) {
    add_to_lane(step.lanes[lane], example, num_tokens, body_->shape.tokens_per_micro_batch);
  });
  step.end = extent.end;
  step.num_tokens = extent.num_tokens;
  return step;
}

StepExtent StepPlanner::measure(std::int64_t position, std::int64_t stop) {
  return body_->fill(position, stop, [](int, std::int64_t, std::int64_t) {});
}

std::int64_t StepPlanner::count_steps(std::int64_t stop) {
  std::int64_t steps = 0;
  for (std::int64_t position = 0; position < stop; ++steps) position = measure(position, stop).end;
  return steps;
}

std::string extend_consumed_digest(const std::string& digest, std::span<const std::uint64_t> ids) {
  ConsumedDigest consumed(digest);
  for (const std::uint64_t id : ids) consumed.add(id);
  return consumed.text();
}

}  // namespace ft
