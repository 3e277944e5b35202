// Reads a pattern of Oniguruma character by character: what stands at a place, and what an escape there means. The
// parser (oniguruma.cpp) and the one of brackets (oniguruma_brackets.h) are built on it.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "framework/text/unicode_set.h"

namespace ft {

class PatternReader {
 public:
  // `pattern`: valid UTF-8, kept by the caller.
  explicit PatternReader(std::string_view pattern);

 protected:
  static constexpr char32_t kEnd = 0xFFFFFFFF;
  static bool is_digit(char32_t c) { return c >= U'0' && c <= U'9'; }
  static bool is_letter(char32_t c) { return (c >= U'a' && c <= U'z') || (c >= U'A' && c <= U'Z'); }

  // Ends the translation with what stands at character `at` (from 0) and cannot be taken over.
  [[noreturn]] void refuse(std::size_t at, std::string_view what) const;

  [[nodiscard]] char32_t peek(std::size_t ahead = 0) const {
    return at_ + ahead < text_.size() ? text_[at_ + ahead] : kEnd;
  }
  bool take(char32_t c);
  bool take(std::u32string_view what);

  // Behind a backslash: the character that the escape means; nullopt, and nothing read, where it means no one.
  std::optional<char32_t> escaped_character(std::size_t begin);

  // Behind a backslash: \w, \p{L} and the like, and whether the set is negated; nullopt, and nothing read, where it is
  // none.
  std::optional<std::pair<const UnicodeSetRow*, bool>> escaped_set(std::size_t begin);

  std::string_view pattern_;
  std::u32string text_;
  std::size_t at_ = 0;  // the next character

 private:
  char32_t hex_digits(std::size_t begin, int least, int most);
};

}  // namespace ft
