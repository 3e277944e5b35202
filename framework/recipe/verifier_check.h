// What can be known of a verifier before there is an attempt: whether its prompts and verdicts can be written in the
// model's vocabulary and fit into its context, and whether attempts will be there at all. For verifier_sft and rerank.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "framework/recipe/stage_check.h"

namespace ft {

// per_problem of a stage of sampled attempts; nothing where its recipe has no such key.
[[nodiscard]] std::optional<std::int64_t> sampled_per_problem(const StagePlan& attempts);

// The stage that makes the attempts, where `attempts` names a stage that grades them, too.
[[nodiscard]] const StagePlan& texts_of(const StageCheck& check, const std::string& attempts);

// Refuses attempts of which none will be sampled: per_problem 0.
void require_sampled(StageCheck& check, const char* key, const std::string& attempts);

// The problem sets that the attempts are made at.
[[nodiscard]] std::vector<const ProblemsToCheck*> problems_of_attempts(StageCheck& check, const std::string& attempts);

// Refuses a set that holds attempts where solutions are wanted; its problems alone may be asked.
void refuse_given_attempts(StageCheck& check, const char* key, const std::string& set);

// Solutions to learn from, not attempts that somebody has made.
[[nodiscard]] bool has_reference(const Problem& problem);

// Of attempts that somebody has made (problem/given_attempt.h), as far as can be told by the default conventions: empty, or why no
// verifier learns from them: all are right, none is, or, where `paired`, no problem has both. Of sets with other solutions
// always empty.
[[nodiscard]] std::string why_nothing_to_learn(const std::vector<Problem>& problems, bool paired);

// The verdicts are two different beginnings, the prompts of the attempts' problems (with a reference solution in the
// attempt's place, where there is one) can be written in the vocabulary of `model`, and without any solution they leave room in
// its context. Throws UserError.
void check_verifier_prompts(StageCheck& check, const std::string& model, const std::string& attempts);

}  // namespace ft
