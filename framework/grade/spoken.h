// Mathematics said in English words: "3 to the fourth power", "twice the square root of 5", "1 in 8". People and models
// write so in prose, where a formula would break the line; the words are turned into signs, which the parser reads.
//
//   spoken_mathematics("two times the square root of 3")   ->   "2\\cdot \\sqrt{3}"
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace ft::grade {

// The formula that the whole text says. Nothing where a word is not of this small language, or where no word calculates
// ("twenty-one", "5 apples"): other readers know these.
[[nodiscard]] std::optional<std::string> spoken_mathematics(std::string_view text);

}  // namespace ft::grade
