#include "framework/grade/label.h"

#include <algorithm>
#include <array>
#include <optional>
#include <utility>
#include <vector>

#include "framework/grade/number_words.h"
#include "framework/grade/units.h"

namespace ft::grade {
namespace {

// The closed classes of English that say more of a number than what it counts.
constexpr auto kChanging = std::to_array<std::string_view>({"more",       "less",      "fewer",
                                                            "most",       "least",     "greater",
                                                            "smaller",    "larger",    "bigger",
                                                            "higher",     "lower",     "than",
                                                            "or",         "and",       "not",
                                                            "no",         "never",     "but",
                                                            "nor",        "neither",   "except",
                                                            "without",    "minus",     "plus",
                                                            "times",      "divided",   "multiplied",
                                                            "over",       "under",     "below",
                                                            "above",      "between",   "until",
                                                            "unless",     "if",        "when",
                                                            "where",      "whenever",  "to",
                                                            "from",       "by",        "is",
                                                            "are",        "was",       "were",
                                                            "equals",     "equal",     "fold",
                                                            "mod",        "modulo",    "choose",
                                                            "root",       "ratio",     "remainder",
                                                            "r",          "negative",  "twice",
                                                            "thrice",     "half",      "halves",
                                                            "halved",     "doubled",   "tripled",
                                                            "bc",         "bce",       "factorial",
                                                            "squared",    "cubed",     "hundred",
                                                            "thousand",   "million",   "billion",
                                                            "trillion",   "dozen",     "dozens",
                                                            "hundreds",   "thousands", "millions",
                                                            "billions",   "ish",       "approximately",
                                                            "around",     "up",        "down",
                                                            "beyond",     "mille",     "permille",
                                                            "basis",      "logarithm", "inverse",
                                                            "reciprocal", "opposite",  "complement",
                                                            "conjugate",  "th",        "st",
                                                            "rd",         "maximum",   "minimum",
                                                            "through",    "versus",    "vs",
                                                            "against",    "becomes",   "however",
                                                            "instead",    "rather",    "either",
                                                            "both",       "then",      "because",
                                                            "since",      "so",        "which",
                                                            "that",       "although",  "though",
                                                            "while",      "lakh",      "lakhs",
                                                            "crore",      "crores"});

constexpr auto kScales = std::to_array<std::pair<std::string_view, long long>>({{"hundred", 100},
                                                                                {"thousand", 1000},
                                                                                {"million", 1'000'000},
                                                                                {"billion", 1'000'000'000},
                                                                                {"trillion", 1'000'000'000'000},
                                                                                {"hundreds", 100},
                                                                                {"thousands", 1000},
                                                                                {"millions", 1'000'000},
                                                                                {"billions", 1'000'000'000},
                                                                                {"dozen", 12},
                                                                                {"dozens", 12},
                                                                                {"gross", 144},
                                                                                {"score", 20},
                                                                                {"lakh", 100'000},
                                                                                {"lakhs", 100'000},
                                                                                {"lac", 100'000},
                                                                                {"crore", 10'000'000},
                                                                                {"crores", 10'000'000}});

constexpr auto kParts = std::to_array<std::pair<std::string_view, long long>>({{"half", 2},
                                                                               {"halves", 2},
                                                                               {"third", 3},
                                                                               {"thirds", 3},
                                                                               {"quarter", 4},
                                                                               {"quarters", 4},
                                                                               {"fourth", 4},
                                                                               {"fourths", 4},
                                                                               {"fifth", 5},
                                                                               {"fifths", 5},
                                                                               {"sixth", 6},
                                                                               {"sixths", 6},
                                                                               {"seventh", 7},
                                                                               {"sevenths", 7},
                                                                               {"eighth", 8},
                                                                               {"eighths", 8},
                                                                               {"ninth", 9},
                                                                               {"ninths", 9},
                                                                               {"tenth", 10},
                                                                               {"tenths", 10},
                                                                               {"twelfth", 12},
                                                                               {"twelfths", 12},
                                                                               {"hundredth", 100},
                                                                               {"hundredths", 100},
                                                                               {"thousandth", 1000},
                                                                               {"thousandths", 1000},
                                                                               {"millionth", 1'000'000},
                                                                               {"millionths", 1'000'000},
                                                                               {"permille", 1000}});

template <std::size_t N>
std::optional<long long> value_in(const std::array<std::pair<std::string_view, long long>, N>& table,
                                  std::string_view word) {
  for (const auto& [name, value] : table) {
    if (name == word) return value;
  }
  return std::nullopt;
}

std::string_view first_word(std::string_view text) { return text.substr(0, text.find(' ')); }

void drop_word(std::string* text) {
  const std::size_t blank = text->find(' ');
  text->erase(0, blank == std::string::npos ? text->size() : blank + 1);
}

bool drop_start(std::string* text, std::string_view words) {
  if (!text->starts_with(words) || (text->size() > words.size() && (*text)[words.size()] != ' ')) return false;
  text->erase(0, std::min(text->size(), words.size() + 1));
  return true;
}

bool drop_end(std::string* text, std::string_view words) {
  if (*text == words) {
    text->clear();
    return true;
  }
  if (!text->ends_with(words) || text->size() <= words.size() || (*text)[text->size() - words.size() - 1] != ' ')
    return false;
  text->resize(text->size() - words.size() - 1);
  return true;
}

Node binary(Op op, Node a, Rational b) { return {op, std::vector<Node>{std::move(a), Node(std::move(b))}}; }

// "97 quarters" are coins.
bool is_many(const Node& value) {
  return value.is(Op::number) && value.value.is_integer() && !(value.value < Rational(10));
}

// "and a half", "and three quarters"
bool add_fraction(Node* value, std::string* label) {
  if (!label->starts_with("and ")) return false;
  const auto part = number_words(std::string_view(*label).substr(4));
  if (!part) return false;
  const std::size_t slash = part->digits.find('/');
  if (slash == std::string::npos) return false;
  const Rational fraction(BigInt::parse(part->digits.substr(0, slash)), BigInt::parse(part->digits.substr(slash + 1)));
  *value = binary(Op::add, std::move(*value), fraction);
  label->erase(0, std::min(label->size(), 4 + part->length + 1));
  return true;
}

}  // namespace

bool changes_number(std::string_view words) {
  while (!words.empty()) {
    const std::string_view word = first_word(words);
    words.remove_prefix(std::min(words.size(), word.size() + 1));
    std::string_view bare = word;
    while (!bare.empty() && (bare.back() == ',' || bare.back() == ')')) bare.remove_suffix(1);
    while (!bare.empty() && bare.front() == '(') bare.remove_prefix(1);
    if (std::find(kChanging.begin(), kChanging.end(), bare) != kChanging.end() || bare.ends_with("n't") ||
        bare.ends_with("fold"))
      return true;
  }
  return false;
}

Node labelled(Node value, std::string label) {
  if (value.is(Op::number) && value.value.is_integer()) {  // "12th grade"
    const std::string digits = value.value.to_string();
    const bool teen = digits.size() > 1 && digits[digits.size() - 2] == '1';
    const char last = teen ? '0' : digits.back();
    (void)drop_start(&label, last == '1' ? "st" : last == '2' ? "nd" : last == '3' ? "rd" : "th");
  }
  // Scales first: "5 hundred thousand", "3 and a half million".
  for (bool again = true; again && !label.empty();) {
    again = add_fraction(&value, &label);
    const std::string_view word = first_word(label);
    if (const auto scale = value_in(kScales, word)) {
      value = binary(Op::multiply, std::move(value), Rational(*scale));
      drop_word(&label);
      again = true;
    } else if (const auto part = value_in(kParts, word);
               part && !(word == "quarters" && is_many(value)) &&
               (word.ends_with('s') || label == word || label.starts_with(std::string(word) + " of"))) {
      // "2 thirds", "3 quarters", "1 third of"; but "5 third graders".
      value = binary(Op::divide, std::move(value), Rational(*part));
      drop_word(&label);
      (void)drop_start(&label, "of");
      again = true;
    }
    if (again) (void)drop_start(&label, "of");
  }
  for (const std::string_view below :
       {"below zero", "below 0", "below freezing", "below sea level", "under par", "under zero", "below par"}) {
    if (!drop_end(&label, below)) continue;
    value = Node(Op::negate, std::vector<Node>{std::move(value)});
    break;
  }
  for (const std::string_view above : {"above zero", "above sea level", "over par", "above par"}) {
    if (drop_end(&label, above)) break;
  }
  if (drop_start(&label, "squared")) value = binary(Op::power, std::move(value), Rational(2));
  if (drop_start(&label, "cubed")) value = binary(Op::power, std::move(value), Rational(3));
  if (drop_start(&label, "factorial")) value = Node(Op::call, "factorial", {std::move(value)});
  (void)drop_end(&label, "ad");
  (void)drop_end(&label, "ce");
  if (label == "only") label.clear();
  if (label.empty()) return value;
  const bool known = unit_of(label).dimension != "label";
  if (!known && changes_number(label)) throw Undecided{"'" + label.substr(0, 40) + "' behind a number"};
  if (!known && std::any_of(label.begin(), label.end(),
                            [](unsigned char c) { return c == '\\' || c == '<' || c == '>' || c == '='; }))
    throw Undecided{"signs behind a number"};
  return {Op::quantity, std::move(label), {std::move(value)}};
}

}  // namespace ft::grade
