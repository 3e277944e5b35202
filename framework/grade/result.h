// What a calculation in running text comes to: the last member of "5 + 7 = 12", the sum that "Add 500 and 1500" asks for.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "framework/grade/chunk.h"

namespace ft::grade {

// "Add 500 and 1500 to get the total": the sum as a formula, where the sentence does not say it. `lower` in lower case,
// `chunks` its pieces.
[[nodiscard]] std::optional<std::string> calculation(std::string_view lower, const std::vector<Chunk>& chunks);

// "5 + 7 = 12" and "M = 9 + 2 = 11" come to their last member, where that holds no letters.
[[nodiscard]] std::optional<std::string> result_of(const std::string& equation);

// "\\sqrt{5} \\approx 2.236" states \\sqrt{5}; nothing where the left side is a decimal, or more stands there.
[[nodiscard]] std::optional<std::string> exact_member(std::string_view equation);

}  // namespace ft::grade
