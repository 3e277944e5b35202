// Words around an answer that say how sure it is or that it is one: "approximately 3", "3 (exact)", "it is 3", "x is 3",
// "3 is the answer". They do not change what it says; "just under 3" and "3 at most" do and are left alone.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace ft::grade {

// The answer without such words; nothing where there are none.
[[nodiscard]] std::optional<std::string> without_remarks(std::string_view text);

}  // namespace ft::grade
