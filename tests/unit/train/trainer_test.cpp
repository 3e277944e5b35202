#include "framework/train/trainer.h"

#include <cmath>
#include <limits>
#include <mutex>

#include "framework/base/error.h"
#include "framework/comm/solo_communicator.h"
#include "tests/support/doctest_torch.h"
#include "tests/support/thread_communicator.h"
#include "tests/support/tiny_model.h"

using namespace ft;
using namespace ft::testing;

namespace {

TrainingSettings settings() {
  TrainingSettings s;
  s.lanes = 4;
  s.tokens_per_lane = 40;
  s.tokens_per_micro_batch = 24;
  s.learning_rate = 3e-3;
  s.weight_decay = 0.1;
  s.warmup = {2, Length::Unit::steps};
  s.length = {3, Length::Unit::epochs};
  s.save_every = {0, Length::Unit::steps};
  return s;
}

// A training state as a checkpoint would hold it: whole, whoever owned which part.
struct State {
  TrainCursor cursor;
  at::Tensor weights, first_moment, second_moment;  // [parameters]
};

struct Outcome {
  std::string digest;
  std::vector<StepRecord> steps;
  std::vector<ValidationRecord> validations;
  std::vector<State> states;  // one a save
  std::vector<bool> best;
  TrainResult result;
};

at::Tensor gather_owned(Communicator& data, const ParameterSet& parameters, const at::Tensor& owned) {
  const at::Tensor whole = at::empty({parameters.size()});
  data.all_gather("moments", whole, owned, owned_sizes(parameters.blocks(), data.size())).wait();
  return whole;
}

// Trains on `ranks` threads, from `start` when given; returns what the last rank saw, after checking that all agree.
Outcome train(int ranks, const TrainingSettings& s, const State* start = nullptr, std::int64_t stop_at = -1) {
  static const std::vector<Example> examples = tiny_examples(30, 5), validation = tiny_examples(8, 6);
  Outcome outcome;
  std::vector<std::string> digests(ranks);
  run_ranks(ranks, [&](Communicator& data) {
    const bool speaks = data.rank() == ranks - 1;
    SoloCommunicator tensor;
    TinyModel model(42);
    ParameterSet& parameters = model.decoder.parameters();
    Trainer trainer(model.decoder, {data, data, tensor}, s, {}, 17, examples, validation);
    if (start) {
      const at::NoGradGuard no_grad;
      OptimizerState& o = trainer.optimizer_state();
      parameters.flat().copy_(start->weights);
      o.first_moment.copy_(start->first_moment.narrow(0, o.begin, o.end - o.begin));
      o.second_moment.copy_(start->second_moment.narrow(0, o.begin, o.end - o.begin));
      o.step = start->cursor.step;
      trainer.set_cursor(start->cursor);
    }
    std::int64_t step = 0;
    TrainHooks hooks;
    hooks.on_step = [&](const StepRecord& record) {
      step = record.step;
      if (speaks) outcome.steps.push_back(record);
    };
    hooks.on_validation = [&](const ValidationRecord& record) {
      if (speaks) outcome.validations.push_back(record);
    };
    hooks.save = [&](const TrainCursor& cursor, bool is_best) {
      const OptimizerState& o = trainer.optimizer_state();
      const at::Tensor first = gather_owned(data, parameters, o.first_moment);
      const at::Tensor second = gather_owned(data, parameters, o.second_moment);
      if (!speaks) return;
      outcome.states.push_back({cursor, parameters.flat().clone(), first, second});
      outcome.best.push_back(is_best);
    };
    hooks.stop_requested = [&] { return step == stop_at; };
    try {
      const TrainResult result = trainer.run(hooks);
      if (speaks) outcome.result = result;
    } catch (const StopRequested&) {
      CHECK(stop_at >= 0);
    }
    digests[data.rank()] = weights_digest(parameters);
  });
  for (const std::string& digest : digests) CHECK(digest == digests[0]);
  outcome.digest = digests[0];
  return outcome;
}

}  // namespace

TEST_CASE("training has the same bits at any data size: weights, losses, norms, digest of consumed ids") {
  const Outcome alone = train(1, settings());
  CHECK(alone.steps.size() > 6);
  CHECK(alone.steps.back().step == alone.steps.back().num_steps);
  for (const int ranks : {2, 4}) {
    const Outcome many = train(ranks, settings());
    CHECK(many.digest == alone.digest);
    CHECK(many.result.cursor.consumed_digest == alone.result.cursor.consumed_digest);
    CHECK(many.validations.back().loss == alone.validations.back().loss);
    REQUIRE(many.steps.size() == alone.steps.size());
    for (std::size_t i = 0; i < many.steps.size(); ++i) {
      CHECK(many.steps[i].loss == alone.steps[i].loss);
      CHECK(many.steps[i].gradient_norm == alone.steps[i].gradient_norm);
    }
  }
  const Outcome three = train(3, settings());  // differs by rounding, not by more
  CHECK(three.result.cursor.consumed_digest == alone.result.cursor.consumed_digest);
  CHECK(three.steps.back().loss == doctest::Approx(alone.steps.back().loss).epsilon(1e-3));
}

TEST_CASE("resumed at any step, at any data size, twice in one epoch, training ends with the same bits") {
  TrainingSettings s = settings();
  const Outcome whole = train(1, s);
  s.save_every = {1, Length::Unit::steps};  // an execution key: saves change nothing
  const Outcome saved = train(2, s);
  CHECK(saved.digest == whole.digest);
  REQUIRE(saved.states.size() == whole.steps.size());
  for (std::size_t i = 0; i < saved.states.size(); ++i) {
    const Outcome resumed = train(i % 2 == 0 ? 1 : 4, s, &saved.states[i]);
    CHECK(resumed.digest == whole.digest);
    CHECK(resumed.steps.size() == whole.steps.size() - i - 1);
    CHECK(resumed.result.cursor.consumed_digest == whole.result.cursor.consumed_digest);
  }
  const Outcome twice = train(2, s, &train(4, s, &saved.states[0], 2).states.back());
  CHECK(twice.digest == whole.digest);
}

TEST_CASE("a request to stop saves, throws StopRequested on every rank, and loses nothing") {
  const TrainingSettings s = settings();
  const Outcome stopped = train(2, s, nullptr, 4);
  CHECK(stopped.steps.size() == 4);
  REQUIRE(stopped.states.size() == 1);
  CHECK(stopped.states[0].cursor.step == 4);
  CHECK(train(2, s, &stopped.states[0]).digest == train(1, s).digest);
}

TEST_CASE("the best checkpoint is the one with the lowest validation loss") {
  TrainingSettings s = settings();
  s.validate_every = {2, Length::Unit::steps};
  s.learning_rate = 0.05;  // soon too much for validation
  const Outcome outcome = train(1, s);
  const auto& v = outcome.validations;
  CHECK(v.size() >= 4);
  const auto best = std::min_element(v.begin(), v.end(), [](auto& a, auto& b) { return a.loss < b.loss; });
  CHECK(outcome.result.cursor.best_step == best->step);
  CHECK(outcome.result.cursor.best_validation_loss == best->loss);
  CHECK(v.back().step == outcome.result.cursor.step);
  for (std::size_t i = 0; i < outcome.states.size(); ++i)
    if (outcome.best[i]) CHECK(outcome.states[i].cursor.best_step == outcome.states[i].cursor.step);
  CHECK(outcome.states.back().cursor.step == outcome.result.cursor.step);
}

TEST_CASE("lengths in steps, tokens and time") {
  TrainingSettings s = settings();
  s.length = {5, Length::Unit::steps};
  CHECK(train(1, s).steps.size() == 5);
  s.length = {500, Length::Unit::tokens};
  const Outcome tokens = train(1, s);
  CHECK(tokens.result.cursor.num_tokens >= 500);
  CHECK(tokens.result.cursor.num_tokens - tokens.steps.back().num_tokens < 500);
  s.length = {0.2, Length::Unit::seconds};
  const Outcome timed = train(2, s);  // rank 0's clock decides: all ranks do the same number of steps
  CHECK(timed.result.cursor.seconds >= 0.2);
  CHECK(timed.steps.back().num_steps == 0);
}

TEST_CASE("a tiny model learns a handful of examples by heart") {
  std::vector<double> losses;
  run_ranks(1, [&](Communicator& solo) {
    TinyModel model(1);
    TrainingSettings s = settings();
    s.lanes = 2;
    s.length = {120, Length::Unit::steps};
    s.learning_rate = 1e-2;
    s.weight_decay = 0;
    const auto examples = tiny_examples(4, 9);
    const std::vector<Example> none;
    Trainer trainer(model.decoder, {solo, solo, solo}, s, {}, 1, examples, none);
    (void)trainer.run({.on_step = [&](const StepRecord& r) { losses.push_back(r.loss); }});
  });
  CHECK(losses.front() > 3.5);
  CHECK(losses.back() < 0.05);
}

TEST_CASE("the first update is PyTorch's: each element moves by the learning rate against its gradient's sign") {
  TinyModel model(1);
  SoloCommunicator solo;
  TrainingSettings s = settings();
  s.length = {1, Length::Unit::steps};
  s.warmup = {0, Length::Unit::steps};
  s.weight_decay = 0;
  const at::Tensor before = model.decoder.parameters().flat().clone();
  const auto examples = tiny_examples(30, 5);
  const std::vector<Example> none;
  Trainer trainer(model.decoder, {solo, solo, solo}, s, {}, 1, examples, none);
  (void)trainer.run({});
  const at::Tensor moved = model.decoder.parameters().flat() - before;
  const at::Tensor first = trainer.optimizer_state().first_moment;  // (1 - beta1) g
  const at::Tensor large = first.abs() > 1e-5;
  CHECK(large.sum().item<std::int64_t>() > 1000);
  const at::Tensor expected = first.sign() * -s.learning_rate;
  CHECK((moved - expected).masked_select(large).abs().max().item<double>() < 0.02 * s.learning_rate);
}

TEST_CASE("a loss that is no number stops all ranks, names the step and leaves the weights alone") {
  static const std::vector<Example> examples = tiny_examples(30, 5), none;
  std::vector<std::string> messages(2), digests(2);
  run_ranks(2, [&](Communicator& data) {
    SoloCommunicator tensor;
    TinyModel model(42);
    int calls = 0;
    TrainedModel broken = trained_model(model.decoder);
    const auto healthy = broken.log_probs;
    broken.log_probs = [&](const Batch& batch) {
      const at::Tensor log_probs = healthy(batch);
      return ++calls > 6 && data.rank() == 1 ? log_probs * std::numeric_limits<double>::quiet_NaN() : log_probs;
    };
    Trainer trainer(broken, {data, data, tensor}, settings(), {}, 17, examples, none);
    std::string last;
    try {
      (void)trainer.run({.on_step = [&](const StepRecord&) { last = weights_digest(model.decoder.parameters()); }});
    } catch (const Error& error) {
      messages[data.rank()] = error.what();
    }
    digests[data.rank()] = last == weights_digest(model.decoder.parameters()) ? "unchanged" : "changed";
  });
  CHECK(messages[0].find("the loss is nan") != std::string::npos);
  CHECK(messages[0].find("step 2:") != std::string::npos);
  CHECK(messages[0] == messages[1]);
  CHECK(digests[0] == "unchanged");
}
