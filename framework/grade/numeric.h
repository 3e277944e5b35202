// Compares two scalars by their values at fixed points: the last rung before "unknown".
#pragma once

#include <optional>

#include "framework/grade/node.h"

namespace ft::grade {

enum class NumericVerdict {
  different,           // the values differ by more than their error bounds
  equal,               // the values agree to 20 digits at every point where both are defined
  equal_for_positive,  // agree where all variables are positive, differ or are undefined elsewhere
  unclear,
};

// Deterministic: variables take fixed "odd" rational values derived from their names' order.
[[nodiscard]] NumericVerdict compare_numerically(const Node& a, const Node& b, Budget& budget);

// |a - b| / max(|a|, |b|) of two values without variables, 0 for two zeros. Nothing where one has no value.
[[nodiscard]] std::optional<double> relative_difference(const Node& a, const Node& b, Budget& budget);

// The value of a tree without variables, where it is real. Nothing otherwise.
[[nodiscard]] std::optional<double> real_value(const Node& node, Budget& budget);

}  // namespace ft::grade
