// Sets of characters that a pattern names (\p{L}, \w, [[:alpha:]]), as the reference's engine understands them: its
// names mean other things than PCRE2's, and its Unicode is a newer one.
//
// A set is PCRE2's spelling of it and what must be added and removed by hand. Only characters that came or changed
// after PCRE2's Unicode are listed there, so texts without them (nearly all) are matched with the short spelling.
//
//   CharacterSet set(Spelling::usual);
//   set.add(*find_unicode_set("l"), false);
//   set.add(U'0', U'9');
//   set.regex();                                   // [\p{L}0-9]
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "framework/text/unicode_set_table.h"

namespace ft {

// nullptr where there is none of that name; case, blanks, "_" and "-" in the name of a property do not matter.
[[nodiscard]] const UnicodeSetRow* find_unicode_set(std::string_view name);

enum class Spelling : unsigned char { usual, exact };  // exact: right for characters newer than PCRE2's Unicode as well

class CharacterSet {
 public:
  explicit CharacterSet(Spelling spelling) : spelling_(spelling) {}

  void add(char32_t first, char32_t last);
  void add(const UnicodeSetRow& row, bool negated);
  void add(const CharacterSet& other);
  void intersect(const CharacterSet& other);
  void negate() { negated_ = !negated_; }

  // A regular expression of PCRE2 that matches exactly one character, one of the set's; it may be quantified.
  [[nodiscard]] std::string regex() const;

 private:
  [[nodiscard]] bool is_plain() const { return others_.empty() && !negated_; }

  Spelling spelling_;
  std::string inside_;               // what brackets can hold
  std::vector<std::string> others_;  // expressions of one character each, united with it
  bool negated_ = false;
};

// One character as PCRE2 reads it literally, inside and outside of brackets.
[[nodiscard]] std::string pcre2_literal(char32_t code_point);

}  // namespace ft
