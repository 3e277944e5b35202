// The next byte of a kind in a long text: looked for in blocks without branches, which compilers turn into vector
// instructions, since most blocks hold none.
#pragma once

#include <cstddef>
#include <string_view>

namespace ft::grade {

// The place of the first byte at or behind `from` that `is` accepts; the text's size where there is none.
//
//   next_byte(text, 0, [](char c) { return (c == '<') | (c == '`'); })      without && and ||, which branch
template <typename Is>
std::size_t next_byte(std::string_view text, std::size_t from, Is is) {
  constexpr std::size_t kBlock = 32;
  for (; from + kBlock <= text.size(); from += kBlock) {
    unsigned char any = 0;
    const char* block = text.data() + from;
    for (std::size_t i = 0; i < kBlock; ++i) any |= static_cast<unsigned char>(is(block[i]));
    if (any != 0) break;
  }
  while (from < text.size() && !is(text[from])) ++from;
  return from;
}

}  // namespace ft::grade
