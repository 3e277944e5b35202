#include "framework/grade/measure.h"

#include <cctype>
#include <string>
#include <utility>
#include <vector>

#include "framework/grade/label.h"
#include "framework/grade/plain_number.h"
#include "framework/grade/units.h"
#include "framework/grade/vocabulary.h"

namespace ft::grade {
namespace {

bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }

std::string_view trim(std::string_view text) {
  const auto blank = [](char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r'; };
  while (!text.empty() && blank(text.front())) text.remove_prefix(1);
  while (!text.empty() && blank(text.back())) text.remove_suffix(1);
  return text;
}

// "5 A", "0.3 m", "5 GHz", 5'6": quantities in plain text, whose units could be letters of algebra.
std::optional<Node> one_measure(std::string_view text, bool close) {
  if (text.size() > 40) return std::nullopt;
  std::size_t end = text.starts_with('-') ? 1 : 0;
  const std::size_t first = end;
  while (end < text.size() && (is_digit(text[end]) || text[end] == '.' || text[end] == ',')) ++end;
  if (end == first || end == text.size()) return std::nullopt;
  const auto number = plain_number(text.substr(0, end));
  if (!number) return std::nullopt;
  Node amount(Rational(BigInt(number->numerator), BigInt(number->denominator)));
  std::string_view rest = text.substr(end);
  if (rest.starts_with("\\'")) rest.remove_prefix(1);
  if (rest.starts_with('\'') && rest.size() > 2) {  // feet and inches
    rest = trim(rest.substr(1));
    const std::string_view inches = rest.ends_with("''")  ? rest.substr(0, rest.size() - 2)
                                    : rest.ends_with('"') ? rest.substr(0, rest.size() - 1)
                                                          : "";
    const auto small = plain_number(trim(inches));
    if (!small) return std::nullopt;
    const Rational total = amount.value * Rational(12) + Rational(BigInt(small->numerator), BigInt(small->denominator));
    return Node(Op::quantity, "inch", {Node(total)});
  }
  const bool blank = rest.starts_with(' ') || rest.starts_with("\\,") || rest.starts_with("\\ ");
  std::string label;
  std::string symbol;
  const auto flush = [&] {
    label += spelled_unit(symbol);
    symbol.clear();
  };
  if (blank) rest = trim(rest.substr(rest.starts_with('\\') ? 2 : 1));
  std::string divided;  // "\\frac{m}{s}"
  if (rest.starts_with("\\frac{")) {
    const std::size_t top = rest.find('}');
    if (top == std::string_view::npos || !rest.substr(top).starts_with("}{") || !rest.ends_with('}'))
      return std::nullopt;
    divided = std::string(rest.substr(6, top - 6)) + "/" + std::string(rest.substr(top + 2, rest.size() - top - 3));
    for (const std::string_view command : {"\\text{", "\\mathrm{", "}"}) {
      for (std::size_t i = divided.find(command); i != std::string::npos; i = divided.find(command))
        divided.erase(i, command.size());
    }
    rest = divided;
  }
  if (rest.empty() || (!is_letter(rest[0]) && !rest.starts_with("\\Omega"))) return std::nullopt;
  if (rest == "\\Omega") return Node(Op::quantity, "ohm", {std::move(amount)});
  for (const char c : rest) {
    if (is_letter(c)) {
      symbol.push_back(c);
      continue;
    }
    flush();
    if (std::string_view(" ^{}-/*").find(c) == std::string_view::npos && !is_digit(c)) return std::nullopt;
    label.push_back(c);
  }
  flush();
  for (std::size_t i = 1; i < label.size(); ++i) {
    if (is_digit(label[i]) && is_digit(label[i - 1])) return std::nullopt;  // no power of a unit
  }
  if (!blank && !close && rest.size() < 2) return std::nullopt;  // "5m" is a product
  const std::string words = plain_words(label);
  const std::string dimension = unit_of(words).dimension;
  if (dimension.empty() || dimension == "label" || changes_number(words)) return std::nullopt;
  return Node(Op::quantity, words, {std::move(amount)});
}

// "1h 30min", "5 ft 6 in", "2 hr, 5 min and 3 sec": where each piece begins.
std::vector<std::string_view> pieces_of(std::string_view text) {
  std::vector<std::string_view> pieces;
  std::size_t begin = 0;
  for (std::size_t i = 1; i <= text.size(); ++i) {
    const bool next = i < text.size() && is_digit(text[i]) && (text[i - 1] == ' ' || is_letter(text[i - 1]));
    if (i < text.size() && !next) continue;
    std::string_view piece = trim(text.substr(begin, i - begin));
    for (const std::string_view joint : {" and", ","}) {
      if (piece.ends_with(joint)) piece = trim(piece.substr(0, piece.size() - joint.size()));
    }
    if (piece.ends_with('.')) piece.remove_suffix(1);
    pieces.push_back(piece);
    begin = i;
  }
  return pieces;
}

}  // namespace

std::optional<Node> plain_measure(std::string_view text) {
  if (auto one = one_measure(text, false)) return one;
  if (text.size() > 60 || text.empty() || !is_digit(text[0])) return std::nullopt;
  const std::vector<std::string_view> pieces = pieces_of(text);
  if (pieces.size() < 2 || pieces.size() > 4) return std::nullopt;
  std::optional<Node> whole;
  Unit last;
  for (std::string_view piece : pieces) {
    // Behind hours "m" is minutes.
    const bool minutes = whole && last.dimension == "time" && last.factor == Rational(3600) && piece.ends_with('m') &&
                         piece.size() > 1 && !is_letter(piece[piece.size() - 2]);
    auto part = one_measure(minutes ? std::string(piece) + "in" : std::string(piece), true);
    if (!part) return std::nullopt;
    const Unit unit = unit_of(part->text);
    if (!whole) {
      whole = std::move(part);
      last = unit;
      continue;
    }
    if (unit.dimension != last.dimension || !(unit.factor < last.factor)) return std::nullopt;
    const Rational size = unit_of(whole->text).factor;
    if (!whole->kids[0].is(Op::number) || !part->kids[0].is(Op::number)) return std::nullopt;
    whole->kids[0] = Node(whole->kids[0].value + part->kids[0].value * unit.factor / size);
    last = unit;
  }
  return whole;
}

}  // namespace ft::grade
