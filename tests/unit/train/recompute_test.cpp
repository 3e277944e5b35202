// training.recompute is an execution key: whole trainings end with the same bits, whatever it says.
#include <ATen/Parallel.h>

#include "framework/comm/solo_communicator.h"
#include "framework/train/trainer.h"
#include "tests/support/doctest_torch.h"
#include "tests/support/thread_communicator.h"
#include "tests/support/tiny_model.h"
#include "tests/support/tiny_settings.h"

using namespace ft;
using namespace ft::testing;

namespace {

TrainingSettings settings(Compute compute) { return tiny_settings(10, 0, compute); }

// Solutions, and pairs with every loss of a verifier.
std::vector<Example> all_losses() {
  std::vector<Example> examples = tiny_examples(30, 5);
  for (Example& pair : tiny_pairs(20, 6)) {
    pair.items.push_back({.kind = LossKind::cross_entropy_full, .spans = {0, -1, -1, -1}});
    pair.items.push_back({.kind = LossKind::cross_entropy_two, .spans = {3, 2, -1, -1}});
    examples.push_back(std::move(pair));
  }
  return examples;
}

struct Outcome {
  std::string digest;
  std::vector<double> losses, norms;  // of all steps
  double validation_loss = 0;
  friend bool operator==(const Outcome&, const Outcome&) = default;
};

// On `ranks` threads; `later`: with which the second half is trained, as if it were resumed.
Outcome train(int ranks, TrainingSettings s, Recompute first, Recompute later) {
  static const std::vector<Example> examples = all_losses(), validation = tiny_examples(6, 7);
  const LossWeights weights{.weight = {1, 0.5, 1, 1, 0}, .margin = 0.3};
  ModelConfig config = tiny_config();
  config.num_layers = 5;
  Outcome outcome;
  run_ranks(ranks, [&](Communicator& data) {
    at::set_num_threads(1);
    const bool speaks = data.rank() == 0;
    SoloCommunicator tensor;
    TinyModel model(42, config);
    const Groups groups{data, data, tensor};
    TrainHooks hooks;
    hooks.on_step = [&](const StepRecord& record) {
      if (!speaks) return;
      outcome.losses.push_back(record.loss);
      outcome.norms.push_back(record.gradient_norm);
    };
    hooks.on_validation = [&](const ValidationRecord& record) {
      if (speaks) outcome.validation_loss = record.loss;
    };
    TrainingSettings half = s;
    half.schedule = ScheduleKind::constant;
    half.length = {5, Length::Unit::steps};
    half.recompute = first;
    Trainer begun(model.decoder, groups, half, weights, 17, examples, validation);
    const TrainCursor reached = begun.run(hooks).cursor;
    half.length = s.length;
    half.recompute = later;
    Trainer resumed(model.decoder, groups, half, weights, 17, examples, validation);
    const OptimizerState& from = begun.optimizer_state();
    OptimizerState& to = resumed.optimizer_state();
    to.first_moment.copy_(from.first_moment);
    to.second_moment.copy_(from.second_moment);
    to.step = from.step;
    resumed.set_cursor(reached);
    (void)resumed.run(hooks);
    if (speaks) outcome.digest = weights_digest(model.decoder.parameters());
  });
  return outcome;
}

}  // namespace

TEST_CASE(
    "ten steps with all losses end in the same bits with and without recomputation, and with one after the other") {
  for (const Compute compute : {Compute::float32, Compute::bfloat16}) {
    const TrainingSettings s = settings(compute);
    const Outcome kept = train(1, s, {}, {});
    REQUIRE(kept.losses.size() == 10);
    CHECK(kept.losses.front() != kept.losses.back());
    for (const int ranks : {1, 2}) {
      CAPTURE(ranks);
      CHECK(train(ranks, s, {1}, {1}) == kept);
      CHECK(train(ranks, s, {2}, {2}) == kept);
      CHECK(train(ranks, s, {}, {1}) == kept);
      CHECK(train(ranks, s, {3}, {}) == kept);
    }
  }
}
