// Settings of trainings that last a moment, for tiny_model.h's examples.
#pragma once

#include "framework/train/settings.h"

namespace ft::testing {

inline TrainingSettings tiny_settings(double steps, double warmup, Compute compute) {
  TrainingSettings s;
  s.lanes = 4;
  s.tokens_per_lane = 60;
  s.tokens_per_micro_batch = 32;
  s.learning_rate = 3e-3;
  s.warmup = {warmup, Length::Unit::steps};
  s.length = {steps, Length::Unit::steps};
  s.save_every = {0, Length::Unit::steps};
  s.compute = compute;
  return s;
}

}  // namespace ft::testing
