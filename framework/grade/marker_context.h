// What stands before a mark such as "the answer is" may make something else of it than a claim. All texts are in lower
// case and end where the mark begins.
#pragma once

#include <string_view>

namespace ft::grade {

// "a mistake before arriving at the final answer is common": says something about the answer, and not which it is.
[[nodiscard]] bool is_spoken_of(std::string_view before);
// "Suppose the answer is 9", "it is false that the answer is 9", "a tempting answer is 9": no claim.
[[nodiscard]] bool is_supposed(std::string_view before);

}  // namespace ft::grade
