#include "framework/text/utf8.h"

#include <fmt/format.h>

#include <cstdint>
#include <cstring>

#include "framework/base/error.h"

namespace ft {
namespace {

// One character at the start of `bytes`: its length where valid, else 0. `bad` then is the length of the maximal part
// that could have begun a character (at least 1): what one U+FFFD replaces.
std::size_t character_length(std::string_view bytes, std::size_t& bad) {
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(bytes[i]); };
  const unsigned char lead = byte(0);
  bad = 1;
  if (lead < 0x80) return 1;
  std::size_t length = 0;
  unsigned char low = 0x80, high = 0xBF;  // range of the second byte
  if (lead >= 0xC2 && lead <= 0xDF) {
    length = 2;
  } else if (lead >= 0xE0 && lead <= 0xEF) {
    length = 3;
    if (lead == 0xE0) low = 0xA0;   // overlong
    if (lead == 0xED) high = 0x9F;  // surrogates
  } else if (lead >= 0xF0 && lead <= 0xF4) {
    length = 4;
    if (lead == 0xF0) low = 0x90;   // overlong
    if (lead == 0xF4) high = 0x8F;  // above U+10FFFF
  } else {
    return 0;
  }
  for (std::size_t i = 1; i < length; ++i) {
    if (i >= bytes.size() || byte(i) < low || byte(i) > high) return 0;
    bad = i + 1;
    low = 0x80;
    high = 0xBF;
  }
  return length;
}

}  // namespace

std::size_t valid_utf8_prefix(std::string_view text) {
  std::size_t at = 0;
  while (at < text.size()) {
    std::uint64_t eight = 0;
    if (text.size() - at >= sizeof(eight)) {
      std::memcpy(&eight, text.data() + at, sizeof(eight));
      if ((eight & 0x8080808080808080u) == 0) {
        at += sizeof(eight);
        continue;
      }
    }
    std::size_t bad = 0;
    const std::size_t length = character_length(text.substr(at), bad);
    if (length == 0) break;
    at += length;
  }
  return at;
}

void check_utf8(std::string_view text, std::string_view what) {
  const std::size_t valid = valid_utf8_prefix(text);
  if (valid == text.size()) return;
  fail_user(fmt::format("{} is not UTF-8: byte 0x{:02X} at offset {}; convert it (for example with iconv) first", what,
                        static_cast<unsigned char>(text[valid]), valid));
}

std::string repair_utf8(std::string_view bytes) {
  std::string text;
  text.reserve(bytes.size());
  while (!bytes.empty()) {
    const std::size_t valid = valid_utf8_prefix(bytes);
    text.append(bytes.substr(0, valid));
    bytes.remove_prefix(valid);
    if (bytes.empty()) break;
    std::size_t bad = 0;
    static_cast<void>(character_length(bytes, bad));
    text.append("\xEF\xBF\xBD");
    bytes.remove_prefix(bad);
  }
  return text;
}

char32_t next_code_point(std::string_view text, std::size_t& at) {
  const auto continuation = [&](std::size_t i) { return static_cast<char32_t>(text[at + i]) & 0x3Fu; };
  const auto lead = static_cast<unsigned char>(text[at]);
  char32_t value = lead;
  std::size_t length = 1;
  if (lead >= 0xF0) {
    value = (lead & 0x07u) << 18 | continuation(1) << 12 | continuation(2) << 6 | continuation(3);
    length = 4;
  } else if (lead >= 0xE0) {
    value = (lead & 0x0Fu) << 12 | continuation(1) << 6 | continuation(2);
    length = 3;
  } else if (lead >= 0xC0) {
    value = (lead & 0x1Fu) << 6 | continuation(1);
    length = 2;
  }
  at += length;
  return value;
}

char32_t previous_code_point(std::string_view text, std::size_t& end) {
  do {
    --end;
  } while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xC0u) == 0x80u);
  std::size_t at = end;
  return next_code_point(text, at);
}

void append_utf8(std::string& text, char32_t code_point) {
  const auto push = [&](char32_t byte) { text.push_back(static_cast<char>(static_cast<unsigned char>(byte))); };
  if (code_point < 0x80) {
    push(code_point);
  } else if (code_point < 0x800) {
    push(0xC0u | code_point >> 6);
    push(0x80u | (code_point & 0x3Fu));
  } else if (code_point < 0x10000) {
    push(0xE0u | code_point >> 12);
    push(0x80u | (code_point >> 6 & 0x3Fu));
    push(0x80u | (code_point & 0x3Fu));
  } else {
    push(0xF0u | code_point >> 18);
    push(0x80u | (code_point >> 12 & 0x3Fu));
    push(0x80u | (code_point >> 6 & 0x3Fu));
    push(0x80u | (code_point & 0x3Fu));
  }
}

}  // namespace ft
