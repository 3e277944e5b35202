// The alphabet of byte-level vocabularies: each byte is written as one printable character, so that tokens can be kept
// in JSON. Printable Latin-1 characters stand for themselves, the other 68 bytes for U+0100, U+0101, ... in order
// (U+0120 is the blank, U+010A the line feed).
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace ft {

// The bytes that a token written in the alphabet means; nullopt when a character is not of the alphabet.
[[nodiscard]] std::optional<std::string> bytes_of_alphabet(std::string_view token);

// The inverse: how `bytes` are written.
[[nodiscard]] std::string alphabet_of_bytes(std::string_view bytes);

}  // namespace ft
