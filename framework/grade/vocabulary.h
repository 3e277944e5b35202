// The words that the parser knows: functions, constants and separators. Units: units.h; words behind numbers: label.h.
#pragma once

#include <string>
#include <string_view>

namespace ft::grade {

// "sin" for "sin", "\\sin"; "arcsin" for "asin"; empty where the word is not a function.
[[nodiscard]] std::string function_name(std::string_view word);
// "pi", "inf" ...; empty where the word is no constant. Single letters are not looked up here.
[[nodiscard]] std::string constant_name(std::string_view word);
// "and", "or" and their like between the elements of a list.
[[nodiscard]] bool is_separator_word(std::string_view word);

// Lower case, white space collapsed and trimmed, full stops and surrounding punctuation removed.
[[nodiscard]] std::string plain_words(std::string_view text);

// One wording for answers that are said in several: "no solutions" and "no solution", "the circle" and "circle",
// "II only" and "II". `words` as plain_words writes them.
[[nodiscard]] std::string usual_wording(std::string words);

}  // namespace ft::grade
