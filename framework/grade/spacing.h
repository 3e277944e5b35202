// Spaces of LaTeX and the joining words that are set as text between two answers.
#pragma once

#include <cstddef>
#include <string_view>
#include <utility>

namespace ft::grade {

// Behind the blanks and spacing commands at `at`: "\,", "\!", "\quad".
[[nodiscard]] std::size_t behind_spacing(std::string_view text, std::size_t at);

// "\text{ and }" between two answers: the joining word, and where the group ends; no word where it is anything else.
[[nodiscard]] std::pair<std::string_view, std::size_t> joining_group(std::string_view text, std::size_t at);

}  // namespace ft::grade
