// Values that a text names only to correct them: "nicht 35, sondern 36", and "35, oops, I mean 36" or "35. Hmm, that is
// wrong." behind a mark. The corrected value is no answer, whatever stands before it.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace ft::grade {

// The text with "not A but B" of other languages than English put as "B"; nothing where it holds none.
[[nodiscard]] std::optional<std::string> without_denied(std::string_view text, std::string_view lower);

constexpr std::size_t kWithdrawn = std::string_view::npos;

// Whether what ends at `end` is taken back right behind it: where the value begins that stands instead, kWithdrawn where
// none does, nothing where it stands.
[[nodiscard]] std::optional<std::size_t> taken_back(std::string_view text, std::size_t end);

// "38, but it's 40", "38 before, now it is 40": the sentence that goes on at `begin` says another value.
[[nodiscard]] bool says_another(std::string_view text, std::size_t begin);

}  // namespace ft::grade
