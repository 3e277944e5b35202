// What stands left of "=" in an answer and only names the value: "P(X=2)", "m\angle ABC", "f^{-1}(x)", "\text{Area}".
#pragma once

#include <cstddef>
#include <optional>
#include <string_view>

namespace ft::grade {

// "P(X=2)", "\mathbb{E}[X]", "x(t)", "|AB|", "\frac{dy}{dx}" before `right`.
[[nodiscard]] bool is_naming(std::string_view left, std::string_view right);

// The only "=" outside brackets and braces; nothing where there are several or none.
[[nodiscard]] std::optional<std::size_t> only_equals_sign(std::string_view text);

// Something that the parser cannot read, but that calculates nothing: a name.
[[nodiscard]] bool may_be_name(std::string_view left);

}  // namespace ft::grade
