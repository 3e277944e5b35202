// A problem set that the run makes itself: problems with the right attempts at them for solutions, so that a model can be
// trained on what it, or another one, has solved (rejection sampling, expert iteration).
//
//   problems:
//     train: {dataset: gsm8k, split: train}
//     solved: {attempts: answers, per_problem: 4, with: train}     # beside the problems and solutions of `train`
//   stages:
//     answers: {recipe: sample, model: solver, problems: train, per_problem: 16}
//     again:   {recipe: solution_sft, model: solver, problems: solved}
//
// It is no artifact of its own but a way to read the attempts and their verdicts, which are inputs of every stage that names
// the set.
#pragma once

#include <array>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "framework/base/choice.h"
#include "framework/config/node.h"
#include "framework/problem/problem.h"
#include "framework/recipe/sealed_inputs.h"

namespace ft {

class Binder;

enum class AttemptsTaken { right, any };
constexpr auto names_of(AttemptsTaken) { return std::to_array<std::string_view>({"right", "any"}); }

inline constexpr std::string_view kAttemptStyle = "attempt";  // of their solutions

struct AttemptSet {
  std::string attempts;  // a stage of attempts, or of verdicts
  AttemptsTaken only = AttemptsTaken::right;
  int per_problem = 4;   // at most
  bool distinct = true;  // each text once
  std::string with;      // another problem set, whose problems and solutions are in it, too
};
void describe(AttemptSet& set, Binder& binder);

// Whether a problem set of the run file is one.
[[nodiscard]] bool is_attempt_set(const Node& spec);

// The sampled attempts that came to their end, in the order of their numbers, as solutions of the style "attempt". Problems
// without one are left out; those of `with` stay as they are and come first, and a problem that is in both gets its attempts
// behind its own solutions. Throws as sealed_inputs.h.
[[nodiscard]] std::vector<Problem> problems_of(const AttemptSet& set, const GradedFolders& folders,
                                               std::vector<Problem> with);

}  // namespace ft
