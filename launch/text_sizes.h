// How large a stage's texts are, without tokenising all of them: for the estimate of its memory (footprint.h).
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "framework/recipe/run_plan.h"
#include "framework/text/tokenizer.h"

namespace ft {

struct TextSizes {
  std::int64_t problems = 0;
  std::int64_t longest_prompt = 0;  // tokens of the solver's prompt
  double attempts = 0;              // that are made, or scored, in all; the greedy ones too
  double longest_attempt = 0;       // tokens, with its prompt
  double bytes = 0;                 // that a rank holds while it computes, whatever its share
  double collected = 0;  // beside them, while there is little else: problems that rank 0 deals out, a file of attempts
  double examples = 0, stored = 0;  // of a training: their number and their bytes, which lie in files
};

using ProblemSets = std::map<std::string, std::vector<Problem>>;  // by name, as far as they were read

// Reads the problem sets of the stage, or of the attempts that it uses; tokenises some tens of them. A set that cannot
// be read counts as empty: the run says what is wrong with it.
[[nodiscard]] TextSizes text_sizes(const RunPlan& plan, const RunServices& services, const StagePlan& stage,
                                   const Tokenizer& tokenizer, ProblemSets& known);

}  // namespace ft
