// What a training looks at beside the loss on held-out examples: how often the model is right. A solver's loss falls while its
// sampled answers get no better, and the other way round; a verifier's loss says little of the order in which it puts attempts.
//
//   job.measure = sampled_accuracy(stage, model, "valid", {.attempts = 4});
//   job.measure = held_out_auc(stage, model, [&] { return graded.open(); }, settings);
//
// Both have the same bits on any number of ranks.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "framework/recipe/planned_work.h"
#include "framework/recipe/sealed_inputs.h"
#include "framework/recipe/stage_models.h"
#include "framework/train/settings.h"

namespace ft {

// A number, the higher the better. `measure` is collective over groups.world, with the weights as they are then; nothing
// where a rank was asked to stop.
struct ValidationMeasure {
  std::string name;  // "accuracy"; empty: there is none
  std::function<std::optional<double>()> measure;
  bool decides = false;  // which step is the best, in the place of the loss
};

// Collective over groups.world, as its measure is: the share of right attempts among those sampled at the problem set
// `problems`, as a stage `sample` samples and by the default conventions. Attempt i of a problem has the same random numbers
// each time, so that differences are those of the weights. Each data rank holds, and samples at, some of the problems.
// References must outlive the result.
[[nodiscard]] ValidationMeasure sampled_accuracy(StageContext& stage, LoadedModel& model, const std::string& problems,
                                                 const AccuracySettings& settings);

// The area under the curve of the verifier's scores, as the report has it (auc_pooled): how likely a right attempt is scored
// above one that is not, ties counting half, over the sampled attempts with a readable answer. Those that the training would
// leave out as too long are left out. 0.5 where there is none of a kind. `open` is called anew each time, so that no rank holds
// the attempts, only 16 bytes of each. References must outlive the result.
[[nodiscard]] ValidationMeasure held_out_auc(StageContext& stage, LoadedModel& model,
                                             std::function<GradedFolders()> open, const TrainingSettings& settings);

}  // namespace ft
