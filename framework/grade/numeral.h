// Numbers and sums of money in spellings that the parser does not know: "minus 5", "3 x 10^5", "1.234,56", "USD 5",
// "2A_{16}".
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "framework/grade/node.h"

namespace ft::grade {

// The same in the usual spelling; nothing where it is usual already.
[[nodiscard]] std::optional<std::string> usual_spelling(std::string_view text);

// "0,111" and "1000,99" with a decimal comma as "0.111" and "1000.99", "1.234,5" as "1234.5". Short forms such as "2,5"
// are lists, but for "1,5%".
[[nodiscard]] std::optional<std::string> decimal_comma(std::string_view text);

// "2,50 \\euro", "\\euro 2,50", "2,50 euros" with a point: cents are two places.
[[nodiscard]] std::optional<std::string> with_point_in_euros(std::string_view text);

// "1011_2", "0.11_{2}", "2A_{16}", "321 base 4": digits with their base. Numbers of base ten are numbers.
[[nodiscard]] std::optional<Node> based_numeral(std::string_view text);

}  // namespace ft::grade
