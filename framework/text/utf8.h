// UTF-8, as far as tokenizers need it: checking, repairing, and walking code points.
//
// A text is checked once, where it enters encode(); everything behind that point (the regex matcher above all) relies
// on it. Bytes that a model generated are repaired, never refused.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace ft {

// The length of the longest valid prefix: text.size() where all of it is valid UTF-8 (RFC 3629: no surrogates, no
// overlong forms, nothing above U+10FFFF). About 8 bytes a step on ASCII.
[[nodiscard]] std::size_t valid_utf8_prefix(std::string_view text);

// Throws UserError that names the byte and its offset when `text` is not UTF-8. `what` names the text in the message.
void check_utf8(std::string_view text, std::string_view what);

// A copy with U+FFFD in place of each maximal invalid part (the practice of the Unicode Standard, section 3.9, which
// Rust's from_utf8_lossy and Python's errors="replace" follow).
[[nodiscard]] std::string repair_utf8(std::string_view bytes);

// The code point that starts at text[at] of valid UTF-8; moves `at` behind it.
[[nodiscard]] char32_t next_code_point(std::string_view text, std::size_t& at);

// The code point that ends right before text[end], end > 0.
[[nodiscard]] char32_t previous_code_point(std::string_view text, std::size_t& end);

void append_utf8(std::string& text, char32_t code_point);

}  // namespace ft
