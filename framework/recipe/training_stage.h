// A stage that trains: what solution_sft, verifier_sft and a user's own training recipes share around the trainer.
//
// Goes on from the newest sound checkpoint in work.path(), shows one sample as a token table (whole in sample.txt), says when
// nothing more is learnt, logs steps (progress line, JSON
// lines, TensorBoard events), saves and prunes checkpoints, and seals the model.
#pragma once

#include <string>

#include "framework/batching/example_list.h"
#include "framework/recipe/stage_models.h"
#include "framework/recipe/validation_measures.h"
#include "framework/train/settings.h"

namespace ft {

struct TrainingJob {
  TrainingSettings settings;
  LossWeights weights;
  Examples examples;             // of stage_examples(), or a std::vector<Example> that the recipe has made itself
  Examples validation;           // may be empty
  ValidationMeasure measure;     // beside the validation loss; may be none
  nlohmann::ordered_json facts;  // what the recipe wants kept with the model: counts, drops
};

// That training on the example's first span teaches what it is meant to (text/token_table.h). Throws UserError.
void check_sample(const Tokenizer& tokenizer, const Example& example);

// Collective. Throws StopRequested after a sealed checkpoint when asked to stop.
void run_training(StageContext& stage, LoadedModel& model, TrainingJob job);

}  // namespace ft
