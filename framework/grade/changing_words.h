// Words behind a number that change it in a way that is not multiplication: the closed classes of the languages in which
// people and models write answers ("or", "oder", "fois", "以上"). None of them is taken for what is counted.
#pragma once

#include <string_view>

namespace ft::grade {

// True for a single word that compares, limits, denies or calculates, or that scales ambiguously.
[[nodiscard]] bool is_changing_word(std::string_view word);

// True where a text of another script than Latin holds a part of a word that does so: "以上", "倍", "分之".
[[nodiscard]] bool has_wide_change(std::string_view text);
// True where it starts with one.
[[nodiscard]] bool starts_with_wide_change(std::string_view text);

}  // namespace ft::grade
