#include "framework/recipe/verifier_check.h"

#include <algorithm>
#include <utility>

#include "framework/batching/examples.h"
#include "framework/grade/judge.h"
#include "framework/problem/given_attempt.h"

namespace ft {

std::optional<std::int64_t> sampled_per_problem(const StagePlan& attempts) {
  const auto* sampling = std::get_if<SamplingWork>(&attempts.work);
  if (sampling == nullptr) return std::nullopt;
  return sampling->per_problem;
}

const StagePlan& texts_of(const StageCheck& check, const std::string& attempts) {
  const StagePlan& stage = check.source(attempts);
  return stage.recipe->output() == ArtifactKind::verdicts ? check.source(input_of(stage, "attempts")) : stage;
}

void require_sampled(StageCheck& check, const char* key, const std::string& attempts) {
  if (sampled_per_problem(texts_of(check, attempts)) != 0) return;
  check.fail(
      key, fmt::format("name '{}', whose per_problem is 0: one greedy attempt a problem leaves nothing to choose from",
                       attempts));
}

std::vector<const ProblemsToCheck*> problems_of_attempts(StageCheck& check, const std::string& attempts) {
  std::vector<const ProblemsToCheck*> sets;
  for (const Input& input : texts_of(check, attempts).inputs) {
    if (input.what != "problems") continue;
    for (const std::string& set : input.names) sets.push_back(&check.problems(set));
  }
  return sets;
}

void refuse_given_attempts(StageCheck& check, const char* key, const std::string& set) {
  const auto is_given = [](const Solution& solution) { return solution.style == kGivenAttempt; };
  if (std::ranges::none_of(check.problems(set).problems,
                           [&](const Problem& one) { return std::ranges::any_of(one.solutions, is_given); }))
    return;
  check.fail(key, fmt::format("names '{}', which holds attempts, wrong ones among them: make them a stage "
                              "(recipe: given_attempts) and take its right ones (attempts: STAGE, only: right)",
                              set));
}

bool has_reference(const Problem& problem) {
  return std::ranges::any_of(problem.solutions, [](const Solution& one) { return one.style != kGivenAttempt; });
}

std::string why_nothing_to_learn(const std::vector<Problem>& problems, bool paired) {
  constexpr int kMostGraded = 5000;  // of far more than that, some are of either kind
  const grade::Judge judge;
  int graded = 0, right = 0;
  for (const Problem& problem : problems) {
    int right_here = 0, here = 0;
    for (const Solution& attempt : problem.solutions) {
      if (attempt.style != kGivenAttempt || ++graded > kMostGraded) return "";
      Grade grade = judge.found(attempt.text);
      if (grade.answer_found && judge.compared(problem.answer, std::move(grade)).verdict == Verdict::equal)
        ++right_here;
      ++here;
      if (right_here > 0 && right_here < here) return "";
    }
    right += right_here;
    if (!paired && right > 0 && right < graded) return "";
  }
  if (graded == 0) return "";
  return fmt::format("{}: by the default conventions there is nothing to learn from",
                     right == 0        ? "no attempt is right"
                     : right == graded ? "every attempt is right"
                                       : "no problem has both a right and a wrong attempt");
}

void check_verifier_prompts(StageCheck& check, const std::string& model, const std::string& attempts) {
  const ExampleBuilder build(check.tokenizer(model), check.prompts());
  (void)build.verdicts();
  const std::int64_t context = check.config(model).max_position;
  for (const ProblemsToCheck* set : problems_of_attempts(check, attempts)) {
    for (const Problem* problem : set->looked_at) {
      check.check_stop();
      std::int64_t bare = 0;
      try {
        bare = std::ssize(build.verifier_prompt(problem->text, ""));
        if (!problem->solutions.empty()) (void)build.verifier_prompt(problem->text, problem->solutions.front().text);
      } catch (const UserError& error) {
        fail_user(fmt::format("the verifier's prompt for problem '{}': {}", problem->id, error.what()));
      }
      if (context > 0 && bare >= context) {
        check.fail("attempts", fmt::format("name '{}': the verifier's prompt for problem '{}' has {} tokens before any "
                                           "solution, the model '{}' was made for {}",
                                           attempts, problem->id, bare, model, context));
      }
    }
  }
}

}  // namespace ft
