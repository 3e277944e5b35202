#include "framework/grade/characters.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <optional>

#include "framework/grade/ascii.h"
#include "framework/grade/byte_scan.h"
#include "framework/grade/character_table.h"

namespace ft::grade {
namespace {

// The zeros of the scripts that have decimal digits (Unicode's category Nd, the living ones).
constexpr auto kZeros = std::to_array<char32_t>(
    {U'\u0660', U'\u06F0', U'\u07C0', U'\u0966', U'\u09E6', U'\u0A66', U'\u0AE6', U'\u0B66', U'\u0BE6',
     U'\u0C66', U'\u0CE6', U'\u0D66', U'\u0DE6', U'\u0E50', U'\u0ED0', U'\u0F20', U'\u1040', U'\u17E0',
     U'\u1810', U'\u1946', U'\u19D0', U'\u1A80', U'\u1A90', U'\u1B50', U'\u1BB0', U'\u1C40', U'\u1C50',
     U'\uA620', U'\uA8D0', U'\uA900', U'\uA9D0', U'\uA9F0', U'\uAA50', U'\uABF0'});

struct Decoded {
  char32_t code = 0;
  std::size_t length = 0;  // 0: no well-formed character stands here
};

Decoded decode(std::string_view text) {
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  const unsigned char lead = byte(0);
  const std::size_t length = lead < 0xC2 ? 0 : lead < 0xE0 ? 2 : lead < 0xF0 ? 3 : lead < 0xF5 ? 4 : 0;
  if (length == 0 || text.size() < length) return {};
  char32_t code = lead & (0x7FU >> length);
  for (std::size_t i = 1; i < length; ++i) {
    if ((byte(i) & 0xC0U) != 0x80U) return {};
    code = (code << 6U) | (byte(i) & 0x3FU);
  }
  return {code, length};
}

// What a raised (or lowered) character raises; '\0' for another.
char raised(char32_t code) {
  if (code >= U'\u2074' && code <= U'\u2079') return static_cast<char>('4' + (code - U'\u2074'));
  switch (code) {
    case U'\u2070':
      return '0';
    case U'\u00B9':
      return '1';
    case U'\u00B2':
      return '2';
    case U'\u00B3':
      return '3';
    case U'\u207A':
      return '+';
    case U'\u207B':
      return '-';
    case U'\u207D':
      return '(';
    case U'\u207E':
      return ')';
    case U'\u207F':
      return 'n';
    case U'\u2071':
      return 'i';
    case U'\u02E3':
      return 'x';
    case U'\u02B8':
      return 'y';
    case U'\u1D57':
      return 't';
    case U'\u1D4F':
      return 'k';
    case U'\u1D50':
      return 'm';
    case U'\u1D43':
      return 'a';
    case U'\u1D47':
      return 'b';
    default:
      return '\0';
  }
}

char lowered(char32_t code) {
  if (code >= U'\u2080' && code <= U'\u2089') return static_cast<char>('0' + (code - U'\u2080'));
  switch (code) {
    case U'\u208A':
      return '+';
    case U'\u208B':
      return '-';
    case U'\u208D':
      return '(';
    case U'\u208E':
      return ')';
    case U'\u2090':
      return 'a';
    case U'\u2091':
      return 'e';
    case U'\u2093':
      return 'x';
    case U'\u2096':
      return 'k';
    case U'\u2098':
      return 'm';
    case U'\u2099':
      return 'n';
    case U'\u1D62':
      return 'i';
    case U'\u2C7C':
      return 'j';
    default:
      return '\0';
  }
}

// A run of raised or lowered characters at `at`, which moves behind it.
std::string run_of(std::string_view text, std::size_t* at, char (*meaning)(char32_t)) {
  std::string run;
  while (*at < text.size()) {
    const Decoded next = decode(text.substr(*at));
    const char c = next.length == 0 ? '\0' : meaning(next.code);
    if (c == '\0') break;
    run.push_back(c);
    *at += next.length;
  }
  return run;
}

// "³√" is a cube root, "²⁄₃" and "²/₃" are fractions; other raised characters are exponents.
std::string raised_run(std::string_view text, std::size_t* at) {
  const std::string top = run_of(text, at, raised);
  const std::string_view rest = text.substr(*at);
  if (all_digits(top) && rest.starts_with("\u221A")) {
    *at += 3;
    return "\\sqrt[" + top + "]";
  }
  const std::size_t slash = rest.starts_with("\u2044") || rest.starts_with("\u2215") ? 3
                            : rest.starts_with('/')                                  ? 1
                                                                                     : 0;
  if (all_digits(top) && slash > 0) {
    std::size_t behind = *at + slash;
    const std::string bottom = run_of(text, &behind, lowered);
    if (all_digits(bottom)) {
      *at = behind;
      return "\\frac{" + top + "}{" + bottom + "}";
    }
  }
  if (top == "-") return "-";  // a raised sign before plain digits
  return "^{" + top + "}";
}

bool is_invisible(char32_t code) {
  return (code >= U'\u200B' && code <= U'\u200F') || (code >= U'\u202A' && code <= U'\u202E') ||
         (code >= U'\u2060' && code <= U'\u206F') || (code >= U'\uFE00' && code <= U'\uFE0F') ||
         (code >= 0xE0000 && code <= 0xE01FF);
}

// The letters of U+1D400 to U+1D6A3 are thirteen alphabets of 52; digits follow from U+1D7CE, five times ten.
std::optional<char> styled(char32_t code) {
  if (code >= 0x1D400 && code <= 0x1D6A3) {
    const auto letter = static_cast<int>((code - 0x1D400) % 52);
    return static_cast<char>(letter < 26 ? 'A' + letter : 'a' + letter - 26);
  }
  if (code >= 0x1D7CE && code <= 0x1D7FF) return static_cast<char>('0' + (code - 0x1D7CE) % 10);
  if (code >= 0x1FBF0 && code <= 0x1FBF9) return static_cast<char>('0' + (code - 0x1FBF0));
  for (const char32_t zero : kZeros) {
    if (code >= zero && code < zero + 10) return static_cast<char>('0' + (code - zero));
  }
  if (code >= U'\uFF01' && code <= U'\uFF5E') return static_cast<char>(code - 0xFEE0);
  return std::nullopt;
}

// The Greek letters of U+1D6A8 to U+1D7CB are five alphabets of 58: the plain letter.
char32_t plain_greek(char32_t code) {
  if (code < 0x1D6A8 || code > 0x1D7CB) return code;
  const char32_t letter = (code - 0x1D6A8) % 58;
  if (letter < 25 && letter != 17) return U'\u0391' + letter;
  if (letter >= 26 && letter <= 50) return U'\u03B1' + (letter - 26);
  return letter == 53 ? U'\u03D1' : letter == 55 ? U'\u03D5' : code;
}

}  // namespace

std::string plain_characters(std::string_view text) {
  if (next_outside_ascii(text, 0) == text.size()) return std::string(text);
  std::string out;
  out.reserve(text.size() + 16);
  for (std::size_t at = 0; at < text.size();) {
    if (static_cast<unsigned char>(text[at]) < 0x80) {
      const std::size_t behind = next_outside_ascii(text, at);
      out.append(text, at, behind - at);
      at = behind;
      continue;
    }
    Decoded next = decode(text.substr(at));
    if (next.length == 0) {
      out.push_back(text[at++]);
      continue;
    }
    next.code = plain_greek(next.code);
    if (raised(next.code) != '\0') {
      out += raised_run(text, &at);
      continue;
    }
    if (lowered(next.code) != '\0') {
      out += "_{" + run_of(text, &at, lowered) + "}";
      continue;
    }
    if (next.code == U'\u00D8' && text.size() == next.length) return "\\emptyset";  // alone it is no letter
    const auto spelling = spelling_of(next.code);
    const bool space = next.code >= U'\u2000' && next.code <= U'\u200A';
    if (spelling) {
      const bool behind_digit = !out.empty() && out.back() >= '0' && out.back() <= '9';
      if (next.code == U'\u2218' && behind_digit) out += '^';  // the ring of a composition for that of degrees
      out += *spelling;
    } else if (const auto letter = styled(next.code)) {
      out.push_back(*letter);
    } else if (space || next.code == U'\u202F' || next.code == U'\u205F') {
      out.push_back(' ');
    } else if (const std::string several = decomposed(next.code); !several.empty()) {
      out += several;
    } else if (!is_invisible(next.code)) {
      out += text.substr(at, next.length);
    }
    at += next.length;
  }
  return out;
}

}  // namespace ft::grade
