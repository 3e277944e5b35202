// What surrounds an answer and says nothing: dollars, boxes, bold type, a full stop.
#pragma once

#include <string>
#include <string_view>

namespace ft::grade {

// Removes what surrounds an answer: white space, one pair of $...$, \(...\), \[...\], \boxed{...}, **...**, a final
// full stop. Never removes characters from within.
[[nodiscard]] std::string strip_delimiters(std::string_view text);

// A "$" without a partner is money where an amount follows: "$12" becomes "\\$12".
[[nodiscard]] std::string with_money_marked(std::string text);

}  // namespace ft::grade
