// What surrounds an answer and says nothing: dollars, boxes, bold type, a full stop.
#pragma once

#include <string>
#include <string_view>

namespace ft::grade {

// Removes what surrounds an answer: white space, one pair of $...$, \(...\), \[...\], \boxed{...}, **...**, a final
// full stop. Never removes characters from within.
[[nodiscard]] std::string strip_delimiters(std::string_view text);

}  // namespace ft::grade
