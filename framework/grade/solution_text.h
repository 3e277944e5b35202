// A solution's text as extraction reads it: without what only dresses it or stands behind its end.
#pragma once

#include <string>
#include <string_view>

namespace ft::grade {

// Characters plain (characters.h); without what a model thinks aloud ("</think>"), what stands behind the end mark of a
// turn, the next question of a run-on text, bold type, code marks, check marks, GSM8K's notes of arithmetic, and the
// polite end of few-shot prompts.
[[nodiscard]] std::string plain_solution(std::string_view solution);

}  // namespace ft::grade
