// Is this answer right? Extraction finds the final answer in a solution's text; equivalence decides whether two answers
// are equal. Both are total: they never hang, never crash, never execute their input, and say why they decided.
#pragma once

#include <string>
#include <string_view>

#include "framework/problem/attempt.h"

namespace ft::grade {

struct Extracted {
  bool found = false;
  std::string answer;  // as written, surrounding white space and delimiters removed
  std::string how;     // "boxed", "# Answer", "####", "final answer is", or why nothing was found
};

// The final answer of a solution: the last brace-balanced \boxed{...}, or what follows the last "# Answer", "####" or
// "final answer is"; where several are present the one that stands last in the text wins.
[[nodiscard]] Extracted extract(std::string_view solution);

struct Judgement {
  Verdict verdict = Verdict::unknown;
  std::string reason;  // the rung of the ladder that decided, or why none could
};

// Compares two answers (not solutions). Symmetric and reflexive. An empty answer is different from everything but itself.
[[nodiscard]] Judgement equal(std::string_view gold, std::string_view candidate);

// A text such that equal keys imply equal() == Verdict::equal; most equal answers share their key, so that clustering
// needs few comparisons.
[[nodiscard]] std::string canonical_key(std::string_view answer);

}  // namespace ft::grade
