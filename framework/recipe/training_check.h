// What can be known of a training stage before it runs: whether its lengths, schedule and lanes can work out.
//
//   void check_inputs(StageCheck& check) const override {
//     check_training(check, model_, settings_);
//     check_schedule(check, settings_, lengths_of(examples));   // where all examples are known already
//   }
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "framework/recipe/stage_check.h"
#include "framework/train/settings.h"

namespace ft {

// What needs no examples: lengths against each other and against the context of `model`, the schedule's units, keys
// without effect, ranks without lanes. Throws UserError or warns at the keys' places.
void check_training(StageCheck& check, const std::string& model, const TrainingSettings& settings);

// With the tokens of every example of the stage: that the warm-up is over before the end, that there is a first step, and
// that it is no multiple of all the data that nobody can have meant.
void check_schedule(StageCheck& check, const TrainingSettings& settings, const std::vector<std::int64_t>& lengths);

// A document of `tokens` beyond the context of `model`, found among the examples: `what` names it. Throws UserError.
void check_context(StageCheck& check, const std::string& model, std::int64_t tokens, const std::string& what);

}  // namespace ft
