// Patterns written for Oniguruma, which executes them in the reference library, in the words of PCRE2, which does here.
//
// What both mean alike is passed on, what differs is rewritten, and the rest is refused with its place, so that a text
// is never cut in another way than the reference cuts it. Rewritten: sets of characters (\w, \b, [[:alpha:]], \p{..}:
// see unicode_set.h; nested ones, intersections), {n,m}+ and other repeats of repeats, {,n}, {n}?, {m,n} with m > n,
// \h, \v,
// (?m:) and (?i) in the middle of an alternative, (?x). Refused: \X, \y, callouts, calls, conditionals, absent
// operators, and caseless matching where one character equals two (ß and ss). The syntax is that of
// ONIG_SYNTAX_ONIGURUMA in UTF-8.
//
//   const TranslatedPattern p = translate_oniguruma("\\w{2}+");   // p.usual: (?:[\p{Alphabetic}...]{2})+
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "framework/text/unicode_set_table.h"

namespace ft {

struct TranslatedPattern {
  std::string usual;  // for texts without any of `newer`
  std::string exact;  // for all texts
  std::vector<CodePointRange>
      newer;  // characters about which PCRE2's Unicode errs, in what this pattern names; unsorted
};

// `pattern`: UTF-8. The result is to be compiled with UTF, UCP, MULTILINE, and LF as the only newline. Throws UserError
// that names what cannot be taken over, and the character of the pattern where it stands.
[[nodiscard]] TranslatedPattern translate_oniguruma(std::string_view pattern);

// One character of a set of unicode_set.h, or one that is not of it.
[[nodiscard]] TranslatedPattern pattern_of_set(std::string_view set, bool negated);

}  // namespace ft
