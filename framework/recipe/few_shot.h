// What a base model needs to be asked at all: worked examples before the problem, in a prompt of the stage's own, and texts
// that end the attempt. The examples are a problem set like any other, so that they are read, checked, identified and named
// in the report as such; each problem shows its first solution.
//
//   answers: {recipe: sample, model: base, problems: test, demonstrations: shots, prompt: "Question: {problem}\nAnswer:",
//             demonstration: "Question: {problem}\nAnswer: {solution}\n\n", stop: ["\nQuestion:"]}
#pragma once

#include <span>
#include <string>
#include <vector>

#include "framework/config/binder.h"
#include "framework/problem/problem.h"
#include "framework/text/prompt.h"

namespace ft {

struct FewShotSettings {
  std::string prompt;          // empty: prompts.solver
  std::string demonstrations;  // a problem set; empty: none
  std::string demonstration = "{problem}\n{solution}\n\n";
  std::vector<std::string> stop;
};
void describe(FewShotSettings& settings, Binder& binder);

// The run's templates with the solver's prompt of such a stage: the demonstrations in their order, then the prompt itself.
// Throws UserError where a template has a wrong placeholder, or a demonstration no solution.
[[nodiscard]] PromptTemplates few_shot_prompts(const PromptTemplates& templates, const FewShotSettings& settings,
                                               std::span<const Problem> demonstrations);

}  // namespace ft
