// training.compute: bfloat16, beside float32.
#include "framework/comm/solo_communicator.h"
#include "framework/train/trainer.h"
#include "tests/support/doctest_torch.h"
#include "tests/support/thread_communicator.h"
#include "tests/support/tiny_model.h"
#include "tests/support/tiny_settings.h"

using namespace ft;
using namespace ft::testing;

namespace {

TrainingSettings settings(Compute compute) { return tiny_settings(12, 2, compute); }

struct Outcome {
  std::string digest;
  std::vector<StepRecord> steps;
  at::Tensor weights;
};

Outcome train(int ranks, Compute compute) {
  static const std::vector<Example> examples = tiny_examples(40, 5), none;
  Outcome outcome;
  run_ranks(ranks, [&](Communicator& data) {
    SoloCommunicator tensor;
    TinyModel model(42);
    Trainer trainer(model.decoder, {data, data, tensor}, settings(compute), {}, 17, examples, none);
    TrainHooks hooks;
    hooks.on_step = [&](const StepRecord& record) {
      if (data.rank() == 0) outcome.steps.push_back(record);
    };
    (void)trainer.run(hooks);
    CHECK((model.decoder.parameters().flat().scalar_type() == at::kFloat));
    CHECK((trainer.optimizer_state().first_moment.scalar_type() == at::kFloat));
    CHECK((trainer.optimizer_state().second_moment.scalar_type() == at::kFloat));
    if (data.rank() != 0) return;
    outcome.digest = weights_digest(model.decoder.parameters());
    outcome.weights = model.decoder.parameters().flat().clone();
  });
  return outcome;
}

}  // namespace

TEST_CASE("training in bfloat16 follows float32 within rounding, and is not float32") {
  const Outcome wide = train(1, Compute::float32), narrow = train(1, Compute::bfloat16);
  REQUIRE(wide.steps.size() == 12);
  REQUIRE(narrow.steps.size() == 12);
  CHECK(narrow.digest != wide.digest);
  for (std::size_t i = 0; i < wide.steps.size(); ++i) {
    CAPTURE(i);
    CHECK(narrow.steps[i].loss == doctest::Approx(wide.steps[i].loss).epsilon(0.005));
    CHECK(narrow.steps[i].gradient_norm == doctest::Approx(wide.steps[i].gradient_norm).epsilon(0.05));
  }
  CHECK(narrow.steps[0].loss != wide.steps[0].loss);
  CHECK(narrow.steps.back().loss < 0.95 * narrow.steps[0].loss);
}

TEST_CASE("training in bfloat16 has the same bits at any data size") {
  const Outcome alone = train(1, Compute::bfloat16);
  for (const int ranks : {2, 4}) {
    const Outcome many = train(ranks, Compute::bfloat16);
    CHECK(many.digest == alone.digest);
    for (std::size_t i = 0; i < alone.steps.size(); ++i) {
      CHECK(many.steps[i].loss == alone.steps[i].loss);
      CHECK(many.steps[i].gradient_norm == alone.steps[i].gradient_norm);
    }
  }
}
