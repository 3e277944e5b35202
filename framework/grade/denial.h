// The words of a closing sentence that take its value back: what denies it ("is not a solution") or only supposes it
// ("let x = 8"). All texts are in lower case.
#pragma once

#include <string_view>

namespace ft::grade {

// "x = 14 is not a solution", "we cannot determine": says that something is not the answer.
[[nodiscard]] bool denies(std::string_view lower);
// "There is not enough information", "the answer cannot be determined": gives no answer at all, whatever else it says.
[[nodiscard]] bool refuses(std::string_view lower);
// "Let x = 8", "Recall that ...", "Find x when y = 8": supposes, reminds or asks, and states no result.
[[nodiscard]] bool supposes(std::string_view lower);

}  // namespace ft::grade
