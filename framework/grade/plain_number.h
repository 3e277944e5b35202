// The short way for what most answers are: a plain number. No tokens, no tree, no allocation.
#pragma once

#include <optional>
#include <string_view>

namespace ft::grade {

// numerator / denominator in lowest terms, the denominator positive.
struct PlainNumber {
  long long numerator = 0;
  long long denominator = 1;
  bool decimal = false;  // written with a decimal point
  bool dollars = false;  // written with a "$"

  [[nodiscard]] bool same_value(const PlainNumber& other) const {
    return numerator == other.numerator && denominator == other.denominator;
  }
};

// "12", "-0.50", "1,234", "$7", "3/4", "\frac{3}{4}", "-\frac34": where the full parser reads the same number and
// nothing else. Nothing for everything else, and for more than 15 digits.
[[nodiscard]] std::optional<PlainNumber> plain_number(std::string_view answer);

}  // namespace ft::grade
