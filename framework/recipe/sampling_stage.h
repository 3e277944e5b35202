// A stage that samples: which attempts are still missing, who makes them, and where they go.
//
// Attempts are dealt to the ranks while they decode (deal.h), a few of a problem at a time. They grow in per-rank pieces in
// work.path(), a line each, written as soon as one is finished; an interrupted stage makes only what is missing, on any number of
// ranks. At the end all ranks seal attempts-00000.jsonl, ..., sorted by problem and
// index, with problems-00000.jsonl, ... beside them: the same files on any number of ranks. Texts alone: whether they are right is for a stage that grades (grading_stage.h).
#pragma once

#include <functional>
#include <vector>

#include "framework/recipe/stage_models.h"
#include "framework/sample/generator.h"

namespace ft {

struct SamplingJob {
  SamplingSettings settings;
  std::function<std::vector<Problem>()> problems;  // called on rank 0
  PromptTemplates prompts;                         // whose solver's prompt is asked with
  std::vector<std::string> stop;                   // texts that end an attempt
  int per_problem = 64;
  bool greedy = true;  // one more attempt, Attempt::kGreedy
};

// Collective. Throws StopRequested when asked to stop; what was finished is kept.
void run_sampling(StageContext& stage, LoadedModel& model, const SamplingJob& job);

}  // namespace ft
