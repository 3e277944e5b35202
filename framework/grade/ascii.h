// Letters, digits and blanks of ASCII, whatever the locale says: what the readers of answers and of sentences look at.
#pragma once

#include <algorithm>
#include <string>
#include <string_view>

namespace ft::grade {

constexpr bool is_digit(char c) { return c >= '0' && c <= '9'; }
constexpr bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }
constexpr bool is_blank(char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r'; }
// A letter of ASCII, or a byte of a character of any other script.
constexpr bool is_word_byte(char c) { return is_letter(c) || static_cast<unsigned char>(c) >= 0x80; }

// Digits, and at least one.
constexpr bool all_digits(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), is_digit);
}

constexpr std::string_view trim(std::string_view text) {
  while (!text.empty() && is_blank(text.front())) text.remove_prefix(1);
  while (!text.empty() && is_blank(text.back())) text.remove_suffix(1);
  return text;
}

// Bytes outside ASCII stay as they are.
inline std::string lower_case(std::string_view text) {
  std::string lower(text);
  for (char& c : lower) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  return lower;
}

// With a blank before it, so that phrases which begin with one are found at the start, too.
inline std::string padded(std::string_view text) {
  std::string out(1, ' ');
  out += text;
  return out;
}

}  // namespace ft::grade
