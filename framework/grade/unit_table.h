// The units that the grader knows by name, each with what it measures and how large it is.
#pragma once

#include <optional>
#include <string_view>
#include <utility>

#include "framework/grade/rational.h"

namespace ft::grade {

// Dimensions are products of base dimensions: length 1, time -1. Words of money are dimensions of their own.
struct KnownUnit {
  std::string_view name;  // singular
  std::string_view dimension;
  long long numerator;
  long long denominator;
};

// By its name in the singular or with an "s"; null for other words.
[[nodiscard]] const KnownUnit* find_unit(std::string_view word);

// "microgram", "terawatt", "hectoliter": a prefix of the SI before the name of a unit that takes one, and what it
// multiplies by. Nothing for other words.
[[nodiscard]] std::optional<std::pair<const KnownUnit*, Rational>> prefixed_unit(std::string_view word);

}  // namespace ft::grade
