// How much memory and disk a stage will take, from the run file and the model's shape alone: for `ftrun plan` and
// `ftrun doctor`. A run notes the memory that it really took in its ledger, so the two can be compared.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "framework/model/model_config.h"
#include "framework/recipe/run_plan.h"

namespace ft {

struct Footprint {
  std::string stage;
  std::string model;            // where the weights come from; empty: a stage without a model
  std::int64_t parameters = 0;  // of the whole model
  std::int64_t memory = 0;      // bytes on the rank that needs most, beside the program's own
  std::int64_t checkpoint = 0;  // bytes of one checkpoint: weights and both moments
  std::int64_t disk = 0;        // bytes that the stage leaves, with the checkpoints that it keeps
};

// One entry a stage of the plan, on `ranks` ranks. Models are looked up through `services` (vocabularies of presets).
// Terms: weights and gradients in float32 (a gradient for each level of the tree over a rank's lanes), Adam's moments
// of the rank's share, activations of one micro-batch, the loss over the vocabulary, keys and values of all slots.
[[nodiscard]] std::vector<Footprint> footprints(const RunPlan& plan, const RunServices& services, int ranks);

}  // namespace ft
