// Numbers that are written as words: "two hundred fifty", "one million two hundred thousand", "zero point five",
// "two thirds", "minus four", "three and a half".
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace ft::grade {

struct WordNumber {
  std::string digits;      // "250", "0.5", "-4", "2/3", "7/2"
  std::size_t length = 0;  // of the words, in bytes of the text that was read
  bool single = false;     // the one word "one", "a" or "half", which is often no number
};

// The longest number at the start of `text`; blanks and hyphens join its words. Nothing where no number word starts it.
// "hundreds", "first" and their like are none; "second" and "quarter" only count behind a number.
[[nodiscard]] std::optional<WordNumber> number_words(std::string_view text);

}  // namespace ft::grade
