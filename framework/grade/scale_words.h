// Words behind a number that multiply it, in the languages in which people and models write answers: "3 dozen", "2,5
// Millionen", "3 万", "5 thousandths". And the closed classes of those languages that change a number in a way that is
// not multiplication ("oder", "fois", "以上"), so that no such word is taken for what is counted.
#pragma once

#include <optional>
#include <string_view>

#include "framework/grade/rational.h"

namespace ft::grade {

// What the word multiplies by. `word` in lower case as plain_words writes it. Nothing for other words, and for scales
// that differ between languages ("Billionen").
[[nodiscard]] std::optional<Rational> scale_of(std::string_view word);

// A Chinese, Japanese or Korean scale at the start of `text`, which may go on with what is counted ("万人"), but does
// not start a unit ("千克" is a kilogram): its length in bytes; 0 where there is none.
[[nodiscard]] std::size_t wide_scale_length(std::string_view text);

// True for a single word that compares, limits, denies or calculates, or that scales ambiguously.
[[nodiscard]] bool is_changing_word(std::string_view word);

// True where a text of another script than Latin holds a part of a word that does so: "以上", "倍", "分之".
[[nodiscard]] bool has_wide_change(std::string_view text);

}  // namespace ft::grade
