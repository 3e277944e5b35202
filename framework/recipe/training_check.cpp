#include "framework/recipe/training_check.h"

#include <numeric>

#include "framework/train/schedule.h"

namespace ft {
namespace {

constexpr double kMostStepTokens = 1 << 30;
constexpr double kMostEpochs = 1e6;
constexpr double kMostEpochsAStep = 100;
constexpr double kMostPlanned = 2e7;  // examples walked through for a schedule: about a second

void check_lengths(StageCheck& check, const std::string& model, const TrainingSettings& s) {
  const std::int64_t context = check.knows(model) ? check.config(model).max_position : 0;
  if (check.set("max_length") && context > 0 && s.max_length > context) {
    check.fail("max_length", fmt::format("is {}, but the model '{}' was made for {} tokens at most", s.max_length, model, context));
  }
  if (s.tokens_per_lane >= s.max_length) return;
  const std::string what = fmt::format("is {}, but max_length {}: a document between them never fits into a lane; raise tokens_per_lane or lower max_length",
                                       s.tokens_per_lane, s.max_length);
  // A default that nobody wrote is no mistake of theirs.
  if (check.set("max_length")) check.fail("tokens_per_lane", what);
  check.warn("tokens_per_lane", what);
}

void check_units(StageCheck& check, const TrainingSettings& s) {
  // Where the length may grow, a short one may end within the warm-up.
  if (!can_extend(s) && s.warmup.unit == s.length.unit && s.warmup.value > s.length.value) {
    check.fail("warmup", fmt::format("is {}, longer than the whole training (length: {}): the learning rate would never reach its peak", to_string(s.warmup),
                                     to_string(s.length)));
  }
  if (s.save_every.unit == s.length.unit && s.save_every.value > s.length.value && check.given("save_every")) {
    check.warn("save_every", fmt::format("is {}, longer than the whole training (length: {}): nothing is saved before its end", to_string(s.save_every), to_string(s.length)));
  }
}

double step_tokens(const TrainingSettings& s) { return static_cast<double>(s.lanes) * static_cast<double>(s.tokens_per_lane); }

// What no machine would come to the end of, or not to the end of its first step.
void check_size(StageCheck& check, const TrainingSettings& s) {
  if (step_tokens(s) > kMostStepTokens) {
    check.fail(check.given("lanes") ? "lanes" : "tokens_per_lane",
               fmt::format("makes a step of {} lanes x {} tokens; a step has at most {:.0f} tokens", s.lanes, s.tokens_per_lane, kMostStepTokens));
  }
  if (s.length.unit == Length::Unit::epochs && s.length.value > kMostEpochs) {
    check.fail("length", fmt::format("is {}; at most {:.0f} epochs are possible", to_string(s.length), kMostEpochs));
  }
}

// Against the data. A training that is shorter than its first step takes the data as they are.
void check_step(StageCheck& check, const TrainingSettings& s, const std::vector<std::int64_t>& lengths) {
  const double epoch = static_cast<double>(std::accumulate(lengths.begin(), lengths.end(), std::int64_t{0}));
  if (s.length.unit == Length::Unit::epochs || step_tokens(s) <= kMostEpochsAStep * epoch) return;
  check.fail(static_cast<double>(s.tokens_per_lane) > epoch ? "tokens_per_lane" : "lanes",
             fmt::format("makes each step {:.0f} times the whole training set: {} lanes x {} tokens against {:.0f} tokens in {} examples; "
                         "take at most {:.0f} times", step_tokens(s) / epoch, s.lanes, s.tokens_per_lane, epoch, lengths.size(), kMostEpochsAStep));
}

// Said only where the stage itself gives the key: what stands under `training` is for several stages.
void note_no_effect(StageCheck& check, const TrainingSettings& s) {
  const auto no_effect = [&](const char* key, const char* why) {
    if (check.given(key)) check.warn(key, fmt::format("has no effect: {}", why));
  };
  if (s.validation.empty()) {
    if (s.result == "best" && check.given("result")) {
      check.fail("result", "is best, but there is no validation to tell which step is best: name a problem set (validation: ...), or take result: last");
    }
    no_effect("validate_every", "the stage has no validation");
  }
  if (s.schedule == "constant") no_effect("final_learning_rate", "schedule: constant does not fall");
  if (s.schedule == "constant") no_effect("schedule_length", "schedule: constant does not fall");
  if (s.non_finite == "stop") no_effect("most_skipped", "non_finite: stop skips no step");
}

void note_lanes(StageCheck& check, const TrainingSettings& s) {
  const Topology topology = check.topology();
  if (const std::string note = topology.lanes_note(s.lanes); !note.empty()) check.warn("lanes", fmt::format("is {}: {}", s.lanes, note));
}

}  // namespace

void check_training(StageCheck& check, const std::string& model, const TrainingSettings& settings) {
  check_size(check, settings);
  check_lengths(check, model, settings);
  check_units(check, settings);
  note_no_effect(check, settings);
  note_lanes(check, settings);
}

void check_schedule(StageCheck& check, const TrainingSettings& s, const std::vector<std::int64_t>& lengths) {
  if (lengths.empty()) return;
  check_step(check, s, lengths);
  if (s.length.unit == Length::Unit::seconds) return;
  const bool long_walk = s.length.unit == Length::Unit::epochs && s.length.value * static_cast<double>(lengths.size()) > kMostPlanned;
  if (long_walk) return;
  StepPlanner planner(lengths, {.lanes = s.lanes, .tokens_per_lane = s.tokens_per_lane, .tokens_per_micro_batch = s.tokens_per_micro_batch});
  const std::int64_t steps = count_steps(s.length, planner, std::ssize(lengths));
  if (steps == 0) check.fail("length", fmt::format("is {}: no training at all with {} examples", to_string(s.length), lengths.size()));
  const std::int64_t warmup = count_steps(s.warmup, planner, std::ssize(lengths));
  if (!can_extend(s) && warmup > steps) {
    check.fail("warmup", fmt::format("is {} ({} steps), longer than the whole training (length: {}, {} steps of {} examples): the learning rate would never "
                                     "reach its peak", to_string(s.warmup), warmup, to_string(s.length), steps, lengths.size()));
  }
}

void check_context(StageCheck& check, const std::string& model, std::int64_t tokens, const std::string& what) {
  const std::int64_t context = check.config(model).max_position;
  if (context <= 0 || tokens <= context) return;
  check.fail("max_length", fmt::format("lets {} through with {} tokens, but the model '{}' was made for {} at most: set max_length: {}", what, tokens, model,
                                       context, context));
}

}  // namespace ft
