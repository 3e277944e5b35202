// The next byte of a kind in a long text: looked for in blocks without branches, which compilers turn into vector
// instructions, since most blocks hold none.
//
//   next_of<'<', '`'>(text, 0)        the place of the first byte at or behind 0 that is one of them, or the text's size
//   next_outside_ascii(text, 0)
#pragma once

#include <array>
#include <cstddef>
#include <string_view>

namespace ft::grade {

// `hit` says 1 of the bytes that are looked for and 0 of others: an arithmetic, no decision.
template <typename Hit>
std::size_t next_hit(std::string_view text, std::size_t from, Hit hit) {
  constexpr std::size_t kBlock = 32;
  for (; from + kBlock <= text.size(); from += kBlock) {
    const char* block = text.data() + from;
    std::array<unsigned char, kBlock> hits;  // two loops: compilers see through them, and not through one
    for (std::size_t i = 0; i < kBlock; ++i) hits[i] = static_cast<unsigned char>(hit(block[i]));
    unsigned char any = 0;
    for (const unsigned char one : hits) any |= one;
    if (any != 0) break;
  }
  while (from < text.size() && hit(text[from]) == 0) ++from;
  return from;
}

template <char... kBytes>
std::size_t next_of(std::string_view text, std::size_t from) {
  return next_hit(text, from, [](char c) { return ((c == kBytes ? 1 : 0) | ...); });
}

inline std::size_t next_outside_ascii(std::string_view text, std::size_t from) {
  return next_hit(text, from, [](char c) { return static_cast<unsigned char>(c) >= 0x80 ? 1 : 0; });
}

}  // namespace ft::grade
