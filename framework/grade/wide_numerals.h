// Numbers in Chinese characters, as Chinese and Japanese write them in words: "十二" is 12, "二百五十" 250, "四分之三" 3/4,
// "三点一四" 3.14, "负五" -5.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace ft::grade {

// In digits, "12", "3/4", "3.14", where the whole text is such a number.
[[nodiscard]] std::optional<std::string> wide_number(std::string_view text);

}  // namespace ft::grade
