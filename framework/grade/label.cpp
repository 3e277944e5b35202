#include "framework/grade/label.h"

#include <algorithm>
#include <cctype>
#include <optional>
#include <utility>
#include <vector>

#include "framework/grade/changing_words.h"
#include "framework/grade/number_words.h"
#include "framework/grade/scale_words.h"
#include "framework/grade/units.h"

namespace ft::grade {
namespace {

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

// "percent of 50", "％ of x": a part of a number; "percent of the students" counts.
bool of_a_number(std::string_view words) {
  constexpr std::string_view kOf = "of ";
  for (std::size_t at = words.find(kOf); at != std::string_view::npos; at = words.find(kOf, at + 1)) {
    if (at > 0 && words[at - 1] != ' ') continue;
    const std::string_view next = first_word(words.substr(at + kOf.size()));
    if (next.size() == 1 && next != "a") return true;
    if (!next.empty() && std::isdigit(static_cast<unsigned char>(next[0])) != 0) return true;
    if (number_words(next) && next != "one") return true;
  }
  return false;
}

}  // namespace

bool changes_number(std::string_view words) {
  if (of_a_number(words) || has_wide_change(words) || words == "prime") return true;
  if (words.find("square root") != std::string_view::npos || words.find("cube root") != std::string_view::npos)
    return true;
  while (!words.empty()) {
    const std::string_view word = first_word(words);
    words.remove_prefix(std::min(words.size(), word.size() + 1));
    std::string_view bare = word;
    while (!bare.empty() && (bare.back() == ',' || bare.back() == ')')) bare.remove_suffix(1);
    while (!bare.empty() && bare.front() == '(') bare.remove_prefix(1);
    if (is_changing_word(bare)) return true;
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
  if (label == "more" || label == "times") label.clear();                                        // "it happens 9 times"
  if (label.starts_with("more ") && label.find("than") == std::string::npos) label.erase(0, 5);  // "3 more apples"
  if (label.starts_with("a ") && scale_of(first_word(std::string_view(label).substr(2)))) label.erase(0, 2);
  // Scales first: "5 hundred thousand", "3 and a half million".
  for (bool again = true; again && !label.empty();) {
    again = add_fraction(&value, &label);
    if (const std::size_t length = wide_scale_length(label); length > 0) {
      value = binary(Op::multiply, std::move(value), *scale_of(std::string_view(label).substr(0, length)));
      label.erase(0, length);
      while (label.starts_with(' ')) label.erase(0, 1);
      again = true;
      continue;
    }
    const std::string_view word = first_word(label);
    const auto scale = scale_of(word);
    if (!scale) break;
    // "2 thirds", "3 quarters", "1 third of"; but "5 third graders", and "97 quarters" are coins.
    const bool part = *scale < Rational(1);
    if (part && ((word == "quarters" && is_many(value)) ||
                 !(word.ends_with('s') || label == word || label.starts_with(std::string(word) + " of"))))
      break;
    value = binary(Op::multiply, std::move(value), *scale);
    drop_word(&label);
    (void)drop_start(&label, "of");
    again = true;
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
  if (label.ends_with(" left over")) label.resize(label.size() - 5);
  if (label.empty()) return value;
  const bool known = unit_of(label).dimension != "label";
  if ((!known || of_a_number(label)) && changes_number(label))
    throw Undecided{"'" + label.substr(0, 40) + "' behind a number"};
  if (!known && std::any_of(label.begin(), label.end(),
                            [](unsigned char c) { return c == '\\' || c == '<' || c == '>' || c == '='; }))
    throw Undecided{"signs behind a number"};
  return {Op::quantity, std::move(label), {std::move(value)}};
}

}  // namespace ft::grade
