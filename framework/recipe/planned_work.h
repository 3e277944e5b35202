// What work a stage does, in numbers: for those who reckon with it before anything runs (`ftrun plan`, the doctor, the warning
// of a shortage, checks of other stages) and for those who tell of it afterwards (the report). A recipe says it, from the same
// members that its keys are bound to:
//
//   PlannedWork work() const override { return TrainingWork{.model = model_, .settings = settings_}; }
//
//   if (const auto* training = std::get_if<TrainingWork>(&stage.work)) steps(training->settings.length);
//
// Needs nothing of libtorch.
#pragma once

#include <cstdint>
#include <string>
#include <variant>

#include "framework/base/compute.h"
#include "framework/train/settings.h"

namespace ft {

// Attempts that a training samples at its validation problems, to see how many are right.
struct AccuracySettings {
  int attempts = 0;  // at each problem; 0: none
  int max_new_tokens = 256;
  int slots = 64;
  Compute compute = Compute::float32;
};

// run_training() does it.
struct TrainingWork {
  std::string model;  // that it begins with: a name of the run file
  TrainingSettings settings;
  std::string loss = {};               // its name, where the recipe has several
  double margin = 1.0;                 // of the margin loss
  std::int64_t pairs_per_problem = 0;  // examples made of one problem's attempts; 0: an example a solution
  AccuracySettings accuracy = {};
  bool auc = false;  // validation scores the held-out attempts, too
};

// run_sampling() does it.
struct SamplingWork {
  std::string model;
  int per_problem = 0;
  bool greedy = false;  // one more attempt a problem
  int max_new_tokens = 1;
  int slots = 1;
  Compute compute = Compute::float32;
};

// Strategies over attempts, and a verifier's scores where there is one.
struct RankingWork {
  std::string verifier;  // empty: votes alone
  std::int64_t tokens_per_micro_batch = 4096;
  Compute compute = Compute::float32;
  int bootstrap = 0;
  int top_clusters = 0, top_n = 0;
  bool scores_top_clusters = false;  // no attempt outside them
};

// The first: work without a model, or of a kind that is not known here.
using PlannedWork = std::variant<std::monostate, TrainingWork, SamplingWork, RankingWork>;

}  // namespace ft
