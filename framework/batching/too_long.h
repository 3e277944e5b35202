// What becomes of an example that is longer than a document or a lane may be. Nothing is ever cut silently.
#pragma once

#include <array>
#include <string_view>

namespace ft {

enum class TooLong {
  drop,   // left out, and counted
  refuse  // ends the stage with the example's name
};
constexpr auto names_of(TooLong) { return std::to_array<std::string_view>({"drop", "refuse"}); }

}  // namespace ft
