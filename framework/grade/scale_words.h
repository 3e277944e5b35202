// Words behind a number that multiply it, in the languages in which people and models write answers: "3 dozen", "2,5
// Millionen", "3 万", "5 thousandths".
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

}  // namespace ft::grade
