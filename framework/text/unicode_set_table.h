// The rows of unicode_set.h, as tests/golden/unicode_sets.py writes them.
#pragma once

#include <span>
#include <string_view>

namespace ft {

struct CodePointRange {
  char32_t first = 0, last = 0;
};

// A set of characters that a pattern may name: the reference's is PCRE2's `inside` with `added` and without `removed`.
struct UnicodeSetRow {
  std::string_view name;    // of a property without case and underlines, "[:alpha:]", "\\w", or "rust ..."
  std::string_view inside;  // PCRE2's spelling, to stand between brackets
  std::span<const CodePointRange> added, removed;
};

[[nodiscard]] std::span<const UnicodeSetRow> unicode_set_rows();

// Characters whose caseless matches PCRE2 and the reference do not agree about, those that also match two or three
// characters ("ß" and "ss") among them; and these strings, folded.
[[nodiscard]] std::span<const CodePointRange> strange_folds();
[[nodiscard]] std::span<const std::u32string_view> fold_strings();

}  // namespace ft
