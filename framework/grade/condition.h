// What an answer says of the letters in it, behind the formula: "3 \\cdot 2^k, \\text{ where } k ...", "2n+1 for all n",
// "k\\pi, k \\in \\mathbb{Z}".
#pragma once

#include <string>
#include <string_view>

namespace ft::grade {

// What was cut off behind a formula.
struct Condition {
  std::string text;       // letters and digits only; empty: none
  std::string parameter;  // the letter of "k \\in \\mathbb{Z}", which another may stand for
};

// Cuts the condition off `text`, which keeps the formula; an empty condition, and `text` as it was, where none stands
// there.
[[nodiscard]] Condition cut_condition(std::string_view* text);

}  // namespace ft::grade
