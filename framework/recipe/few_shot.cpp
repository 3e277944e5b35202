#include "framework/recipe/few_shot.h"

#include "framework/base/error.h"

namespace ft {

// As long as nothing is asked of them these keys are no part of the identity: attempts from before there were any stay the
// stage's.
void describe(FewShotSettings& settings, Binder& binder) {
  const auto add = [&](std::string_view key, auto& value, bool is_used, std::string_view doc) {
    is_used ? binder.identity(key, value, doc) : binder.execution(key, value, doc);
  };
  add("prompt", settings.prompt, !settings.prompt.empty(),
      "the solver's prompt of this stage, with {problem}; empty = prompts.solver; another value begins the stage anew");
  binder.input("demonstrations", settings.demonstrations, "problems",
               "a problem set whose problems stand solved before each problem, in their order; empty = none");
  const bool shows = !settings.demonstrations.empty();
  add("demonstration", settings.demonstration, shows,
      "how each of them is written, with {problem} and {solution}; another value begins the stage anew");
  add("stop", settings.stop, !settings.stop.empty(),
      "texts that end an attempt, and are cut off with what follows; another value begins the stage anew");
  if (!shows) binder.idle("demonstration", "there are no demonstrations");
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
