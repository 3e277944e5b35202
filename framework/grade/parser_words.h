// What the parser asks of the text of a single token.
#pragma once

#include <string>
#include <string_view>

namespace ft::grade {

// A command that names a letter or decorates one: "\\alpha", "\\vec".
[[nodiscard]] bool is_symbol_command(std::string_view text);

// "B" for "B", "(B)", " b ": a letter that stands for itself although it is set as text. Empty for others.
[[nodiscard]] std::string single_letter(std::string_view text);

// Digits, with no words beside them: "12", "1,000", "\\frac{1}{2}".
[[nodiscard]] bool is_numeric_text(std::string_view text);

}  // namespace ft::grade
