// The attempts that a stage looks at and the verdicts that it looks at them with: two artifacts, named by one input.
//
//   const GradedAttempts graded = graded_attempts(stage, "answers");     // "answers": of a sample or of a grade stage
//   for_each_graded(graded.open(), all_problems,
//                   [&](const Problem& problem, std::vector<GradedAttempt> attempts) { ... });
//   options.equality = rerank::equality_of(make_judge(graded.grading()));      // votes by the same conventions
#pragma once

#include <string>

#include "framework/recipe/grading.h"
#include "framework/recipe/sealed_inputs.h"
#include "framework/recipe/stage_context.h"

namespace ft {

struct GradedAttempts {
  const StagePlan* attempts = nullptr;  // the stage that made the texts
  const StagePlan* verdicts = nullptr;  // the one that graded them

  // Both throw BrokenFolder; that a file was damaged since shows when it has been read (sealed_inputs.h).
  [[nodiscard]] GradedFolders open() const;
  [[nodiscard]] GradingSettings grading() const;
};

// `name` is what an input of sort "graded attempts" or "results" of the stage `reader` says: a stage of attempts, or
// one of verdicts.
[[nodiscard]] GradedAttempts graded_attempts(const RunPlan& plan, const StagePlan& reader, const std::string& name);
[[nodiscard]] inline GradedAttempts graded_attempts(const StageContext& stage, const std::string& name) {
  return graded_attempts(stage.run, stage.plan, name);
}

}  // namespace ft
