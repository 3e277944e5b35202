// The value that one sentence states: "Therefore, the probability is 2/3.", "Add 5 and 7 to get 12.", "so she needs 8
// limes".
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace ft::grade {

// From its last clause backwards: what stands closely behind "is", "equals", "to get" and their like, a calculation's
// result, the last formula, what follows a verb such as "has" where a number is the subject, the first amount of the
// main clause. Nothing where the sentence asks, denies, only bounds the value or points somewhere ("see step 3").
[[nodiscard]] std::optional<std::string> stated_value(std::string_view sentence);

}  // namespace ft::grade
