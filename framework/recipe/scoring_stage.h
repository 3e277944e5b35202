// The verifier's scores for the attempts of a stage: made once per different text, a problem at a time, in pieces that
// survive interruptions.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "framework/problem/attempt.h"
#include "framework/recipe/stage_context.h"
#include "framework/sample/scorer.h"

namespace ft {

// By problem id and attempt index.
using Scores = std::map<std::string, std::map<int, LabelLogProbs>, std::less<>>;

struct ScoringSettings {
  std::int64_t tokens_per_micro_batch = 4096;
  std::string compute = "float32";  // what products with weights are computed from: "float32" or "bfloat16"
};

// Collective. `attempts` in the order of the sealed file; only sampled ones are scored (not the greedy one). Texts that
// occur several times are scored once. Every rank returns all scores. The model `verifier` is loaded where a score is missing:
// what was scored is scored, however it is graded. Throws StopRequested when asked to stop.
[[nodiscard]] Scores score_attempts(StageContext& stage, const std::string& verifier,
                                    const std::vector<Problem>& problems, const std::vector<Attempt>& attempts,
                                    const ScoringSettings& settings);

}  // namespace ft
