#include "framework/grade/remarks.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <utility>

#include "framework/grade/ascii.h"
#include "framework/grade/number_words.h"
#include "framework/grade/units.h"
#include "framework/grade/vocabulary.h"

namespace ft::grade {
namespace {

bool starts_with_word(std::string_view text, std::string_view word) {
  return text.size() > word.size() && std::equal(word.begin(), word.end(), text.begin(), [](char w, char c) {
           return w == static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
         });
}

// Mathematics starts here, not a further word.
bool starts_mathematics(std::string_view text) {
  return !text.empty() && (is_digit(text[0]) || std::string_view("-\\$.(").find(text[0]) != std::string_view::npos);
}

// "approximately 3", "it is 3", "x is 3": where the answer begins; 0 for others.
std::size_t opening(std::string_view text) {
  static constexpr auto kOpenings = std::to_array<std::string_view>(
      {"approximately ", "approx. ",    "approx ",    "about ",         "roughly ",   "around ",  "exactly ",
       "precisely ",     "only ",       "just ",      "ca. ",           "ca ",        "circa ",   "it is ",
       "it's ",          "the number ", "the value ", "the answer is ", "answer is ", "answer: ", "the number is ",
       "the value is ",  "a total of ", "total: ",    "simply ",        "environ ",   "etwa ",    "ungef\xC3\xA4hr "});
  for (const std::string_view word : kOpenings) {
    if (starts_with_word(text, word) && starts_mathematics(trim(text.substr(word.size())))) return word.size();
  }
  return 0;
}

// "(approx)", "[exact]", "(units)" at the end: where they begin; the text's size for others.
std::size_t ending(std::string_view text) {
  static constexpr auto kSentences = std::to_array<std::string_view>(
      {" is the answer", " is the final answer", " is the correct answer", " is the solution", " is correct"});
  for (const std::string_view end : kSentences) {
    if (text.ends_with(end)) return text.size() - end.size();
  }
  const char close = text.empty() ? '\0' : text.back();
  if (close != ')' && close != ']') return text.size();
  const std::size_t open = text.rfind(close == ')' ? '(' : '[');
  if (open == std::string_view::npos || open == 0 || text[open - 1] != ' ') return text.size();
  const std::string words = plain_words(text.substr(open + 1, text.size() - open - 2));
  static constexpr auto kRemarks =
      std::to_array<std::string_view>({"approx", "approximately", "exact", "exactly", "approximate", "rounded", "units",
                                       "unit", "answer", "final answer", "simplified"});
  for (const std::string_view reason : {"since ", "because ", "where ", "assuming "}) {
    if (words.starts_with(reason)) return open;
  }
  return std::find(kRemarks.begin(), kRemarks.end(), words) == kRemarks.end() ? text.size() : open;
}

// "3 (cm)", "3 [m]": the unit without its brackets.
std::optional<std::string> with_bare_unit(std::string_view text) {
  const char close = text.empty() ? '\0' : text.back();
  if ((close != ')' && close != ']') || !is_digit(text[0])) return std::nullopt;
  const std::size_t open = text.rfind(close == ')' ? '(' : '[');
  if (open == std::string_view::npos || open == 0 || text[open - 1] != ' ') return std::nullopt;
  const std::string_view unit = text.substr(open + 1, text.size() - open - 2);
  if (unit.empty() || !is_letter(unit[0]) || unit.find_first_of("0123456789,") != std::string_view::npos)
    return std::nullopt;
  const std::string dimension = unit_of(unit).dimension;
  if (dimension == "label" || dimension.empty()) return std::nullopt;
  return std::string(trim(text.substr(0, open))) + " " + std::string(unit);
}

// "twelve (12)", "12 (twelve)": one number twice.
std::optional<std::string> said_twice(std::string_view text) {
  const std::size_t open = text.rfind(" (");
  if (!text.ends_with(')') || open == std::string_view::npos || open == 0) return std::nullopt;
  const std::string_view first = trim(text.substr(0, open));
  const std::string_view again = text.substr(open + 2, text.size() - open - 3);
  for (const auto& [words, digits] : {std::pair{first, again}, std::pair{again, first}}) {
    const auto number = number_words(words);
    if (number && number->length == words.size() && number->digits == digits) return std::string(digits);
  }
  return std::nullopt;
}

}  // namespace

std::optional<std::string> without_remarks(std::string_view text) {
  constexpr std::size_t kLongest = 200;
  if (text.size() < 4 || text.size() > kLongest || text.find(' ') == std::string_view::npos) return std::nullopt;
  if (auto unit = with_bare_unit(text)) return unit;
  if (auto number = said_twice(text)) return number;
  // "x is 3"
  constexpr std::string_view kIs = " is ";
  if (is_letter(text[0]) && text.substr(1).starts_with(kIs) && starts_mathematics(text.substr(1 + kIs.size())))
    return std::string(1, text[0]) + "=" + std::string(text.substr(1 + kIs.size()));
  const std::size_t begin = opening(text);
  const std::size_t end = ending(text);
  if (begin == 0 && end == text.size()) return std::nullopt;
  const std::string_view core = trim(text.substr(begin, end - begin));
  if (core.empty()) return std::nullopt;
  return without_remarks(core).value_or(std::string(core));
}

}  // namespace ft::grade
