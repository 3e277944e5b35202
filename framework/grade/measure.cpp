#include "framework/grade/measure.h"

#include <array>
#include <cctype>
#include <string>
#include <utility>
#include <vector>

#include "framework/grade/ascii.h"
#include "framework/grade/label.h"
#include "framework/grade/plain_number.h"
#include "framework/grade/units.h"
#include "framework/grade/vocabulary.h"

namespace ft::grade {
namespace {

// The exponent of "\\times 10^{8}", "x 10^-3", "\\cdot 10^4" at the start, and its length; length 0 for others.
std::pair<long long, std::size_t> power_of_ten(std::string_view text) {
  constexpr std::pair<long long, std::size_t> kNone{0, 0};
  std::size_t at = 0;
  const auto skip = [&](char c) {
    while (at < text.size() && text[at] == c) ++at;
  };
  skip(' ');
  bool times = false;
  for (const std::string_view sign : {"\\times", "\\cdot", "x ", "*"}) {
    if (times || !text.substr(at).starts_with(sign)) continue;
    at += sign.size();
    times = true;
  }
  skip(' ');
  if (!times || !text.substr(at).starts_with("10^")) return kNone;
  at += 3;
  const bool group = at < text.size() && text[at] == '{';
  if (group) ++at;
  const bool minus = at < text.size() && text[at] == '-';
  if (minus) ++at;
  const std::size_t first = at;
  long long power = 0;
  while (at < text.size() && is_digit(text[at]) && at - first < 2) power = 10 * power + (text[at++] - '0');
  if (at == first || (at < text.size() && is_digit(text[at])) || (group && (at == text.size() || text[at] != '}')))
    return kNone;
  return {minus ? -power : power, at + (group ? 1 : 0)};
}

// What stands behind "\\mu": "m", "\\text{m}", "mathrm{m}" of a millionth.
std::optional<Node> micro_measure(Node amount, std::string_view unit) {
  for (const std::string_view command : {"\\text{", "\\mathrm{"}) {
    if (unit.starts_with(command) && unit.ends_with('}'))
      unit = unit.substr(command.size(), unit.size() - command.size() - 1);
  }
  static constexpr auto kNames = std::to_array<std::pair<std::string_view, std::string_view>>({{"m", "micrometer"},
                                                                                               {"g", "microgram"},
                                                                                               {"s", "microsecond"},
                                                                                               {"L", "microliter"},
                                                                                               {"l", "microliter"},
                                                                                               {"A", "microampere"},
                                                                                               {"V", "microvolt"},
                                                                                               {"F", "microfarad"},
                                                                                               {"C", "microcoulomb"},
                                                                                               {"W", "microwatt"}});
  for (const auto& [symbol, name] : kNames) {
    if (unit == symbol) return Node(Op::quantity, std::string(name), {std::move(amount)});
  }
  return std::nullopt;
}

// "30^\\circ 15'", "30^\\circ 15' 20''": degrees, minutes and seconds of an angle.
std::optional<Node> arc_measure(std::string_view text) {
  std::size_t at = 0;
  const auto number = [&]() -> std::optional<Rational> {
    while (at < text.size() && text[at] == ' ') ++at;
    const std::size_t first = at;
    while (at < text.size() && (is_digit(text[at]) || text[at] == '.')) ++at;
    const auto value = plain_number(text.substr(first, at - first));
    return value ? std::optional(Rational(BigInt(value->numerator), BigInt(value->denominator))) : std::nullopt;
  };
  const bool minus = text.starts_with('-');
  if (minus) ++at;
  auto total = number();
  if (!total) return std::nullopt;
  bool degrees = false;
  for (const std::string_view sign : {"^\\circ", "^{\\circ}", "^{\\circ }"}) {
    if (degrees || !text.substr(at).starts_with(sign)) continue;
    at += sign.size();
    degrees = true;
  }
  if (!degrees) return std::nullopt;
  Rational part(1);
  constexpr long long kParts = 60;
  for (const std::string_view sign : {"'", "''"}) {
    const std::size_t before = at;
    const auto small = number();
    std::size_t length = 0;
    const std::string_view rest = text.substr(at);
    for (const std::string_view form : {"^{\\prime\\prime}", "^{\\prime}", "^\\prime", "\"", "''", "'"}) {
      const bool second = form == "\"" || form == "''" || form.starts_with("^{\\prime\\");
      if (length == 0 && second == (sign.size() == 2) && rest.starts_with(form)) length = form.size();
    }
    if (!small || length == 0) {
      if (sign.size() == 1 || trim(text.substr(before)).size() > 0) return std::nullopt;
      break;
    }
    at += length;
    part = part / Rational(kParts);
    total = *total + *small * part;
  }
  if (!trim(text.substr(at)).empty()) return std::nullopt;
  return Node(Op::quantity, "degree", {Node(minus ? -*total : *total)});
}

// Feet and inches, behind the feet: "'6\"", "' 6''".
std::optional<Node> feet_and_inches(const Rational& feet, std::string_view rest) {
  rest = trim(rest.substr(1));
  const std::string_view inches = rest.ends_with("''")  ? rest.substr(0, rest.size() - 2)
                                  : rest.ends_with('"') ? rest.substr(0, rest.size() - 1)
                                                        : "";
  const auto small = plain_number(trim(inches));
  if (!small) return std::nullopt;
  const Rational total = feet * Rational(12) + Rational(BigInt(small->numerator), BigInt(small->denominator));
  return Node(Op::quantity, "inch", {Node(total)});
}

// "\\frac{m}{s}", "\\frac{\\text{m}}{\\text{s}}" with a stroke; other texts unchanged, none where it never closes.
std::optional<std::string> with_stroke(std::string_view unit) {
  if (!unit.starts_with("\\frac{")) return std::string(unit);
  std::string divided(unit.substr(5));
  for (const std::string_view command : {"{\\text{", "{\\mathrm{"}) {
    for (std::size_t i = divided.find(command); i != std::string::npos; i = divided.find(command)) {
      const std::size_t close = divided.find("}}", i);
      if (close == std::string::npos) return std::nullopt;
      divided.erase(close, 1);
      divided.erase(i + 1, command.size() - 1);
    }
  }
  const std::size_t top = divided.find("}{");
  if (top == std::string::npos || !divided.ends_with('}')) return std::nullopt;
  return divided.substr(1, top - 1) + "/" + divided.substr(top + 2, divided.size() - top - 3);
}

// "N\\cdot m" and "J/(mol K)" with signs of one character.
std::string with_plain_signs(std::string unit) {
  for (std::size_t i = unit.find("\\cdot "); i != std::string::npos; i = unit.find("\\cdot ")) unit.replace(i, 6, "*");
  if (const std::size_t open = unit.find("/("); open != std::string::npos && unit.ends_with(')')) {
    unit.pop_back();
    unit.erase(open + 1, 1);
    for (std::size_t i = open + 1; i < unit.size(); ++i) {
      if (unit[i] == ' ' || unit[i] == '*') unit[i] = '/';
    }
  }
  return unit;
}

// "5 A", "0.3 m", "5 GHz", 5'6": quantities in plain text, whose units could be letters of algebra.
std::optional<Node> one_measure(std::string_view text, bool close) {
  if (text.size() > 60) return std::nullopt;
  std::size_t end = text.starts_with('-') ? 1 : 0;
  const std::size_t first = end;
  while (end < text.size() && (is_digit(text[end]) || text[end] == '.' || text[end] == ',')) ++end;
  if (end == first || end == text.size()) return std::nullopt;
  const auto number = plain_number(text.substr(0, end));
  if (!number) return std::nullopt;
  Node amount(Rational(BigInt(number->numerator), BigInt(number->denominator)));
  std::string_view rest = text.substr(end);
  if (const auto [power, length] = power_of_ten(rest); length > 0) {
    amount.value = amount.value * pow(Rational(10), power);
    rest.remove_prefix(length);
    if (rest.empty()) return std::nullopt;
  }
  if (rest.starts_with("\\'")) rest.remove_prefix(1);
  if (rest.starts_with('\'') && rest.size() > 2) return feet_and_inches(amount.value, rest);
  const bool blank =
      rest.starts_with(' ') || rest.starts_with('~') || rest.starts_with("\\,") || rest.starts_with("\\ ");
  std::string label;
  std::string symbol;
  const auto flush = [&] {
    const bool scale = label.starts_with("degree") && (symbol == "C" || symbol == "F");
    label += scale ? symbol : spelled_unit(symbol);
    symbol.clear();
  };
  if (blank) rest = trim(rest.substr(rest.starts_with('\\') ? 2 : 1));
  const auto divided = with_stroke(rest);
  if (!divided) return std::nullopt;
  const std::string multiplied = with_plain_signs(*divided);
  rest = multiplied;
  if (rest.starts_with("\\mu ") || rest.starts_with("\\mu\\")) {  // "\\mu m"
    rest.remove_prefix(rest[3] == ' ' ? 4 : 3);
    return micro_measure(std::move(amount), trim(rest));
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
  const bool decimal = text.substr(0, end).find('.') != std::string_view::npos;
  if (!blank && !close && !decimal && rest.size() < 2) return std::nullopt;  // "5m" is a product, "1.8m" may measure
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
  if (text.empty() || text.size() > 60 || !(is_digit(text[0]) || text[0] == '-' || text[0] == '.')) return std::nullopt;
  if (text.find("\\circ") != std::string_view::npos) return arc_measure(text);
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
