#include "framework/text/oniguruma_brackets.h"

#include <fmt/format.h>
#include <unicode/uchar.h>

#include <algorithm>
#include <optional>
#include <utility>

#include "framework/text/utf8.h"

namespace ft {

// Without case some characters match several ("ß" is "ss"), in both directions; PCRE2 knows single ones only.
void BracketReader::note_folded(std::size_t begin, char32_t c) {
  check_fold(begin, c, c);
  run_.push_back(static_cast<char32_t>(u_foldCase(static_cast<UChar32>(c), U_FOLD_CASE_DEFAULT)));
  for (const std::u32string_view several : fold_strings()) {
    if (std::u32string_view(run_).ends_with(several)) {
      refuse(begin, "caseless matching of letters that equal one other character (as ss and ß, st and ﬆ)");
    }
  }
}

void BracketReader::check_fold(std::size_t begin, char32_t first, char32_t last) const {
  for (const CodePointRange range : strange_folds()) {
    if (range.first <= last && first <= range.last) {
      refuse(begin, "caseless matching of a character that equals several others (as ß and ss)");
    }
  }
}

const UnicodeSetRow& BracketReader::set_row(const UnicodeSetRow& row) {
  if (spelling_ == Spelling::exact) {
    newer_.insert(newer_.end(), row.added.begin(), row.added.end());
    newer_.insert(newer_.end(), row.removed.begin(), row.removed.end());
  }
  return row;
}

CharacterSet BracketReader::bracket(std::size_t begin, bool fold) {
  if (++depth_ > kDeepest) refuse(begin, "brackets more than 100 deep");
  const bool negated = take(U'^');
  CharacterSet set(spelling_), part(spelling_);
  bool has_and = false, is_empty = true;
  std::u32string single;  // the only characters so far
  for (bool first = true;; first = false) {
    const std::size_t at = at_;
    if (peek() == kEnd) refuse(begin, "a '[' without its ']'");
    if (peek() == U']' && !first) break;
    if (peek() == U'&' && peek(1) == U'&') {
      at_ += 2;
      if (is_empty || peek() == U']') refuse(at, "an empty side of &&");
      if (fold) refuse(at, "an intersection without case");
      has_and ? set.intersect(part) : set.add(part);
      has_and = is_empty = true;
      part = CharacterSet(spelling_);
      continue;
    }
    add_item(part, at, first, fold, single);
    is_empty = false;
  }
  ++at_;
  has_and ? set.intersect(part) : set.add(part);
  if (negated) set.negate();
  --depth_;
  // A set of one character is that character, to Oniguruma as well.
  if (fold && single.size() == 1 && !negated)
    note_folded(begin, single[0]);
  else
    run_.clear();
  return set;
}

void BracketReader::add_item(CharacterSet& part, std::size_t at, bool first, bool fold, std::u32string& single) {
  const auto add_row = [&](const UnicodeSetRow& row, bool negated) {
    single = U"  ";
    const bool has_case = row.inside != "\\p{White_Space}" && row.inside != "\\p{Nd}" && row.inside != "0-9A-Fa-f";
    if (fold && has_case) refuse(at, "a named set within brackets without case");
    part.add(set_row(row), negated);
  };
  if (take(U"[:")) {
    const std::size_t end = text_.find(U":]", at_);
    const bool negated = take(U'^');
    std::string name = "[:";
    for (std::size_t i = at_; i < std::min(end, at_ + 20); ++i) append_utf8(name, text_[i]);
    const UnicodeSetRow* row = end == std::u32string::npos ? nullptr : find_unicode_set(name + ":]");
    if (row == nullptr) refuse(at, fmt::format("a class {}...", name));
    at_ = end + 2;
    add_row(*row, negated);
    return;
  }
  if (take(U'[')) {
    if (fold) refuse(at, "brackets within brackets without case");
    part.add(bracket(at, fold));
    single = U"  ";
    return;
  }
  std::optional<char32_t> low;
  if (take(U'\\')) {
    if (take(U'b'))
      low = 8;
    else
      low = escaped_character(at);
    if (!low) {
      const auto row = escaped_set(at);
      if (!row) refuse(at, "an escape that has no meaning within brackets");
      if (peek() == U'-' && peek(1) != U']') refuse(at_, "a '-' that is no range");
      add_row(in_brackets(*row->first), row->second);
      return;
    }
  } else {
    low = text_[at_++];
    if (*low == U'-' && !first && peek() != U']') refuse(at, "a '-' that is no range; write \\-");
  }
  char32_t high = *low;
  if (peek() == U'-' && peek(1) != U']') high = range_end(at, *low);
  if (fold) check_fold(at, *low, high);
  single.push_back(*low);
  if (high != *low) single.push_back(high);
  part.add(*low, high);
}

// Within brackets \w is [:word:]. By itself it is not: there Oniguruma takes the fractions and raised digits of
// Latin-1 for word characters, too.
const UnicodeSetRow& BracketReader::in_brackets(const UnicodeSetRow& row) {
  constexpr std::pair<std::string_view, std::string_view> kNames[] = {
      {"\\w", "[:word:]"}, {"word", "[:word:]"}, {"\\d", "[:digit:]"}, {"\\s", "[:space:]"}, {"\\h", "[:xdigit:]"}};
  for (const auto& [alone, within] : kNames) {
    if (row.name == alone) return *find_unicode_set(within);
  }
  return row;
}

char32_t BracketReader::range_end(std::size_t at, char32_t low) {
  ++at_;
  std::optional<char32_t> high;
  if (peek() == kEnd || peek() == U'[' || (peek() == U'&' && peek(1) == U'&'))
    refuse(at_ - 1, "a '-' that is no range; write \\-");
  if (take(U'\\')) {
    if (take(U'b'))
      high = 8;
    else
      high = escaped_character(at);
  } else {
    high = text_[at_++];
  }
  if (!high) refuse(at, "a range that ends with a set");
  if (*high < low) refuse(at, "a range whose end is before its begin");
  if (peek() == U'-' && peek(1) != U']') refuse(at_, "a '-' behind a range; write \\-");
  return *high;
}

}  // namespace ft
