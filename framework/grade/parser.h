// Reads an answer into a tree, by recursive descent. Understands what answers are made of: numbers in all their forms,
// fractions (also \frac12 and mixed numbers), radicals, powers, functions, pi, e and i, tuples, intervals, unions,
// sets, lists ("1, 2 and 3"), equations and inequalities, matrices, ratios, numbers in other bases, units and words.
//
// Total: throws Undecided, and nothing else, on what it does not understand; depth and work are bounded.
#pragma once

#include <string_view>

#include "framework/grade/lexer.h"
#include "framework/grade/node.h"

namespace ft::grade {

[[nodiscard]] Node parse(std::string_view answer, const LexOptions& options, Budget& budget);

}  // namespace ft::grade
