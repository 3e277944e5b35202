#include "framework/text/pattern_reader.h"

#include <fmt/format.h>

#include <cstdint>

#include "framework/base/error.h"
#include "framework/text/utf8.h"

namespace ft {
namespace {

bool is_decimal(char32_t c) { return c >= U'0' && c <= U'9'; }

std::optional<std::uint32_t> hex_value(char32_t c) {
  if (is_decimal(c)) return c - U'0';
  if (c >= U'a' && c <= U'f') return c - U'a' + 10;
  if (c >= U'A' && c <= U'F') return c - U'A' + 10;
  return std::nullopt;
}

}  // namespace

PatternReader::PatternReader(std::string_view pattern) : pattern_(pattern) {
  for (std::size_t at = 0; at < pattern.size();) text_.push_back(next_code_point(pattern, at));
}

void PatternReader::refuse(std::size_t at, std::string_view what) const {
  fail_user(fmt::format("the pattern '{}' cannot be taken over: {} at character {}", pattern_, what, at + 1));
}

bool PatternReader::take(char32_t c) {
  if (peek() != c) return false;
  ++at_;
  return true;
}

bool PatternReader::take(std::u32string_view what) {
  if (text_.compare(at_, what.size(), what) != 0) return false;
  at_ += what.size();
  return true;
}

std::optional<std::pair<const UnicodeSetRow*, bool>> PatternReader::escaped_set(std::size_t begin) {
  const char32_t c = peek();
  for (const char* name : {"\\w", "\\d", "\\s", "\\h"}) {
    const auto small = static_cast<char32_t>(name[1]);
    if (c != small && c != small - U'a' + U'A') continue;
    ++at_;
    return std::pair{find_unicode_set(name), c != small};
  }
  if ((c != U'p' && c != U'P') || peek(1) != U'{') return std::nullopt;
  bool negated = c == U'P';
  at_ += 2;
  if (take(U'^')) negated = !negated;
  std::string name;
  for (; peek() != U'}'; ++at_) {
    if (peek() == kEnd) refuse(begin, "\\p{ without }");
    append_utf8(name, peek());
  }
  ++at_;
  const UnicodeSetRow* row = name.starts_with('[') || name.starts_with('\\') ? nullptr : find_unicode_set(name);
  if (row == nullptr) refuse(begin, fmt::format("the property \\p{{{}}}, which is not known here", name));
  return std::pair{row, negated};
}

std::optional<char32_t> PatternReader::escaped_character(std::size_t begin) {
  const char32_t c = peek();
  if (c == kEnd) refuse(begin, "a backslash at the end");
  if (!is_letter(c) && !is_digit(c)) return text_[at_++];
  if ((c == U'p' || c == U'P') && peek(1) != U'{') return text_[at_++];  // \pL is the text "pL"
  constexpr std::pair<char32_t, char32_t> kControls[] = {{U't', 9},  {U'n', 10}, {U'v', 11}, {U'f', 12},
                                                         {U'r', 13}, {U'a', 7},  {U'e', 27}};
  for (const auto& [letter, control] : kControls) {
    if (take(letter)) return control;
  }
  if (c == U'0') {
    ++at_;
    char32_t value = 0;
    for (int i = 0; i < 2 && peek() >= U'0' && peek() <= U'7'; ++i) value = value * 8 + (text_[at_++] - U'0');
    return value;
  }
  if (c == U'u') {
    ++at_;
    return hex_digits(begin, 4, 4);
  }
  if (c == U'x') {
    ++at_;
    if (take(U'{')) {
      const char32_t value = hex_digits(begin, 1, 8);
      if (!take(U'}')) refuse(begin, "\\x{ with other than one hexadecimal number");
      return value;
    }
    const char32_t value = hex_digits(begin, 1, 2);
    if (value >= 0x80) refuse(begin, "\\x of a byte above 7F; write \\x{..} for the character");
    return value;
  }
  return std::nullopt;
}

char32_t PatternReader::hex_digits(std::size_t begin, int least, int most) {
  std::uint64_t value = 0;
  int digits = 0;
  for (; digits < most && peek() != kEnd && hex_value(peek()); ++digits) value = value * 16 + *hex_value(text_[at_++]);
  if (digits < least) refuse(begin, "an escape with too few hexadecimal digits");
  if (value > 0x10FFFF || (value >= 0xD800 && value < 0xE000)) refuse(begin, "an escape that is no character");
  return static_cast<char32_t>(value);
}

}  // namespace ft
