// The words that the parser knows: functions, constants, separators and units.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "framework/grade/rational.h"

namespace ft::grade {

// "sin" for "sin", "\\sin"; "arcsin" for "asin"; empty where the word is not a function.
[[nodiscard]] std::string function_name(std::string_view word);
// "pi", "inf" ...; empty where the word is no constant. Single letters are not looked up here.
[[nodiscard]] std::string constant_name(std::string_view word);
// "and", "or" and their like between the elements of a list.
[[nodiscard]] bool is_separator_word(std::string_view word);

struct Unit {
  std::string dimension;  // "length", "money", ..., with a power: "length^2"; "label" for words that are no known unit
  Rational factor = 1;    // in the base unit of the dimension
};

// What stands behind a number, in lower case without punctuation: "square inches", "cm^2", "dollars".
[[nodiscard]] Unit unit_of(std::string_view label);
[[nodiscard]] bool is_unit_word(std::string_view word);

// "million" and its like at the start of a label: removes it and returns the power of ten.
[[nodiscard]] std::optional<long long> scale_word(std::string* label);

// Lower case, white space collapsed and trimmed, full stops and surrounding punctuation removed.
[[nodiscard]] std::string plain_words(std::string_view text);

}  // namespace ft::grade
