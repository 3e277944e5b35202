// Works out what can be worked out before answers are compared: +- as two alternatives, sums and products of matrices,
// determinants, unions of finite sets, sums over a short range, arithmetic with infinity.
#pragma once

#include <optional>

#include "framework/grade/node.h"

namespace ft::grade {

// The tree with all of that done, from the leaves up. What cannot be worked out stays as it is. Throws Undecided where
// the budget ends or matrices do not fit.
[[nodiscard]] Node worked_out(Node node, Budget& budget);

// Writes out every +- as two alternatives: "1 +- 2" becomes the list 1 + 2, 1 - 2; several in one expression have the
// same sign.
[[nodiscard]] Node without_plus_minus(Node node);
// The same with a sign of its own for each of two to four +-; nothing where there are others or they stand in a list.
[[nodiscard]] std::optional<Node> with_independent_signs(const Node& node);

}  // namespace ft::grade
