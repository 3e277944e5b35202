#include "framework/recipe/training_check.h"

#include <numeric>
#include <tuple>

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
    check.fail("max_length",
               fmt::format("is {}, but the model '{}' was made for {} tokens at most", s.max_length, model, context));
  }
  if (s.tokens_per_lane >= s.max_length) return;
  const std::string what = fmt::format(
      "is {}, but max_length {}: a document between them never fits into a lane; raise tokens_per_lane or lower "
      "max_length",
      s.tokens_per_lane, s.max_length);
  // A default that nobody wrote is no mistake of theirs.
  if (check.set("max_length")) check.fail("tokens_per_lane", what);
  check.warn("tokens_per_lane", what);
}

// The same of lengths in one unit, which can be said without data, and of lengths in steps, counted with the data.
struct Lengths {
  double warmup, length, schedule;  // schedule: what the learning rate falls over, where that is given; else 0
  std::string words_of_warmup, words_of_length, words_of_schedule;
};

// Where the length may grow, a short one may end within the warm-up; nowhere may the fall be over before the rise.
void check_warmup(StageCheck& check, const TrainingSettings& s, const Lengths& l) {
  if (l.schedule > 0 && l.warmup > l.schedule) {
    check.fail("warmup", fmt::format("is {}, longer than what the learning rate falls over (schedule_length: {}): it "
                                     "would have to have fallen before it has risen",
                                     l.words_of_warmup, l.words_of_schedule));
  }
  if (l.length <= 0 || l.warmup <= l.length) return;
  const std::string what =
      fmt::format("is {}, longer than the whole training (length: {})", l.words_of_warmup, l.words_of_length);
  if (!can_extend(s)) check.fail("warmup", what + ": the learning rate would never reach its peak");
  check.warn("warmup", what + ": unless a later start asks for more, the learning rate does not reach its peak");
}

void check_fall(StageCheck& check, const TrainingSettings& s, const Lengths& l) {
  if (l.schedule <= 0 || l.length <= l.schedule || s.final_learning_rate > 0) return;
  check.warn(
      "schedule_length",
      fmt::format(
          "is {}, shorter than the training (length: {}), and final_learning_rate is 0: nothing is learnt after it",
          l.words_of_schedule, l.words_of_length));
}

void check_units(StageCheck& check, const TrainingSettings& s) {
  const bool falls = s.schedule != ScheduleKind::constant && s.schedule_length.has_value();
  const auto same_unit = [&](const Length& other) { return s.warmup.unit == other.unit; };
  Lengths l{.warmup = s.warmup.value,
            .length = same_unit(s.length) ? s.length.value : 0,
            .schedule = falls && same_unit(*s.schedule_length) ? s.schedule_length->value : 0,
            .words_of_warmup = to_string(s.warmup),
            .words_of_length = to_string(s.length),
            .words_of_schedule = falls ? to_string(*s.schedule_length) : ""};
  check_warmup(check, s, l);
  l.length = s.length.value;
  l.schedule = falls && s.schedule_length->unit == s.length.unit ? s.schedule_length->value : 0;
  check_fall(check, s, l);
  for (const auto& [key, every, what] :
       {std::tuple{"save_every", s.save_every, "nothing is saved before its end"},
        std::tuple{"validate_every", s.validate_every, "there is no validation before its end"}}) {
    const bool idle = every.unit != s.length.unit || every.value <= s.length.value ||
                      (key == std::string_view("validate_every") && !validates(s));
    if (!idle && check.given(key)) {
      check.warn(key, fmt::format("is {}, longer than the whole training (length: {}): {}", to_string(every),
                                  to_string(s.length), what));
    }
  }
}

double step_tokens(const TrainingSettings& s) {
  return static_cast<double>(s.lanes) * static_cast<double>(s.tokens_per_lane);
}

// What no machine would come to the end of, or not to the end of its first step.
void check_size(StageCheck& check, const TrainingSettings& s) {
  if (step_tokens(s) > kMostStepTokens) {
    check.fail(check.given("lanes") ? "lanes" : "tokens_per_lane",
               fmt::format("makes a step of {} lanes x {} tokens; a step has at most {:.0f} tokens", s.lanes,
                           s.tokens_per_lane, kMostStepTokens));
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
             fmt::format("makes each step {:.0f} times the whole training set: {} lanes x {} tokens against {:.0f} "
                         "tokens in {} examples; "
                         "take at most {:.0f} times",
                         step_tokens(s) / epoch, s.lanes, s.tokens_per_lane, epoch, lengths.size(), kMostEpochsAStep));
}

void check_result(StageCheck& check, const TrainingSettings& s) {
  if (!validates(s) && s.result == ResultWeights::best && check.given("result")) {
    check.fail("result",
               "is best, but there is no validation to tell which step is best: name a problem set (validation: ...), "
               "or take result: last");
  }
  if (validates(s) && s.result == ResultWeights::best && s.validate_every.value == 0 && check.given("result")) {
    check.warn("result",
               "is best, but validation is done once, at the end, so that the last step is the best one: set "
               "validate_every");
  }
}

void note_lanes(StageCheck& check, const TrainingSettings& s) {
  const Topology topology = check.topology();
  if (const std::string note = topology.lanes_note(s.lanes); !note.empty())
    check.warn("lanes", fmt::format("is {}: {}", s.lanes, note));
}

}  // namespace

void check_training(StageCheck& check, const std::string& model, const TrainingSettings& settings) {
  check_size(check, settings);
  check_lengths(check, model, settings);
  check_units(check, settings);
  check_result(check, settings);
  note_lanes(check, settings);
}

void check_schedule(StageCheck& check, const TrainingSettings& s, const std::vector<std::int64_t>& lengths) {
  if (lengths.empty()) return;
  check_step(check, s, lengths);
  if (s.length.unit == Length::Unit::seconds) return;
  const bool falls =
      s.schedule != ScheduleKind::constant && s.schedule_length && s.schedule_length->unit != Length::Unit::seconds;
  const double tokens_each = static_cast<double>(std::accumulate(lengths.begin(), lengths.end(), std::int64_t{0})) /
                             static_cast<double>(lengths.size());
  const auto is_long_walk = [&](const Length& length) {
    const double examples = length.unit == Length::Unit::epochs   ? length.value * static_cast<double>(lengths.size())
                            : length.unit == Length::Unit::tokens ? length.value / std::max(1.0, tokens_each)
                                                                  : 0;
    return examples > kMostPlanned;
  };
  if (is_long_walk(s.length) || is_long_walk(s.warmup) || (falls && is_long_walk(*s.schedule_length))) return;
  StepPlanner planner(
      lengths,
      {.lanes = s.lanes, .tokens_per_lane = s.tokens_per_lane, .tokens_per_micro_batch = s.tokens_per_micro_batch});
  const std::int64_t steps = count_steps(s.length, planner, std::ssize(lengths));
  if (steps == 0)
    check.fail("length",
               fmt::format("is {}: no training at all with {} examples", to_string(s.length), lengths.size()));
  // What check_units() has seen in one unit is not said again.
  const auto counted = [&](const Length& length) {
    return static_cast<double>(count_steps(length, planner, std::ssize(lengths)));
  };
  const auto words = [&](const Length& length, double count) {
    return length.unit == Length::Unit::steps ? to_string(length)
                                              : fmt::format("{} ({:.0f} steps)", to_string(length), count);
  };
  const double warmup = counted(s.warmup), fall = falls ? counted(*s.schedule_length) : 0;
  Lengths l{.warmup = warmup,
            .length = static_cast<double>(steps),
            .schedule = fall,
            .words_of_warmup = words(s.warmup, warmup),
            .words_of_length = fmt::format("{}, {} steps of {} examples", to_string(s.length), steps, lengths.size()),
            .words_of_schedule = falls ? words(*s.schedule_length, fall) : ""};
  if (falls && s.schedule_length->unit != s.length.unit) check_fall(check, s, l);
  if (s.warmup.unit == s.length.unit) l.length = 0;
  if (falls && s.warmup.unit == s.schedule_length->unit) l.schedule = 0;
  check_warmup(check, s, l);
}

void check_context(StageCheck& check, const std::string& model, std::int64_t tokens, const std::string& what) {
  const std::int64_t context = check.config(model).max_position;
  if (context <= 0 || tokens <= context) return;
  check.fail(
      "max_length",
      fmt::format("lets {} through with {} tokens, but the model '{}' was made for {} at most: set max_length: {}",
                  what, tokens, model, context, context));
}

}  // namespace ft
