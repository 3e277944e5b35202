// How long to train, and how fast at each step.
//
// Lengths in steps, tokens and epochs become numbers of steps before the first step, by walking through the plan; a
// length in time stays one, and rank 0's clock decides.
//
//   const Schedule schedule(settings, planner, num_examples);
//   lr = schedule.learning_rate(step, seconds);     // of the update that follows `step` updates
#pragma once

#include <cstdint>
#include <limits>
#include <optional>

#include "framework/batching/step_plan.h"
#include "framework/train/settings.h"

namespace ft {

class Schedule {
 public:
  // Throws UserError when there is nothing to train for (a length of 0 steps).
  Schedule(const TrainingSettings& settings, StepPlanner& planner, std::int64_t num_examples);

  // Steps planned in all; absent for a length in time.
  [[nodiscard]] std::optional<std::int64_t> num_steps() const { return num_steps_; }
  [[nodiscard]] std::int64_t warmup_steps() const { return warmup_steps_; }
  // The position of the endless order where training ends; unbounded unless the length is in epochs.
  [[nodiscard]] std::int64_t stop() const { return stop_; }

  // Whether training is over after `step` updates and `seconds` of training.
  [[nodiscard]] bool over(std::int64_t step, double seconds) const;

  // Linear warm-up to the peak (the first update already moves), then constant, a straight line, or half a cosine wave
  // down to final_learning_rate * peak, which the update after the last one of schedule_length (by default: of the
  // length) would have, and all later ones have.
  [[nodiscard]] double learning_rate(std::int64_t step, double seconds) const;

 private:
  TrainingSettings settings_;
  std::optional<std::int64_t> num_steps_;
  std::optional<std::int64_t> fall_steps_;  // where the learning rate has arrived; absent where that is given in time
  std::int64_t warmup_steps_ = 0;
  std::int64_t stop_ = std::numeric_limits<std::int64_t>::max();
};

// How far training has come, in every unit.
struct Progress {
  std::int64_t steps = 0, tokens = 0;
  double epochs = 0, seconds = 0;
  [[nodiscard]] double in(Length::Unit unit) const;
};

// Whether a multiple of `every` lies in (before, after]; never when `every` is 0. Needs no state of its own, so a
// resumed run validates and saves at the same steps as an uninterrupted one.
[[nodiscard]] bool due(const Length& every, const Progress& before, const Progress& after);

// Steps that the first `length` of training takes, at least the length. Not for a length in time (checked).
[[nodiscard]] std::int64_t count_steps(const Length& length, StepPlanner& planner, std::int64_t num_examples);

}  // namespace ft
