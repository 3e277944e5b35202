// An exact evaluation of simple formulas, which knows nothing of the grader and so can judge what it says.
//
//   exact_value("\\frac{1}{2}") == exact_value("0.5")
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace ft {

// The value modulo the prime 2^61 - 1 of a formula of whole and decimal numbers, letters, + - * /, \frac, \cdot,
// \times, brackets and small whole exponents, where each letter stands for a number that its name decides. Two formulas
// with the same value are the same but for a chance of 2^-50 (Schwartz and Zippel). Nothing for everything else.
[[nodiscard]] std::optional<std::uint64_t> exact_value(std::string_view formula);

}  // namespace ft
