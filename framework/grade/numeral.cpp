#include "framework/grade/numeral.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <utility>

#include "framework/grade/ascii.h"
#include "framework/grade/clock.h"
#include "framework/grade/number_words.h"
#include "framework/grade/units.h"
#include "framework/grade/vocabulary.h"

namespace ft::grade {
namespace {

// "1.234.567" and "1.234,56": points between groups of three.
std::optional<std::string> grouped_by_points(std::string_view text) {
  std::string out;
  std::size_t at = text.starts_with('-') ? 1 : 0;
  if (at > 0) out = "-";
  const auto digits = [&] {
    std::size_t end = at;
    while (end < text.size() && is_digit(text[end])) ++end;
    return end - at;
  };
  std::size_t size = digits();
  if (size == 0 || size > 3) return std::nullopt;
  out += text.substr(at, size);
  at += size;
  int groups = 0;
  while (at < text.size() && text[at] == '.') {
    ++at;
    size = digits();
    if (size != 3) return std::nullopt;
    out += text.substr(at, size);
    at += size;
    ++groups;
  }
  if (groups == 0) return std::nullopt;
  if (at == text.size()) return groups > 1 ? std::optional(out) : std::nullopt;  // "1.234" has a decimal point
  if (text[at] != ',') return std::nullopt;
  ++at;
  size = digits();
  if (size == 0 || at + size != text.size()) return std::nullopt;
  return out + "." + std::string(text.substr(at, size));
}

// "3 x 10^5", "4x10^5", "3 x 4": a sign of multiplication between digits.
std::optional<std::string> with_times(std::string_view text) {
  for (std::size_t i = 1; i + 1 < text.size(); ++i) {
    if (text[i] != 'x' && text[i] != 'X') continue;
    std::size_t left = i;
    while (left > 0 && text[left - 1] == ' ') --left;
    std::size_t right = i + 1;
    while (right < text.size() && text[right] == ' ') ++right;
    if (left == 0 || !is_digit(text[left - 1]) || right == text.size() || !is_digit(text[right])) continue;
    const bool blanks = left < i && right > i + 1;
    const bool power = text.substr(right).starts_with("10^") || text.substr(right).starts_with("10**");
    if (!blanks && !power) continue;
    return std::string(text.substr(0, left)) + "\\times " + std::string(text.substr(right));
  }
  return std::nullopt;
}

// "USD 18.90" to "18.90 USD", "US$5" to "$5", "Rs. 500" to "500 rupees".
std::optional<std::string> with_currency_behind(std::string_view text) {
  static constexpr auto kCodes = std::to_array<std::pair<std::string_view, std::string_view>>({{"USD", "dollars"},
                                                                                               {"EUR", "euros"},
                                                                                               {"GBP", "GBP"},
                                                                                               {"INR", "rupees"},
                                                                                               {"JPY", "yen"},
                                                                                               {"RMB", "yuan"},
                                                                                               {"CNY", "yuan"},
                                                                                               {"Rs.", "rupees"},
                                                                                               {"Rs", "rupees"}});
  const std::size_t sign = text.starts_with('-') ? 1 : 0;
  const std::string minus(text.substr(0, sign));
  text.remove_prefix(sign);
  for (const std::string_view dollar : {"US\\$", "US$"}) {
    if (text.starts_with(dollar)) return minus + "\\$" + std::string(text.substr(dollar.size()));
  }
  for (const auto& [code, unit] : kCodes) {
    if (!text.starts_with(code)) continue;
    const std::string_view amount = trim(text.substr(code.size()));
    if (amount.empty() || !is_digit(amount[0])) continue;
    return minus + std::string(amount) + " " + std::string(unit);
  }
  return std::nullopt;
}

// "2", "{16}", "{\text{four}}": the base behind "_" or "base"; 0 for anything else.
long long base_of(std::string_view text) {
  const bool group = text.starts_with('{');
  const bool word_alone = !group && std::all_of(text.begin(), text.end(), [](char c) {
    return std::isalnum(static_cast<unsigned char>(c)) != 0;
  });
  if (!(group && text.ends_with('}')) && !word_alone) return 0;
  std::string word;
  for (const char c : text) {
    if (c != '{' && c != '}' && c != ' ') word.push_back(c);
  }
  for (const std::string_view command : {"\\text", "\\textrm", "\\mathrm"}) {
    if (word.starts_with(command)) word.erase(0, command.size());
  }
  constexpr long long kLargest = 36;
  if (word.empty() || word.size() > 12) return 0;
  if (std::all_of(word.begin(), word.end(), is_digit)) {
    const long long base = word.size() > 2 ? 0 : std::stoll(word);
    return base >= 2 && base <= kLargest ? base : 0;
  }
  const auto number = number_words(word);
  if (!number || number->length != word.size() || number->digits.find_first_not_of("0123456789") != std::string::npos)
    return 0;
  const long long base = number->digits.size() > 2 ? 0 : std::stoll(number->digits);
  return base >= 2 && base <= kLargest ? base : 0;
}

}  // namespace

namespace {

// "an hour", "an hour and a half", "a day and 6 hours": with the digit 1.
std::optional<std::string> with_one_unit(std::string_view text) {
  const std::size_t article = text.starts_with("an ") || text.starts_with("An ") ? 3
                              : text.starts_with("a ") || text.starts_with("A ") ? 2
                                                                                 : 0;
  if (article == 0) return std::nullopt;
  const std::size_t end = std::min(text.find(' ', article), text.size());
  const std::string_view unit = text.substr(article, end - article);
  const std::string dimension = unit_of(unit).dimension;
  if (unit.size() < 3 || dimension == "label" || dimension.empty()) return std::nullopt;
  const std::string_view rest = text.substr(end);
  if (rest.empty()) return "1 " + std::string(unit);
  if (rest == " and a half") return "1.5 " + std::string(unit);
  if (rest == " and a quarter") return "1.25 " + std::string(unit);
  const bool digits = rest.starts_with(" and ") && rest.size() > 5 && is_digit(rest[5]);
  return digits ? std::optional("1 " + std::string(unit) + std::string(rest)) : std::nullopt;
}

// "15h30", as a clock shows it in France.
std::optional<std::string> hours_with_letter(std::string_view text) {
  const std::size_t letter = text.find('h');
  if (text.size() > 5 || letter == 0 || letter > 2 || letter + 3 != text.size()) return std::nullopt;
  const auto digit = [&](std::size_t i) { return i == letter || is_digit(text[i]); };
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (!digit(i)) return std::nullopt;
  }
  return std::string(text.substr(0, letter)) + ":" + std::string(text.substr(letter + 1));
}

}  // namespace

std::optional<std::string> usual_spelling(std::string_view text) {
  if (text.size() > 200) return std::nullopt;
  for (const std::string_view word : {"minus ", "negative ", "Minus ", "Negative "}) {
    if (text.starts_with(word) && text.size() > word.size() &&
        (is_digit(text[word.size()]) || text[word.size()] == '\\' || text[word.size()] == '$'))
      return "-" + std::string(text.substr(word.size()));
  }
  if (auto time = spoken_time(text)) return time;
  if (auto measure = with_one_unit(text)) return measure;
  if (auto hours = hours_with_letter(text)) return hours;
  if (const std::size_t c = text.find_first_of("CP"); c != std::string_view::npos && c > 0 && text.size() <= 8) {
    const auto digits = [](std::string_view part) {
      return !part.empty() && std::all_of(part.begin(), part.end(), is_digit);
    };
    if (digits(text.substr(0, c)) && digits(text.substr(c + 1)))  // "6C2"
      return std::string(1, text[c]) + "(" + std::string(text.substr(0, c)) + "," + std::string(text.substr(c + 1)) +
             ")";
  }
  if (auto money = with_currency_behind(text)) return money;
  return with_times(text);
}

std::optional<std::string> decimal_comma(std::string_view text) {
  if (auto grouped = grouped_by_points(text)) return grouped;
  std::string number(text);
  // "1 234,5"
  const std::size_t last = number.rfind(' ');
  if (last != std::string::npos && number.size() > last + 4 && number[last + 4] == ',') {
    std::string points = number;
    std::replace(points.begin(), points.end(), ' ', '.');
    if (auto grouped = grouped_by_points(points)) return grouped;
  }
  const std::size_t comma = number.find(',');
  const std::size_t start = number.starts_with('-') ? 1 : 0;
  if (comma == std::string::npos || comma == start) return std::nullopt;
  std::size_t end = comma + 1;
  while (end < number.size() && is_digit(number[end])) ++end;
  const std::string_view tail = trim(text.substr(end));
  const bool sign = tail == "%" || tail == "\\%";
  const bool digits = std::all_of(number.begin() + static_cast<std::ptrdiff_t>(start),
                                  number.begin() + static_cast<std::ptrdiff_t>(comma), is_digit);
  if (!digits || end == comma + 1 || (!tail.empty() && !sign)) return std::nullopt;
  const std::size_t whole = comma - start;
  const std::size_t places = end - comma - 1;
  const bool likely =
      (whole == 1 && number[start] == '0' && places >= 2) || (whole >= 4 && places <= 2) || (sign && places != 3);
  if (!likely) return std::nullopt;
  number[comma] = '.';
  return number;
}

std::optional<std::string> with_point_in_euros(std::string_view text) {
  const bool euros = text.find("\\euro") != std::string_view::npos || text.find(" EUR") != std::string_view::npos ||
                     text.find("euro") != std::string_view::npos;
  const std::size_t comma = text.find(',');
  if (!euros || comma == std::string_view::npos || comma == 0 || !is_digit(text[comma - 1])) return std::nullopt;
  std::size_t end = comma + 1;
  while (end < text.size() && is_digit(text[end])) ++end;
  constexpr std::size_t kCents = 2;
  if (end - comma - 1 != kCents || text.find(',', end) != std::string_view::npos) return std::nullopt;
  std::string out(text);
  out[comma] = '.';
  return out;
}

std::optional<Node> based_numeral(std::string_view text) {
  if (text.size() > 80) return std::nullopt;
  std::size_t cut = text.find('_');
  std::size_t behind = cut == std::string_view::npos ? cut : cut + 1;
  if (cut == std::string_view::npos) {
    for (const std::string_view word : {" base ", " in base ", " (base "}) {
      if (const std::size_t at = text.find(word); at != std::string_view::npos) {
        cut = at;
        behind = at + word.size();
      }
    }
    if (cut == std::string_view::npos) return std::nullopt;
    if (text.substr(0, cut).ends_with(" in")) cut -= 3;
  }
  std::string_view base_text = trim(text.substr(behind));
  if (base_text.ends_with(')')) base_text.remove_suffix(1);
  const long long base = base_of(base_text);
  std::string_view digits = trim(text.substr(0, cut));
  const bool minus = digits.starts_with('-');
  if (minus) digits.remove_prefix(1);
  for (const auto& [open, close] :
       {std::pair<std::string_view, std::string_view>{"(", ")"}, {"\\text{", "}"}, {"\\mathrm{", "}"}, {"{", "}"}}) {
    if (digits.size() > open.size() + 1 && digits.starts_with(open) && digits.ends_with(close))
      digits = digits.substr(open.size(), digits.size() - open.size() - 1);
  }
  if (base == 0 || base == 10 || digits.empty()) return std::nullopt;
  std::string plain;
  int points = 0;
  bool any_digit = false;
  for (const char c : digits) {
    const int value = is_digit(c) ? c - '0' : c >= 'A' && c <= 'Z' ? c - 'A' + 10 : -1;
    if (c == ' ' || c == ',') continue;
    if (c == '.' ? ++points > 1 : value < 0 || value >= base) return std::nullopt;
    any_digit = any_digit || is_digit(c) || (base == 16 && digits.size() > 1);
    plain.push_back(static_cast<char>(std::toupper(static_cast<unsigned char>(c))));
  }
  if (!any_digit) return std::nullopt;
  if (points > 0) {
    while (plain.back() == '0') plain.pop_back();
    if (plain.back() == '.') plain.pop_back();
  }
  while (plain.size() > 1 && plain[0] == '0' && plain[1] != '.') plain.erase(0, 1);
  if (plain.empty() || plain[0] == '.') plain.insert(0, 1, '0');
  Node node(Op::based, (minus ? "-" : "") + plain);
  node.value = Rational(base);
  return node;
}

}  // namespace ft::grade
