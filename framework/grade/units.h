// Units: what a quantity measures and how large its unit is, simple ("cm", "dollars") or made of several ("kg m/s^2",
// "miles per hour", "square feet").
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "framework/grade/rational.h"

namespace ft::grade {

struct Unit {
  // "length", "money", "length/time", ..., with powers: "length^2". "label": words that are no known unit. Empty: the
  // word "units", which says nothing. Equal dimensions can be compared by their factors.
  std::string dimension;
  Rational factor = 1;  // in the base unit of the dimension
};

// What stands behind a number, as plain_words writes it: "square inches", "cm^2", "dollars", "km/h", "feet long".
[[nodiscard]] Unit unit_of(std::string_view label);

// A single name without power, prefix of area or partner: "cm", "hours".
[[nodiscard]] bool is_unit_word(std::string_view word);

// The same for a short run of letters in plain text, which could be a product of variables: "cm", not "ms".
[[nodiscard]] bool is_plain_unit(std::string_view letters);

// Symbols that only their case tells apart, spelled out: "MHz" is "megahertz", "mHz" "millihertz". Others unchanged.
[[nodiscard]] std::string spelled_unit(std::string_view symbol);

// The unit of money that a currency's command stands for: "dollar" for "\\$", "euro" for "\\euro".
[[nodiscard]] std::optional<std::string_view> currency_of(std::string_view command);

}  // namespace ft::grade
