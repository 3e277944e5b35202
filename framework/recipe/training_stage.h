// A stage that trains: what solution_sft, verifier_sft and a user's own training recipes share around the trainer.
//
// Goes on from the newest sound checkpoint in work(), shows one sample as a token table, logs steps (progress line, JSON
// lines, TensorBoard events), saves and prunes checkpoints, and seals the model.
#pragma once

#include <string>
#include <vector>

#include "framework/batching/example.h"
#include "framework/recipe/stage_context.h"
#include "framework/train/settings.h"

namespace ft {

struct TrainingJob {
  TrainingSettings settings;
  LossWeights weights;
  std::vector<Example> examples;
  std::vector<Example> validation;  // may be empty
  nlohmann::ordered_json facts;     // what the recipe wants kept with the model: counts, drops
};

// Collective. Throws StopRequested after a sealed checkpoint when asked to stop.
void run_training(StageContext& stage, LoadedModel& model, TrainingJob job);

}  // namespace ft
