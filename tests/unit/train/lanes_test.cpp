#include "framework/train/lanes.h"

#include <bit>
#include <map>

#include "framework/base/error.h"
#include "framework/comm/solo_communicator.h"
#include "framework/train/gradient_exchange.h"
#include "framework/train/step_agreement.h"
#include "framework/train/validation.h"
#include "tests/support/doctest_torch.h"
#include "tests/support/example_batch.h"
#include "tests/support/thread_communicator.h"
#include "tests/support/tiny_model.h"

using namespace ft;
using namespace ft::testing;

namespace {

std::vector<Example> mixed_examples() {
  std::vector<Example> examples = tiny_examples(10, 1);
  for (Example& pair : tiny_pairs(5, 2)) examples.push_back(std::move(pair));
  return examples;
}

const LossWeights kWeights{.weight = {1, 1, 1, 0.5, 1}, .margin = 0.3};

std::vector<std::int64_t> lengths_of(const std::vector<Example>& examples) {
  std::vector<std::int64_t> lengths;
  for (const Example& e : examples) lengths.push_back(e.num_tokens());
  return lengths;
}

// The step's gradient over all examples at once, summed over `data`: every rank gets the whole.
at::Tensor step_gradient(Communicator& data, const std::vector<Example>& examples, StepShape shape) {
  TinyModel model(11);
  const TrainedModel trained = trained_model(model.decoder);
  StepPlanner planner(lengths_of(examples), shape);
  const StepPlan plan = planner.plan(0, std::ssize(examples));
  CHECK(plan.end == std::ssize(examples));
  const LossCounts counts = planned_counts(plan, examples);
  const LaneBatches batches =
      make_lane_batches(plan, examples, Topology{.ranks = data.size()}.lanes_of(data.rank(), shape.lanes));
  GradientBuffers buffers;
  const StepGradient lanes = accumulate_lanes(trained, batches, kWeights, counts, buffers);
  SoloCommunicator tensor;
  CHECK(agree_on_step({data, data, tensor}, {.batches = batches, .lanes = lanes}, counts, plan.num_tokens).complete);
  at::Tensor gradient = lanes.gradient;
  data.all_reduce("gradient", gradient, ReduceOp::sum);
  return gradient;
}

at::Tensor on_ranks(int ranks, const std::vector<Example>& examples, StepShape shape) {
  at::Tensor result;
  run_ranks(ranks, [&](Communicator& data) {
    const at::Tensor gradient = step_gradient(data, examples, shape);
    if (data.rank() == 0) result = gradient;
  });
  return result;
}

}  // namespace

TEST_CASE("the gradient of a step does not depend on how the step is cut; at any data size it has the same bits") {
  const auto examples = mixed_examples();
  const at::Tensor whole = on_ranks(1, examples, {.lanes = 1, .tokens_per_lane = 4096, .tokens_per_micro_batch = 4096});
  const double norm = whole.norm().item<double>();
  REQUIRE(norm > 0.1);
  for (const int lanes : {1, 2, 4})
    for (const std::int64_t micro_batch : {1, 40, 4096}) {
      const StepShape shape{.lanes = lanes, .tokens_per_lane = 280 / lanes + 40, .tokens_per_micro_batch = micro_batch};
      const at::Tensor gradient = on_ranks(1, examples, shape);
      CHECK((gradient - whole).norm().item<double>() < 1e-5 * norm);
      for (const int ranks : {2, 4}) {
        if (ranks > lanes) continue;
        CHECK(at::equal(on_ranks(ranks, examples, shape), gradient));
      }
    }
  // The check above would notice another order of addition: another cut has other bits.
  CHECK_FALSE(
      at::equal(on_ranks(1, examples, {.lanes = 4, .tokens_per_lane = 110, .tokens_per_micro_batch = 110}), whole));
}

TEST_CASE("gradients of all steps lie in log2(lanes) + 1 buffers, which are made once and give the same bits again") {
  const auto examples = mixed_examples();
  TinyModel model(11);
  const TrainedModel trained = trained_model(model.decoder);
  for (const int lanes : {1, 2, 3, 4, 7, 8}) {
    CAPTURE(lanes);
    StepPlanner planner(lengths_of(examples), {.lanes = lanes, .tokens_per_lane = 80, .tokens_per_micro_batch = 60});
    const StepPlan plan = planner.plan(0, std::ssize(examples));
    const LossCounts counts = planned_counts(plan, examples);
    const LaneBatches batches = make_lane_batches(plan, examples, {0, lanes});
    const auto most = static_cast<std::size_t>(std::bit_width(static_cast<unsigned>(lanes)));
    GradientBuffers buffers;
    at::Tensor first;
    for (int step = 0; step < 4; ++step) {
      const StepGradient of_step = accumulate_lanes(trained, batches, kWeights, counts, buffers);
      CHECK(buffers.count() == most);
      if (step == 0) first = of_step.gradient.clone();
      CHECK(at::equal(of_step.gradient, first));
    }
    // A step that is left on the way, and a result that somebody holds, cost nothing and one buffer.
    (void)accumulate_lanes(trained, batches, kWeights, counts, buffers, [] { return true; });
    CHECK(buffers.count() == most);
    const StepGradient held = accumulate_lanes(trained, batches, kWeights, counts, buffers);
    CHECK(at::equal(accumulate_lanes(trained, batches, kWeights, counts, buffers).gradient, held.gradient));
    CHECK(buffers.count() == most + 1);
  }
  GradientBuffers buffers;  // of a rank without lanes
  for (int step = 0; step < 3; ++step) {
    const StepGradient none = accumulate_lanes(trained, {}, kWeights, {}, buffers);
    CHECK(none.gradient.count_nonzero().item<std::int64_t>() == 0);
    CHECK(buffers.count() == 1);
  }
}

TEST_CASE("more ranks than lanes, and three ranks, give the same gradient within rounding") {
  const auto examples = mixed_examples();
  const StepShape shape{.lanes = 4, .tokens_per_lane = 110, .tokens_per_micro_batch = 55};
  const at::Tensor expected = on_ranks(1, examples, shape);
  for (const int ranks : {3, 5})
    CHECK((on_ranks(ranks, examples, shape) - expected).norm().item<double>() < 1e-5 * expected.norm().item<double>());
}

TEST_CASE("ranks that hold other examples than planned are found before anything is added") {
  const auto examples = mixed_examples();
  CHECK_THROWS_WITH_AS(run_ranks(2,
                                 [&](Communicator& data) {
                                   auto mine = examples;
                                   StepPlanner planner(lengths_of(examples), {.lanes = 2, .tokens_per_lane = 120});
                                   const StepPlan plan = planner.plan(0, 15);
                                   if (data.rank() == 1)
                                     for (Example& e : mine) e.items.clear();
                                   const LaneBatches batches =
                                       make_lane_batches(plan, mine, Topology{.ranks = 2}.lanes_of(data.rank(), 2));
                                   SoloCommunicator tensor;
                                   (void)agree_on_step({data, data, tensor}, {.batches = batches, .lanes = {}},
                                                       planned_counts(plan, examples), plan.num_tokens);
                                 }),
                       doctest::Contains("do all ranks see the same examples?"), Error);
}

TEST_CASE("validation is the mean loss over all examples, with the same bits at any number of ranks") {
  const auto examples = mixed_examples();
  double unpacked = 0;
  LossCounts counts = {};
  for (const Example& e : examples)
    for (int k = 0; k < kNumLossKinds; ++k) counts[k] += testing::units_of(e)[k];
  TinyModel model(11);
  const TrainedModel trained = trained_model(model.decoder);
  for (const Example& e : examples) {
    const Batch batch = testing::batch_of({e});
    unpacked += batch_loss(trained.log_probs(batch), batch, kWeights, counts).total.item<double>();
  }
  SoloCommunicator solo;
  const double alone = validation_loss(trained, examples, 64, kWeights, solo).value();
  CHECK(alone == doctest::Approx(unpacked).epsilon(1e-6));
  for (const int ranks : {2, 3, 4}) {
    std::vector<double> losses(ranks);
    run_ranks(ranks, [&](Communicator& data) {
      TinyModel own(11);
      losses[data.rank()] = validation_loss(trained_model(own.decoder), examples, 64, kWeights, data).value();
      const bool asked = data.rank() == 1;  // one rank alone: none has a result
      CHECK_FALSE(
          validation_loss(trained_model(own.decoder), examples, 64, kWeights, data, [&] { return asked; }).has_value());
    });
    for (const double loss : losses) CHECK(loss == alone);
  }
}

TEST_CASE("each data rank owns blocks; reduce, norm and gather have the same bits at any data size") {
  const auto run = [](int ranks) {
    std::vector<double> norms(ranks);
    at::Tensor sum;
    run_ranks(ranks, [&](Communicator& data) {
      SoloCommunicator tensor;
      TinyModel model(3);
      ParameterSet& parameters = model.decoder.parameters();
      GradientExchange exchange(parameters, {data, data, tensor});
      at::Tensor lanes = at::empty({4, parameters.size()});
      const Philox random(1, "gradient");
      for (std::int64_t i = 0; i < lanes.numel(); ++i)
        lanes.mutable_data_ptr<float>()[i] = static_cast<float>(random.uniform(0, i) - 0.5);
      // This rank's inner node of the tree over four lanes.
      at::Tensor mine = ranks == 1   ? (lanes[0] + lanes[1]) + (lanes[2] + lanes[3])
                        : ranks == 2 ? lanes[2 * data.rank()] + lanes[2 * data.rank() + 1]
                                     : lanes[data.rank()].clone();
      const at::Tensor owned = exchange.reduce(mine.contiguous());
      norms[data.rank()] = exchange.norm(owned);
      const at::NoGradGuard no_grad;
      parameters.flat().zero_();
      parameters.flat().narrow(0, exchange.begin(), exchange.end() - exchange.begin()).copy_(owned);
      exchange.gather_parameters();
      if (data.rank() == ranks - 1) sum = parameters.flat().clone();
    });
    for (const double norm : norms) CHECK(norm == norms[0]);
    CHECK(norms[0] == doctest::Approx(sum.to(at::kDouble).norm().item<double>()).epsilon(1e-12));
    return std::pair(norms[0], sum);
  };
  const auto alone = run(1);
  for (const int ranks : {2, 4}) {
    const auto many = run(ranks);
    CHECK(many.first == alone.first);
    CHECK(at::equal(many.second, alone.second));
  }
}

TEST_CASE("the norm counts what several tensor ranks hold alike once") {
  // Two tensor ranks: a matrix split by rows, a norm held whole by both.
  at::Tensor matrix = at::arange(8, at::kFloat), norm_weight = at::arange(3, at::kFloat) + 1;
  run_ranks(2, [&](Communicator& tensor) {
    SoloCommunicator data;
    ParameterSet parameters;
    parameters.add(
        {.name = "w", .shape = {4, 2}, .shard = {.dim = 0, .begin = 2 * tensor.rank(), .end = 2 * tensor.rank() + 2}});
    parameters.add({.name = "n", .shape = {3}, .decay = false});
    parameters.finish();
    GradientExchange exchange(parameters, {tensor, data, tensor});
    const at::Tensor gradient = at::cat({matrix.narrow(0, 4 * tensor.rank(), 4), norm_weight});
    const double expected = at::cat({matrix, norm_weight}).to(at::kDouble).norm().item<double>();
    CHECK(exchange.norm(exchange.reduce(gradient)) == doctest::Approx(expected).epsilon(1e-12));
  });
}

TEST_CASE("clipping scales down to the limit, never up") {
  CHECK(clip_scale(4.0, 1.0) == 0.25);
  CHECK(clip_scale(0.5, 1.0) == 1.0);
  CHECK(clip_scale(1e9, 0.0) == 1.0);
}
