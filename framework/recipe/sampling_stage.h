// A stage that samples: which attempts are still missing, who makes them, and where they go.
//
// Attempts grow in per-rank pieces in work(), a line each, written as soon as one is finished; an interrupted stage makes
// only what is missing, on any number of ranks. At the end rank 0 seals attempts.jsonl, sorted by problem and index, and
// problems.jsonl beside it. Texts alone: whether they are right is for a stage that grades (grading_stage.h).
#pragma once

#include <vector>

#include "framework/recipe/stage_context.h"
#include "framework/sample/generator.h"

namespace ft {

struct SamplingJob {
  SamplingSettings settings;
  std::vector<Problem> problems;
  int per_problem = 64;
  bool greedy = true;  // one more attempt, Attempt::kGreedy
};

// Collective. Throws StopRequested when asked to stop; what was finished is kept.
void run_sampling(StageContext& stage, LoadedModel& model, const SamplingJob& job);

}  // namespace ft
