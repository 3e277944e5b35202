// Arithmetic with infinity where it is settled: infinity - 10, tanh(infinity), 1/infinity. "infinity - infinity" and
// "0 times infinity" stay as they are and equal nothing.
#pragma once

#include <optional>

#include "framework/grade/node.h"

namespace ft::grade {

// Which infinity a tree stands for: 1, -1, or 0 where no infinity stands directly in it; nothing where that is not
// settled.
[[nodiscard]] std::optional<int> infinite_sign(const Node& node, Budget& budget);

// The value of an operation or a function one of whose operands is infinite; other trees unchanged. The operands are
// worked out already.
[[nodiscard]] Node at_infinity(Node node, Budget& budget);

}  // namespace ft::grade
