// Small turns of phrase that a closing sentence is read by. Texts named `lower` are in lower case.
#pragma once

#include <cstddef>
#include <string_view>

namespace ft::grade {

// The language of the sentence writes 2,5 for two and a half.
[[nodiscard]] bool has_decimal_commas(std::string_view lower);
// "There are no apples left", "she has nothing left".
[[nodiscard]] bool nothing_is_left(std::string_view lower);
// "all 342 coconuts", "all four types" before `begin`: how many there are was said before.
[[nodiscard]] bool is_all(std::string_view lower, std::size_t begin);
// "the three bulbs" before `begin`: known already, and no result.
[[nodiscard]] bool is_referred(std::string_view lower, std::size_t begin);
// "is one apple", "equals one" before `end`; not "is one of them".
[[nodiscard]] bool is_counted(std::string_view lower, std::size_t end);
// Letters that only name something: "ABCDEFGH", "x".
[[nodiscard]] bool is_label(std::string_view contents);

}  // namespace ft::grade
