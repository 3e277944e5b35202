// Are these bytes text? Asked of everything that comes from outside: run files, paths, records.
#pragma once

#include <cstddef>
#include <optional>
#include <string_view>

namespace ft {

// The offset of the first byte that is not well-formed UTF-8 (over-long forms, surrogates and values beyond U+10FFFF
// included); nothing where all is well.
[[nodiscard]] std::optional<std::size_t> first_invalid_utf8(std::string_view text);

}  // namespace ft
