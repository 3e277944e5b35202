// Sentences of scripts without blanks between words, Chinese above all: what changes a number there, and what counts.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace ft::grade {

// Behind a number: what makes another number of it, a bound, one of several, or a denial. Only what follows at once, up
// to a sign of punctuation.
[[nodiscard]] bool changes_in_other_script(std::string_view tail);
// The one number of the sentence, behind a verb that says how many there are.
[[nodiscard]] std::optional<std::string> counted_in_chinese(std::string_view sentence);
// The same, of a sentence whose number is in characters; in digits.
[[nodiscard]] std::optional<std::string> counted_in_characters(std::string_view sentence);

}  // namespace ft::grade
