// Which reference answers can never be met: told before anything is trained, since every attempt at such a problem counts
// as wrong, whatever a model learns.
//
//   if (const auto found = describe_ungradable(problems)) check.warn("problems", *found);
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "framework/problem/problem.h"

namespace ft {

// Why the grader cannot compare anything with this reference: a word that stands for none ("proof", "N/A"), a sentence,
// LaTeX that it does not read. Nothing where it can; an empty answer is another matter.
[[nodiscard]] std::optional<std::string> why_ungradable(std::string_view answer);

// One sentence: how many of the problems that have a reference cannot be graded, with the first of them; nothing where all
// can.
[[nodiscard]] std::optional<std::string> describe_ungradable(std::span<const Problem> problems);

}  // namespace ft
