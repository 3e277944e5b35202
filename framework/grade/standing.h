// How a number stands in its sentence: not every number that is said is claimed. It may be guessed at ("it could be
// 45") or bounded ("more than 45", "45 at most"). All texts are in lower case.
#pragma once

#include <cstddef>
#include <string_view>

namespace ft::grade {

// "between", "at least", "not", "older than", ... stand before `begin`: what follows only bounds the answer.
[[nodiscard]] bool is_bounded(std::string_view lower, std::size_t begin);
// "at most", "and up", "more than Tom", ... stand behind `end`: what stands before it only bounds or compares.
[[nodiscard]] bool is_bounded_behind(std::string_view lower, std::size_t end);
// Holds a word of guessing at all: without one no number in it is guessed at.
[[nodiscard]] bool mentions_guess(std::string_view lower);
// "maybe", "could be", "I guess" around the number from `begin` to `end`.
[[nodiscard]] bool is_guessed(std::string_view lower, std::size_t begin, std::size_t end);
// Starts with "maybe", "possibly" or their like in other languages.
[[nodiscard]] bool starts_guessing(std::string_view lower);

// Whether `behind` a value, in lower case to the end of its sentence, makes it one of several by conditions.
[[nodiscard]] bool is_one_of_cases(std::string_view behind);

}  // namespace ft::grade
