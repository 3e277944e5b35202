// Sums worked out where there is a formula that can be proved on the spot: over polynomials in the variable (by
// differences) and over geometric progressions, finite with any upper bound, or infinite.
//
//   \sum_{k=1}^{n} k^2 = n(n+1)(2n+1)/6,   \sum_{k=0}^{\infty} 2/3^k = 3
#pragma once

#include <optional>
#include <string>

#include "framework/grade/node.h"

namespace ft::grade {

// Sum of `body` over `name` = first, first + 1, ..., last. Nothing where no rule applies.
[[nodiscard]] std::optional<Node> closed_sum(const Node& body, const std::string& name, long long first,
                                             const Node& last, Budget& budget);

// `node` with `value` for the letter `name`, in subscripts too: a_k becomes a_3.
[[nodiscard]] Node substituted(Node node, const std::string& name, const Node& value, Budget& budget);

}  // namespace ft::grade
