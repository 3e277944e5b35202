// The words behind a number: what they do to it.
//
// A unit is a unit only where the language knows it (units.h), and a noun only where nothing says otherwise: "5 dozen"
// is 60, "3 quarters" 3/4, "5 squared" 25, "7 below zero" -7, "3 and a half" 3.5. Words that compare, limit, deny or
// calculate ("3 or more", "3 more than x", "3 times") make the answer unreadable, so that it is unknown and never
// equal. What is left ("5 red apples") counts something and leaves the number as it is.
#pragma once

#include <string>
#include <string_view>

#include "framework/grade/node.h"

namespace ft::grade {

// The value with its label: scaled, raised, negated, or a quantity with a unit. Throws Undecided for words that change
// the number in a way that is not known. `label` as plain_words writes it; empty: the value itself.
[[nodiscard]] Node labelled(Node value, std::string label);

// True where one of the words compares, limits, denies or calculates.
[[nodiscard]] bool changes_number(std::string_view words);

}  // namespace ft::grade
