// Quantities in plain text, whose units could be letters of algebra: "5 A", "0.3 m", "5'6", "1h 30min".
#pragma once

#include <optional>
#include <string_view>

#include "framework/grade/node.h"

namespace ft::grade {

// A number and its unit, or several of one dimension from the larger to the smaller. Nothing for other texts.
[[nodiscard]] std::optional<Node> plain_measure(std::string_view text);

}  // namespace ft::grade
