#include "framework/recipe/few_shot.h"

#include "framework/base/error.h"

namespace ft {

void describe(FewShotSettings& settings, Binder& binder) {
  const FewShotSettings none;
  binder.identity_unless(none.prompt, "prompt", settings.prompt,
                         "the solver's prompt of this stage, with {problem}; empty = prompts.solver");
  binder.input("demonstrations", settings.demonstrations, "problems",
               "a problem set whose problems stand solved before each problem, in their order; empty = none");
  binder.identity_unless(none.demonstration, "demonstration", settings.demonstration,
                         "how each of them is written, with {problem} and {solution}");
  binder.identity_unless(none.stop, "stop", settings.stop,
                         "texts that end an attempt, and are cut off with what follows");
  if (settings.demonstrations.empty()) binder.idle("demonstration", "there are no demonstrations");
}

PromptTemplates few_shot_prompts(const PromptTemplates& templates, const FewShotSettings& settings,
                                 std::span<const Problem> demonstrations) {
  PromptTemplates prompts = templates;
  if (!settings.prompt.empty()) prompts.solver = settings.prompt;
  std::string before;
  for (const Problem& problem : demonstrations) {
    if (problem.solutions.empty())
      fail_user(fmt::format("problem '{}' has no solution: it cannot be shown as a demonstration", problem.id));
    before += demonstration_text(settings.demonstration, problem.text, problem.solutions.front().text);
  }
  prompts.solver = as_template(before) + prompts.solver;
  return prompts;
}

}  // namespace ft
