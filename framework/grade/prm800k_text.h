// Pieces of text that prm800k.cpp and prm800k_text.cpp share.
#pragma once

#include <string>
#include <string_view>

namespace ft::grade {

inline bool is_digit(char c) { return c >= '0' && c <= '9'; }
inline bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }

// Without the blanks and line ends around it.
[[nodiscard]] std::string trimmed(std::string_view text);
void replace_all(std::string* text, std::string_view what, std::string_view with);
// "1,234" to "1234": commas with a digit before and exactly three behind.
[[nodiscard]] std::string without_thousands_commas(std::string text);
// "12", "-3", "1,200", "4.0": a whole number up to 1e-7, commas aside.
[[nodiscard]] bool reads_as_whole(std::string text);

}  // namespace ft::grade
