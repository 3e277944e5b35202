// Braces of LaTeX in pairs.
#pragma once

#include <cstddef>
#include <string_view>

namespace ft::grade {

// The brace that closes the one at `open`, escaped ones left out; npos where it is never closed.
constexpr std::size_t closing_brace(std::string_view text, std::size_t open) {
  int depth = 0;
  for (std::size_t i = open; i < text.size(); ++i) {
    if (text[i] == '\\') {
      ++i;
    } else if (text[i] == '{') {
      ++depth;
    } else if (text[i] == '}' && --depth == 0) {
      return i;
    }
  }
  return std::string_view::npos;
}

}  // namespace ft::grade
