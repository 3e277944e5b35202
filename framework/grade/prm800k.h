// The rules by which PRM800K's authors compare final answers (Lightman et al. 2023, arXiv 2305.20050; their
// repository's README and grading script), as an option: the paper that ftrun follows grades with them. Stricter than
// Grader: text is normalised twice, then compared; what is still different must be an expression of at most two letters
// whose difference is zero. Unreduced fractions are wrong, and so is 0.5 for 1/2 inside a tuple.
//
// The last step asks our own ladder where theirs asks a general algebra system, and LaTeX is turned into plain text by
// the few rules that answers need; both are named here because that is where verdicts can differ from theirs.
#pragma once

#include <string>
#include <string_view>

#include "framework/grade/grade.h"

namespace ft::grade {

// `grader` compares the expressions that are left. Not symmetric: "5 given, 5 cm true" and its mirror can differ.
// Total.
[[nodiscard]] Judgement prm800k_equal(std::string_view gold, std::string_view candidate, const Grader& grader);

// The two normalisations, for tests: the one of the MATH data set, and the one after it.
[[nodiscard]] std::string math_normal_text(std::string_view answer);
[[nodiscard]] std::string prm800k_normal_text(std::string_view answer);

}  // namespace ft::grade
