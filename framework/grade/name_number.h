// Numbers that are no amounts: they point somewhere ("step 3", "page 12") or are a piece of a name ("B-45", "Apollo 45",
// "45 Main Street").
#pragma once

#include <cstddef>
#include <string_view>

namespace ft::grade {

// "step 3", "case (2)", "room 45", "No. 45": the words before a number that only points somewhere or names something.
[[nodiscard]] bool is_pointer(std::string_view before);
// The number from `begin` to `end` is a piece of a name: "B-45", "#45", "'45", "seat 45B", "45 Main Street".
[[nodiscard]] bool is_piece_of_name(std::string_view text, std::size_t begin, std::size_t end);

}  // namespace ft::grade
