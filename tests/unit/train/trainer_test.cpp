#include "framework/train/trainer.h"

#include <cmath>
#include <limits>
#include <mutex>
#include <sstream>

#include "framework/base/error.h"
#include "framework/comm/solo_communicator.h"
#include "framework/watch/traced_communicator.h"
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
  int stops = 0;
  TrainResult result;
};

at::Tensor gather_owned(Communicator& data, const ParameterSet& parameters, const at::Tensor& owned) {
  const at::Tensor whole = at::empty({parameters.size()});
  data.all_gather("moments", whole, owned, owned_sizes(parameters.blocks(), data.size()));
  return whole;
}

// Whether a rank has been asked to stop: by the steps it has made, and how often it has looked since the last one.
using Stop = std::function<bool(int rank, std::int64_t step, int looks)>;

constexpr std::int64_t kBadExample = 7;

// Gives no number for batches with kBadExample in them.
TrainedModel with_bad_example(TrainedModel model, const std::vector<Example>& examples) {
  model.log_probs = [healthy = model.log_probs, bad = examples[kBadExample].documents[0]](const Batch& batch) {
    const at::Tensor log_probs = healthy(batch);
    const auto* tokens = batch.tokens.const_data_ptr<std::int64_t>();
    for (std::size_t d = 0; d + 1 < batch.offsets.size(); ++d) {
      if (std::equal(tokens + batch.offsets[d], tokens + batch.offsets[d + 1], bad.begin(), bad.end()))
        return log_probs * std::numeric_limits<double>::quiet_NaN();
    }
    return log_probs;
  };
  return model;
}

// Trains on `ranks` threads, from `start` when given; returns what the last rank saw, after checking that all agree.
Outcome train(int ranks, const TrainingSettings& s, const State* start = nullptr, const Stop& stop = {},
              bool bad = false) {
  static const std::vector<Example> examples = tiny_examples(30, 5), validation = tiny_examples(8, 6);
  Outcome outcome;
  std::vector<std::string> digests(ranks);
  run_ranks(ranks, [&](Communicator& data) {
    const bool speaks = data.rank() == ranks - 1;
    SoloCommunicator tensor;
    TinyModel model(42);
    ParameterSet& parameters = model.decoder.parameters();
    const TrainedModel healthy = trained_model(model.decoder);
    const TrainedModel trained = bad ? with_bad_example(healthy, examples) : healthy;
    Trainer trainer(trained, {data, data, tensor}, s, {}, 17, examples, validation);
    if (start) {
      const at::NoGradGuard no_grad;
      OptimizerState& o = trainer.optimizer_state();
      parameters.flat().copy_(start->weights);
      o.first_moment.copy_(start->first_moment.narrow(0, o.begin, o.end - o.begin));
      o.second_moment.copy_(start->second_moment.narrow(0, o.begin, o.end - o.begin));
      o.step = start->cursor.step - start->cursor.skipped;
      trainer.set_cursor(start->cursor);
    }
    std::int64_t step = trainer.cursor().step;
    int looks = 0;
    TrainHooks hooks;
    hooks.on_step = [&](const StepRecord& record) {
      step = record.step;
      looks = 0;
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
    hooks.stop_seen = [&] { return stop && stop(data.rank(), step, looks++); };
    try {
      const TrainResult result = trainer.run(hooks);
      if (speaks) outcome.result = result;
    } catch (const StopRequested&) {
      CHECK(bool(stop));
      if (speaks) ++outcome.stops;
    }
    digests[data.rank()] = weights_digest(parameters);
  });
  for (const std::string& digest : digests) CHECK(digest == digests[0]);
  outcome.digest = digests[0];
  return outcome;
}

Stop after(std::int64_t step) {
  return [step](int, std::int64_t now, int) { return now == step; };
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
  const Outcome twice = train(2, s, &train(4, s, &saved.states[0], after(2)).states.back());
  CHECK(twice.digest == whole.digest);
}

TEST_CASE("a request to stop saves, throws StopRequested on every rank, and loses nothing") {
  const TrainingSettings s = settings();
  const Outcome stopped = train(2, s, nullptr, after(4));
  CHECK(stopped.steps.size() == 4);
  REQUIRE(stopped.states.size() == 1);
  CHECK(stopped.states[0].cursor.step == 4);
  CHECK(train(2, s, &stopped.states[0]).digest == train(1, s).digest);
}

TEST_CASE("asked in the middle of its lanes, one rank alone takes all of them out of the step") {
  const TrainingSettings s = settings();
  const Outcome whole = train(1, s);
  for (const int looks : {0, 1, 2}) {
    const Outcome stopped = train(4, s, nullptr, [=](int rank, std::int64_t step, int l) {
      return rank == 2 && (step > 3 || (step == 3 && l >= looks));
    });
    CHECK(stopped.stops == 1);
    REQUIRE(stopped.states.size() == 1);
    // Its lane has one micro-batch, or two: the last look comes when all lanes are done, and the step is made.
    CHECK(stopped.states[0].cursor.step == std::ssize(stopped.steps));
    if (looks == 0) CHECK(stopped.steps.size() == 3);
    CHECK((stopped.steps.size() == 3 || stopped.steps.size() == 4));
    CHECK(train(2, s, &stopped.states[0]).digest == whole.digest);
  }
}

TEST_CASE("a stop in the middle of a validation: the state is saved, and the validation is made at the next start") {
  TrainingSettings s = settings();
  s.validate_every = {2, Length::Unit::steps};
  s.learning_rate = 0.02;
  const Outcome whole = train(1, s);
  const Outcome stopped = train(2, s, nullptr, [](int rank, std::int64_t step, int) { return rank == 1 && step == 4; });
  CHECK(stopped.stops == 1);
  CHECK(stopped.validations.size() == 1);
  REQUIRE(!stopped.states.empty());
  CHECK(stopped.states.back().cursor.step == 4);
  CHECK(stopped.states.back().cursor.validation_due);
  const Outcome resumed = train(2, s, &stopped.states.back());
  REQUIRE(resumed.validations.size() + 1 == whole.validations.size());
  for (std::size_t i = 0; i < resumed.validations.size(); ++i) {
    CHECK(resumed.validations[i].step == whole.validations[i + 1].step);
    CHECK(resumed.validations[i].loss == whole.validations[i + 1].loss);
  }
  CHECK(resumed.digest == whole.digest);
  CHECK(resumed.result.cursor.best_step == whole.result.cursor.best_step);
  CHECK_FALSE(resumed.states.front().cursor.validation_due);
}

TEST_CASE("a step that gives no number is skipped: the same bits at any data size and after any resume") {
  TrainingSettings s = settings();
  s.non_finite = NonFinite::skip;
  s.save_every = {1, Length::Unit::steps};
  const Outcome alone = train(1, s, nullptr, {}, true);
  std::int64_t skipped = 0;
  for (std::size_t i = 0; i < alone.steps.size(); ++i) {
    const StepRecord& record = alone.steps[i];
    skipped += record.skipped ? 1 : 0;
    CHECK(record.skipped == !std::isfinite(record.loss));
    if (!record.skipped || i == 0) continue;
    CHECK(record.suspects.find("example 7 (id 0000000000000008)") != std::string::npos);
    CHECK(record.suspects.find("example", record.suspects.find("example 7") + 1) == std::string::npos);
    CHECK(alone.states[i].weights.equal(alone.states[i - 1].weights));
    CHECK(alone.states[i].first_moment.equal(alone.states[i - 1].first_moment));
    CHECK(alone.states[i].second_moment.equal(alone.states[i - 1].second_moment));
  }
  CHECK(skipped >= 2);  // once an epoch
  CHECK(alone.result.cursor.skipped == skipped);
  CHECK(alone.result.cursor.step == std::ssize(alone.steps));
  for (const int ranks : {2, 4}) {
    const Outcome many = train(ranks, s, nullptr, {}, true);
    CHECK(many.digest == alone.digest);
    CHECK(many.result.cursor.skipped == skipped);
    for (std::size_t i = 0; i < many.steps.size(); ++i) {
      CHECK(many.steps[i].skipped == alone.steps[i].skipped);
      CHECK(many.steps[i].suspects == alone.steps[i].suspects);
    }
  }
  for (const std::size_t i : {std::size_t{1}, alone.states.size() / 2}) {
    CHECK(train(2, s, &alone.states[i], {}, true).digest == alone.digest);
  }
}

TEST_CASE("the default stops at such a step and names the example; skipping has a limit") {
  TrainingSettings s = settings();
  const auto message_of = [&] {
    try {
      (void)train(2, s, nullptr, {}, true);
    } catch (const Error& error) {
      return std::string(error.what());
    }
    return std::string("no error");
  };
  const std::string stop = message_of();
  CHECK(stop.find("the loss is nan") != std::string::npos);
  CHECK(stop.find("example 7 (id 0000000000000008)") != std::string::npos);
  CHECK(stop.find("training.non_finite: skip") != std::string::npos);
  s.non_finite = NonFinite::skip;
  s.most_skipped = 2;
  s.lanes = 32;  // every step has all examples, some twice
  s.length = {6, Length::Unit::steps};
  const std::string skip = message_of();
  CHECK(skip.find("step 3:") != std::string::npos);
  CHECK(skip.find("still those of step 0 (2 steps before it were skipped)") != std::string::npos);
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

// The exchanges after the first `from` of a trace: "all_gather_bytes 'the step'" and so on.
std::vector<std::string> exchanges_of(const ExchangeTrace& trace, std::size_t from) {
  std::vector<std::string> names;
  std::istringstream dump(trace.dump());
  for (std::string line; std::getline(dump, line);) {
    const std::size_t colon = line.find(": ");
    names.push_back(line.substr(colon + 2, line.rfind("', ") - colon - 1));
  }
  names.erase(names.begin(), names.begin() + static_cast<std::ptrdiff_t>(std::min(from, names.size())));
  return names;
}

TEST_CASE("a step is four exchanges, whatever there is to agree upon") {
  TrainingSettings s = settings();
  s.length = {30, Length::Unit::seconds};  // rank 0's clock decides
  const std::vector<std::string> expected = {"all_gather_bytes 'the step'", "reduce_scatter 'gradients'",
                                             "all_gather 'squares of the gradient's blocks'",
                                             "all_gather 'parameters'"};
  for (const int lanes : {2, 16}) {  // one lane a rank, and several
    s.lanes = lanes;
    run_ranks(2, [&](Communicator& ranks) {
      const auto trace = std::make_shared<ExchangeTrace>();
      TracedCommunicator data(ranks, trace, "world");
      SoloCommunicator tensor;
      TinyModel model(42);
      const std::vector<Example> none;
      Trainer trainer(model.decoder, {data, data, tensor}, s, {}, 17, tiny_examples(30, 5), none);
      std::size_t seen = 0;
      std::int64_t steps = 0, advanced = 0;
      TrainHooks hooks;
      hooks.on_step = [&](const StepRecord& record) {
        const std::vector<std::string> names = exchanges_of(*trace, seen);
        seen += names.size();
        steps = record.step;
        CHECK(names == expected);
      };
      // What goes on beside the training is ready on one rank, then on both; then somebody asks to stop.
      hooks.background_done = [&] { return steps >= (data.rank() == 0 ? 1 : 3); };
      hooks.advance_background = [&] { advanced = advanced == 0 ? steps : advanced; };
      hooks.stop_seen = [&] { return data.rank() == 1 && steps == 5; };
      CHECK_THROWS_AS((void)trainer.run(hooks), StopRequested);
      CHECK(steps == 5);
      CHECK(advanced == 4);
    });
  }
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
  CHECK(messages[0].find("micro-batches give none") != std::string::npos);
  CHECK(messages[0] == messages[1]);
  CHECK(digests[0] == "unchanged");
}

TEST_CASE("where the schedule allows it, a longer length goes on from a shorter one with the bits of one training") {
  using enum Length::Unit;
  struct Case {
    Length shorter, longer;
    ScheduleKind schedule = ScheduleKind::constant;
  };
  const std::vector<Case> cases = {{{4, steps}, {9, steps}},
                                   {{1, epochs}, {3, epochs}},
                                   {{1, epochs}, {2.4, epochs}},
                                   {{5, steps}, {2, epochs}},
                                   {{300, tokens}, {900, tokens}},
                                   {{4, steps}, {12, steps}, ScheduleKind::linear},
                                   {{1, epochs}, {2, epochs}, ScheduleKind::cosine}};
  bool any_was_cut = false, any_was_validated_again = false;
  for (const Case& c : cases) {
    INFO(to_string(c.shorter), " ", to_string(c.longer), " ", c.schedule);
    TrainingSettings s = settings();
    s.schedule = c.schedule;
    if (c.schedule != ScheduleKind::constant) s.schedule_length = {10, steps};
    s.validate_every = {3, steps};
    TrainingSettings shorter = s, longer = s;
    shorter.length = c.shorter;
    longer.length = c.longer;
    const Outcome first = train(1, shorter), whole = train(1, longer);
    REQUIRE_FALSE(first.states.empty());
    any_was_cut = any_was_cut || first.states.back().cursor.step < first.result.cursor.step;
    const Outcome grown = train(1, longer, &first.states.back());
    CHECK(grown.digest == whole.digest);
    CHECK(grown.result.cursor.consumed_digest == whole.result.cursor.consumed_digest);
    CHECK(grown.result.cursor.step == whole.result.cursor.step);
    CHECK(grown.result.cursor.best_step == whole.result.cursor.best_step);
    CHECK(grown.result.cursor.best_validation_loss == whole.result.cursor.best_validation_loss);
    // Killed after the last save: what is left of the end is made again.
    const Outcome again = train(1, shorter, &first.states.back());
    CHECK(again.digest == first.digest);
    CHECK(again.result.cursor.best_step == first.result.cursor.best_step);
    if (again.validations.empty()) continue;  // the last save knew of the last validation
    any_was_validated_again = true;
    CHECK(again.validations.back().loss == first.validations.back().loss);
  }
  CHECK(any_was_cut);
  CHECK(any_was_validated_again);
}

TEST_CASE("a state beyond the end of the length is none to go on from, where lengths may grow") {
  TrainingSettings s = settings();
  s.schedule = ScheduleKind::constant;
  s.length = {1, Length::Unit::epochs};
  TinyModel model(1);
  SoloCommunicator solo;
  const auto examples = tiny_examples(30, 5);
  const std::vector<Example> none;
  const auto reaches = [&](std::int64_t step, std::int64_t position, double seconds = 0,
                           const std::string& end_of = "") {
    Trainer trainer(model.decoder, {solo, solo, solo}, s, {}, 1, examples, none);
    return trainer.reaches({.step = step, .position = position, .seconds = seconds, .end_of = end_of});
  };
  CHECK(reaches(1, 10));
  CHECK_FALSE(reaches(1, 31));
  CHECK_FALSE(reaches(1000, 30));
  s.length = {4, Length::Unit::steps};
  CHECK(reaches(4, 1000));
  CHECK_FALSE(reaches(5, 30));
  s.length = {60, Length::Unit::seconds};
  CHECK(reaches(1000, 1000, 59));
  CHECK_FALSE(reaches(1000, 1000, 61));
  CHECK(reaches(1000, 1000, 61, "1min"));
  s.schedule = ScheduleKind::cosine;
  CHECK(reaches(1000, 1000, 61));  // another length is another identity: never asked
}

TEST_CASE("whether a checkpoint lies within a length is known without the data, and is what the data say") {
  using enum Length::Unit;
  TrainingSettings s = settings();
  s.schedule = ScheduleKind::constant;
  s.length = {14, steps};
  s.save_every = {1, steps};
  const Outcome trained = train(1, s);
  REQUIRE(trained.states.size() >= 13);
  TinyModel model(1);
  SoloCommunicator solo;
  const auto examples = tiny_examples(30, 5);
  const std::vector<Example> none;
  std::vector<Length> lengths;
  for (int i = 1; i <= 16; ++i) lengths.push_back({static_cast<double>(i), steps});
  for (int i = 1; i <= 40; ++i) lengths.push_back({0.1 * i, epochs});
  for (int i = 1; i <= 60; ++i) lengths.push_back({40.0 * i, tokens});
  for (const State& state : trained.states) lengths.push_back({static_cast<double>(state.cursor.num_tokens), tokens});
  int within = 0, beyond = 0;
  for (const Length& length : lengths) {
    s.length = length;
    Trainer trainer(model.decoder, {solo, solo, solo}, s, {}, 17, examples, none);
    for (const State& state : trained.states) {
      TrainCursor old = state.cursor;  // of an older program: then the planner counts
      old.num_examples = old.last_step_tokens = 0;
      INFO(to_string(length), " step ", state.cursor.step);
      const bool planned = trainer.reaches(old);
      CHECK(is_within(state.cursor, length) == planned);
      ++(planned ? within : beyond);
      if (length.unit == steps) continue;
      CHECK(is_within(old, length) == std::nullopt);
    }
  }
  CHECK(within > 200);
  CHECK(beyond > 200);
}
