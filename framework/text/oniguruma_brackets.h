// Bracket expressions of Oniguruma, with sets within sets and intersections, as a CharacterSet; and what is to be
// watched where letters match in any case, in brackets and outside.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "framework/text/pattern_reader.h"
#include "framework/text/unicode_set.h"

namespace ft {

class BracketReader : protected PatternReader {
 public:
  // `newer` gets the characters about which PCRE2's Unicode errs, of the sets that the pattern names.
  BracketReader(std::string_view pattern, Spelling spelling, std::vector<CodePointRange>& newer)
      : PatternReader(pattern), spelling_(spelling), newer_(newer) {}

 protected:
  static constexpr int kDeepest = 100;  // groups and brackets within each other

  // What stands behind a '[', which stood at `begin`, to its end.
  CharacterSet bracket(std::size_t begin, bool fold);

  // A letter is matched in any case: refuses what PCRE2 would match otherwise.
  void note_folded(std::size_t begin, char32_t c);

  // Notes that the pattern names this set.
  const UnicodeSetRow& set_row(const UnicodeSetRow& row);

  Spelling spelling_;
  int depth_ = 0;
  std::u32string run_;  // the literal characters before at_, folded, where they match in any case

 private:
  void check_fold(std::size_t begin, char32_t first, char32_t last) const;
  void add_item(CharacterSet& part, std::size_t at, bool first, bool fold, std::u32string& single);
  static const UnicodeSetRow& in_brackets(const UnicodeSetRow& row);
  char32_t range_end(std::size_t at, char32_t low);

  std::vector<CodePointRange>& newer_;
};

}  // namespace ft
