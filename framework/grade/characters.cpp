#include "framework/grade/characters.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <optional>

namespace ft::grade {
namespace {

struct Entry {
  char32_t from;
  std::string_view to;
};

// In order of their code points. A command ends with a blank, so that a letter behind it stays one.
constexpr auto kTable = std::to_array<Entry>({
    {U'\u00A0', " "},
    {U'\u00A2', "\\cents "},
    {U'\u00A3', "\\pounds "},
    {U'\u00A5', "\\yen "},
    {U'\u00AB', "\""},
    {U'\u00AC', "\\neg "},
    {U'\u00AD', ""},
    {U'\u00B0', "^\\circ "},
    {U'\u00B1', "\\pm "},
    {U'\u00B5', "\\mu "},
    {U'\u00B7', "\\cdot "},
    {U'\u00BA', "^\\circ "},
    {U'\u00BB', "\""},
    {U'\u00BC', "\\frac{1}{4}"},
    {U'\u00BD', "\\frac{1}{2}"},
    {U'\u00BE', "\\frac{3}{4}"},
    {U'\u00D7', "\\times "},
    {U'\u00F7', "\\div "},
    {U'\u02DA', "^\\circ "},
    {U'\u0391', "A"},
    {U'\u0392', "B"},
    {U'\u0393', "\\Gamma "},
    {U'\u0394', "\\Delta "},
    {U'\u0398', "\\Theta "},
    {U'\u039B', "\\Lambda "},
    {U'\u039E', "\\Xi "},
    {U'\u03A0', "\\Pi "},
    {U'\u03A3', "\\Sigma "},
    {U'\u03A6', "\\Phi "},
    {U'\u03A8', "\\Psi "},
    {U'\u03A9', "\\Omega "},
    {U'\u03B1', "\\alpha "},
    {U'\u03B2', "\\beta "},
    {U'\u03B3', "\\gamma "},
    {U'\u03B4', "\\delta "},
    {U'\u03B5', "\\epsilon "},
    {U'\u03B6', "\\zeta "},
    {U'\u03B7', "\\eta "},
    {U'\u03B8', "\\theta "},
    {U'\u03B9', "\\iota "},
    {U'\u03BA', "\\kappa "},
    {U'\u03BB', "\\lambda "},
    {U'\u03BC', "\\mu "},
    {U'\u03BD', "\\nu "},
    {U'\u03BE', "\\xi "},
    {U'\u03C0', "\\pi "},
    {U'\u03C1', "\\rho "},
    {U'\u03C3', "\\sigma "},
    {U'\u03C4', "\\tau "},
    {U'\u03C6', "\\phi "},
    {U'\u03C7', "\\chi "},
    {U'\u03C8', "\\psi "},
    {U'\u03C9', "\\omega "},
    {U'\u03D1', "\\vartheta "},
    {U'\u03D5', "\\phi "},
    {U'\u060C', ","},
    {U'\u066A', "%"},
    {U'\u066B', "."},
    {U'\u066C', ","},
    {U'\u1680', " "},
    {U'\u180E', ""},
    {U'\u2010', "-"},
    {U'\u2011', "-"},
    {U'\u2012', "-"},
    {U'\u2013', "-"},
    {U'\u2014', "-"},
    {U'\u2015', "-"},
    {U'\u2016', "\\Vert "},
    {U'\u2018', "'"},
    {U'\u2019', "'"},
    {U'\u201C', "\""},
    {U'\u201D', "\""},
    {U'\u201E', "\""},
    {U'\u2022', "\\cdot "},
    {U'\u2026', "\\dots "},
    {U'\u2028', "\n"},
    {U'\u2029', "\n"},
    {U'\u2030', "\\permille "},
    {U'\u2032', "'"},
    {U'\u2033', "''"},
    {U'\u2044', "/"},
    {U'\u20A9', "\\won "},
    {U'\u20AA', "\\shekel "},
    {U'\u20AB', "\\dong "},
    {U'\u20AC', "\\euro "},
    {U'\u20B1', "\\peso "},
    {U'\u20B9', "\\rupee "},
    {U'\u20BA', "\\lira "},
    {U'\u20BD', "\\ruble "},
    {U'\u20BF', "\\bitcoin "},
    {U'\u2102', "\\mathbb{C}"},
    {U'\u2103', "^\\circ C"},
    {U'\u2109', "^\\circ F"},
    {U'\u2113', "\\ell "},
    {U'\u2115', "\\mathbb{N}"},
    {U'\u2119', "\\mathbb{P}"},
    {U'\u211A', "\\mathbb{Q}"},
    {U'\u211D', "\\mathbb{R}"},
    {U'\u2124', "\\mathbb{Z}"},
    {U'\u2126', "\\Omega "},
    {U'\u212B', "\\angstrom "},
    {U'\u2147', "e"},
    {U'\u2148', "i"},
    {U'\u2150', "\\frac{1}{7}"},
    {U'\u2151', "\\frac{1}{9}"},
    {U'\u2152', "\\frac{1}{10}"},
    {U'\u2153', "\\frac{1}{3}"},
    {U'\u2154', "\\frac{2}{3}"},
    {U'\u2155', "\\frac{1}{5}"},
    {U'\u2156', "\\frac{2}{5}"},
    {U'\u2157', "\\frac{3}{5}"},
    {U'\u2158', "\\frac{4}{5}"},
    {U'\u2159', "\\frac{1}{6}"},
    {U'\u215A', "\\frac{5}{6}"},
    {U'\u215B', "\\frac{1}{8}"},
    {U'\u215C', "\\frac{3}{8}"},
    {U'\u215D', "\\frac{5}{8}"},
    {U'\u215E', "\\frac{7}{8}"},
    {U'\u2190', "\\leftarrow "},
    {U'\u2192', "\\to "},
    {U'\u2194', "\\leftrightarrow "},
    {U'\u21D2', "\\Rightarrow "},
    {U'\u21D4', "\\Leftrightarrow "},
    {U'\u2200', "\\forall "},
    {U'\u2202', "\\partial "},
    {U'\u2203', "\\exists "},
    {U'\u2205', "\\emptyset "},
    {U'\u2206', "\\Delta "},
    {U'\u2208', "\\in "},
    {U'\u2209', "\\notin "},
    {U'\u220E', " "},
    {U'\u220F', "\\prod "},
    {U'\u2211', "\\sum "},
    {U'\u2212', "-"},
    {U'\u2213', "\\mp "},
    {U'\u2215', "/"},
    {U'\u2216', "\\setminus "},
    {U'\u2217', "*"},
    {U'\u2218', "\\circ "},
    {U'\u2219', "\\cdot "},
    {U'\u221A', "\\sqrt "},
    {U'\u221B', "\\sqrt[3]"},
    {U'\u221C', "\\sqrt[4]"},
    {U'\u221E', "\\infty "},
    {U'\u2220', "\\angle "},
    {U'\u2223', "|"},
    {U'\u2227', "\\land "},
    {U'\u2228', "\\lor "},
    {U'\u2229', "\\cap "},
    {U'\u222A', "\\cup "},
    {U'\u222B', "\\int "},
    {U'\u2234', " therefore "},
    {U'\u2236', ":"},
    {U'\u2248', "\\approx "},
    {U'\u2254', "="},
    {U'\u2260', "\\ne "},
    {U'\u2261', "\\equiv "},
    {U'\u2264', "\\le "},
    {U'\u2265', "\\ge "},
    {U'\u2266', "\\le "},
    {U'\u2267', "\\ge "},
    {U'\u2282', "\\subset "},
    {U'\u2286', "\\subseteq "},
    {U'\u22C5', "\\cdot "},
    {U'\u22EF', "\\cdots "},
    {U'\u2308', "\\lceil "},
    {U'\u2309', "\\rceil "},
    {U'\u230A', "\\lfloor "},
    {U'\u230B', "\\rfloor "},
    {U'\u2329', "\\langle "},
    {U'\u232A', "\\rangle "},
    {U'\u25A0', " "},
    {U'\u25A1', " "},
    {U'\u25B3', "\\triangle "},
    {U'\u25FC', " "},
    {U'\u2705', " "},
    {U'\u2713', " "},
    {U'\u2714', " "},
    {U'\u2715', "\\times "},
    {U'\u2716', "\\times "},
    {U'\u27E8', "\\langle "},
    {U'\u27E9', "\\rangle "},
    {U'\u2A2F', "\\times "},
    {U'\u2A7D', "\\le "},
    {U'\u2A7E', "\\ge "},
    {U'\u3000', " "},
    {U'\u3001', ", "},
    {U'\u3002', ". "},
    {U'\u3008', "\\langle "},
    {U'\u3009', "\\rangle "},
    {U'\u300C', "\""},
    {U'\u300D', "\""},
    {U'\u3010', "["},
    {U'\u3011', "]"},
    {U'\u30FB', "\\cdot "},
    {U'\uFE63', "-"},
    {U'\uFEFF', ""},
    {U'\uFF61', ". "},
    {U'\uFF64', ", "},
    {U'\uFFE0', "\\cents "},
    {U'\uFFE1', "\\pounds "},
    {U'\uFFE5', "\\yen "},
    {U'\uFFE6', "\\won "},
});
static_assert(std::is_sorted(kTable.begin(), kTable.end(),
                             [](const Entry& a, const Entry& b) { return a.from < b.from; }));

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

bool all_digits(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
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

// What compatibility decomposition makes of one character where that is several: circled numbers, squared units. Small
// forms are the signs of ASCII.
std::string decomposed(char32_t code) {
  if (code >= U'\u2460' && code <= U'\u2473') return std::to_string(code - U'\u2460' + 1);
  if (code >= U'\u2160' && code <= U'\u216B') {  // Roman numerals
    static constexpr auto kRoman =
        std::to_array<std::string_view>({"I", "II", "III", "IV", "V", "VI", "VII", "VIII", "IX", "X", "XI", "XII"});
    return std::string(kRoman.at(code - U'\u2160'));
  }
  if (code >= U'\u2776' && code <= U'\u277F') return std::to_string(code - U'\u2776' + 1);
  if (code >= U'\u2780' && code <= U'\u2789') return std::to_string(code - U'\u2780' + 1);
  if (code >= U'\u24B6' && code <= U'\u24CF') return std::string(1, static_cast<char>('A' + (code - U'\u24B6')));
  if (code >= U'\u24D0' && code <= U'\u24E9') return std::string(1, static_cast<char>('a' + (code - U'\u24D0')));
  static constexpr auto kSeveral = std::to_array<Entry>({{U'\u2189', "0"},
                                                         {U'\u2151', "\\frac{1}{9}"},
                                                         {U'\u338E', " mg "},
                                                         {U'\u338F', " kg "},
                                                         {U'\u3390', " Hz "},
                                                         {U'\u3391', " kHz "},
                                                         {U'\u3392', " MHz "},
                                                         {U'\u3393', " GHz "},
                                                         {U'\u3396', " ml "},
                                                         {U'\u3397', " dl "},
                                                         {U'\u339A', " nm "},
                                                         {U'\u339C', " mm "},
                                                         {U'\u339D', " cm "},
                                                         {U'\u339E', " km "},
                                                         {U'\u339F', " mm^2 "},
                                                         {U'\u33A0', " cm^2 "},
                                                         {U'\u33A1', " \\text{m}^2 "},
                                                         {U'\u33A2', " km^2 "},
                                                         {U'\u33A3', " mm^3 "},
                                                         {U'\u33A4', " cm^3 "},
                                                         {U'\u33A5', " \\text{m}^3 "},
                                                         {U'\u33A6', " km^3 "},
                                                         {U'\u33A7', " m/s "},
                                                         {U'\u33A8', " m/s^2 "},
                                                         {U'\u33C4', " cc "},
                                                         {U'\u33CA', " ha "},
                                                         {U'\u33D2', "log"},
                                                         {U'\u33D1', "ln"},
                                                         {U'\uFE50', ","},
                                                         {U'\uFE52', "."},
                                                         {U'\uFE54', ";"},
                                                         {U'\uFE55', ":"},
                                                         {U'\uFE59', "("},
                                                         {U'\uFE5A', ")"},
                                                         {U'\uFE5B', "{"},
                                                         {U'\uFE5C', "}"},
                                                         {U'\uFE60', "&"},
                                                         {U'\uFE61', "*"},
                                                         {U'\uFE62', "+"},
                                                         {U'\uFE63', "-"},
                                                         {U'\uFE64', "<"},
                                                         {U'\uFE65', ">"},
                                                         {U'\uFE66', "="},
                                                         {U'\uFE69', "\\$"},
                                                         {U'\uFE6A', "%"}});
  for (const Entry& entry : kSeveral) {
    if (entry.from == code) return std::string(entry.to);
  }
  return {};
}

}  // namespace

std::string plain_characters(std::string_view text) {
  const auto is_ascii = [](char c) { return static_cast<unsigned char>(c) < 0x80; };
  if (std::all_of(text.begin(), text.end(), is_ascii)) return std::string(text);
  std::string out;
  out.reserve(text.size() + 16);
  for (std::size_t at = 0; at < text.size();) {
    if (is_ascii(text[at])) {
      out.push_back(text[at++]);
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
    const auto entry = std::lower_bound(kTable.begin(), kTable.end(), next.code,
                                        [](const Entry& e, char32_t code) { return e.from < code; });
    const bool space = next.code >= U'\u2000' && next.code <= U'\u200A';
    if (entry != kTable.end() && entry->from == next.code) {
      const bool behind_digit = !out.empty() && out.back() >= '0' && out.back() <= '9';
      if (next.code == U'\u2218' && behind_digit) out += '^';  // the ring of a composition for that of degrees
      out += entry->to;
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
