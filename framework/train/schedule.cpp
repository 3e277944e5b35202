#include "framework/train/schedule.h"

#include <algorithm>
#include <cmath>
#include <numbers>

#include "framework/base/error.h"

namespace ft {

namespace {

std::int64_t examples_of(const Length& epochs, std::int64_t num_examples) {
  return std::llround(epochs.value * static_cast<double>(num_examples));
}

}  // namespace

double Progress::in(Length::Unit unit) const {
  switch (unit) {
    case Length::Unit::steps:
      return static_cast<double>(steps);
    case Length::Unit::tokens:
      return static_cast<double>(tokens);
    case Length::Unit::epochs:
      return epochs;
    case Length::Unit::seconds:
      return seconds;
  }
  return 0;
}

bool due(const Length& every, const Progress& before, const Progress& after) {
  if (every.value <= 0) return false;
  return std::floor(after.in(every.unit) / every.value) > std::floor(before.in(every.unit) / every.value);
}

std::int64_t count_steps(const Length& length, StepPlanner& planner, std::int64_t num_examples) {
  FT_CHECK(length.unit != Length::Unit::seconds, "a length in time has no number of steps");
  if (length.unit == Length::Unit::steps) return std::llround(length.value);
  if (length.unit == Length::Unit::epochs) return planner.count_steps(examples_of(length, num_examples));
  std::int64_t steps = 0;
  double tokens = 0;
  for (std::int64_t position = 0; tokens < length.value; ++steps) {
    const StepExtent step = planner.measure(position, std::numeric_limits<std::int64_t>::max());
    position = step.end;
    tokens += static_cast<double>(step.num_tokens);
  }
  return steps;
}

Schedule::Schedule(const TrainingSettings& settings, StepPlanner& planner, std::int64_t num_examples)
    : settings_(settings) {
  warmup_steps_ = count_steps(settings.warmup, planner, num_examples);
  if (settings.length.unit == Length::Unit::epochs) stop_ = examples_of(settings.length, num_examples);
  if (settings.length.unit != Length::Unit::seconds) {
    num_steps_ = count_steps(settings.length, planner, num_examples);
    if (*num_steps_ == 0) fail_user(fmt::format("length: {} is no training at all", to_string(settings.length)));
  }
  fall_steps_ = num_steps_;
  if (settings.schedule_length) {
    fall_steps_.reset();
    if (settings.schedule_length->unit != Length::Unit::seconds) {
      fall_steps_ = count_steps(*settings.schedule_length, planner, num_examples);
    }
  }
}

bool Schedule::over(std::int64_t step, double seconds) const {
  return num_steps_ ? step >= *num_steps_ : seconds >= settings_.length.value;
}

double Schedule::learning_rate(std::int64_t step, double seconds) const {
  const double peak = settings_.learning_rate;
  if (step < warmup_steps_) return peak * static_cast<double>(step + 1) / static_cast<double>(warmup_steps_);
  if (settings_.schedule == ScheduleKind::constant) return peak;
  const double done = fall_steps_ ? static_cast<double>(step - warmup_steps_) /
                                        static_cast<double>(std::max<std::int64_t>(1, *fall_steps_ - warmup_steps_))
                                  : seconds / settings_.schedule_length.value_or(settings_.length).value;
  const double part = std::clamp(done, 0.0, 1.0);
  const double height =
      settings_.schedule == ScheduleKind::linear ? 1 - part : 0.5 * (1 + std::cos(std::numbers::pi * part));
  return peak * (settings_.final_learning_rate + (1 - settings_.final_learning_rate) * height);
}

}  // namespace ft
