// The one table of characters outside ASCII that answers are written with, and what each is in LaTeX or plain text.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace ft::grade {

// Of one sign: "\\pi " for U+03C0, "-" for U+2212, nothing visible for a soft hyphen. Nothing where the table has none.
[[nodiscard]] std::optional<std::string_view> spelling_of(char32_t code);

// What compatibility decomposition makes of one character where that is several: circled numbers, squared units. Small
// forms are the signs of ASCII. Empty for others.
[[nodiscard]] std::string decomposed(char32_t code);

}  // namespace ft::grade
