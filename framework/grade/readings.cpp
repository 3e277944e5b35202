#include "framework/grade/readings.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <utility>

#include "framework/grade/label.h"
#include "framework/grade/number_words.h"
#include "framework/grade/parser.h"
#include "framework/grade/plain_number.h"
#include "framework/grade/structure.h"
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

std::string lower_case(std::string_view text) {
  std::string lower(text);
  for (char& c : lower) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  return lower;
}

// "0,111" and "1000,99": a decimal comma, and where a sign or unit follows "1,5%" too. Short forms such as "2,5" are
// lists.
std::optional<std::string> decimal_comma(std::string_view text) {
  std::string number(text);
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

// The text of \text{...} where it is all of it, and without a start such as \text{The answer is }.
std::string_view without_text_command(std::string_view text) {
  static constexpr auto kCommands =
      std::to_array<std::string_view>({"\\text{", "\\textbf{", "\\mathrm{", "\\textrm{", "\\mbox{", "\\mathbf{"});
  for (const std::string_view command : kCommands) {
    if (!text.starts_with(command)) continue;
    const std::size_t close = text.find('}');
    if (close == std::string_view::npos) return text;
    const std::string_view inside = text.substr(command.size(), close - command.size());
    if (inside.find('{') != std::string_view::npos) return text;
    if (close + 1 == text.size()) return trim(inside);
    const std::string words = plain_words(inside);
    if (words.ends_with(" is") || words == "answer" || words.ends_with(" answer") || words == "so" || words == "thus" ||
        words == "therefore")
      return trim(text.substr(close + 1));
  }
  return text;
}

// Words that say for what the answer holds: "3 \cdot 2^k, \text{ where } k ...", "2n+1 for all n". Cut off and
// returned.
std::string cut_condition(std::string_view* text) {
  static constexpr auto kOpenings = std::to_array<std::string_view>(
      {"for all ", "for every ", "for each ", "for any ", "where ", "where}", "\\forall", "for all}", "for every}",
       "for some ", "for any}", "for integer", "for positive integer", "for real "});
  const std::string lower = lower_case(*text);
  std::size_t cut = std::string::npos;
  for (const std::string_view opening : kOpenings) {
    for (std::size_t at = lower.find(opening); at != std::string::npos; at = lower.find(opening, at + 1)) {
      if (at > 0 && is_letter(lower[at - 1])) continue;
      cut = std::min(cut, at);
      break;
    }
  }
  if (cut == std::string::npos || cut == 0) return {};
  std::string_view head = trim(text->substr(0, cut));
  for (const std::string_view command : {"\\text{", "\\textrm{", "\\mbox{", "\\mathrm{"}) {
    if (!head.ends_with(command)) continue;
    head.remove_suffix(command.size());
  }
  for (bool again = true; again && !head.empty();) {
    again = false;
    head = trim(head);
    for (const std::string_view end : {",", "$", "(", "\\quad", "\\qquad", "\\;", "\\,", "\\ ", "\\", ";", "\\)"}) {
      if (!head.ends_with(end)) continue;
      head.remove_suffix(end.size());
      again = true;
    }
  }
  const auto open = std::count(head.begin(), head.end(), '{');
  const auto close = std::count(head.begin(), head.end(), '}');
  if (head.empty() || open != close || head.find_first_of("0123456789=\\") == std::string_view::npos) return {};
  std::string condition;
  for (const char c : lower.substr(cut)) {
    if (is_letter(c) || is_digit(c) || c == '<' || c == '>') condition.push_back(c);
  }
  while (head.starts_with('$')) head.remove_prefix(1);
  *text = head;
  return condition;
}

// "3:30 p.m.", "9 AM", "15:30".
std::optional<ClockTime> clock_time(std::string_view answer) {
  if (answer.size() > 24 || answer.empty() || !is_digit(answer[0])) return std::nullopt;
  std::string text;
  for (std::size_t i = 0; i < answer.size(); ++i) {
    const std::string_view rest = answer.substr(i);
    bool skipped = false;
    for (const std::string_view gone : {"\\text{", "\\mathrm{", "\\textrm{", "\\,", "\\ ", "~", "{", "}", ".", " "}) {
      if (!rest.starts_with(gone)) continue;
      i += gone.size() - 1;
      skipped = true;
      break;
    }
    if (!skipped) text.push_back(static_cast<char>(std::tolower(static_cast<unsigned char>(answer[i]))));
  }
  std::string_view rest = text;
  const auto number = [&](std::size_t most) -> int {
    std::size_t size = 0;
    int value = 0;
    while (size < rest.size() && is_digit(rest[size])) value = value * 10 + (rest[size++] - '0');
    if (size == 0 || size > most) return -1;
    rest.remove_prefix(size);
    return value;
  };
  const int hours = number(2);
  int minutes = 0;
  const bool colon = rest.starts_with(':');
  if (colon) {
    rest.remove_prefix(1);
    if (rest.size() < 2 || !is_digit(rest[1])) return std::nullopt;
    minutes = number(2);
  }
  if (hours < 0 || minutes < 0 || hours > 23 || minutes > 59) return std::nullopt;
  if (rest.empty()) return colon ? std::optional(ClockTime{hours * 60 + minutes, true}) : std::nullopt;
  if ((rest != "am" && rest != "pm" && rest != "a" && rest != "p") || hours > 12 || hours == 0) return std::nullopt;
  if (rest.size() == 1 && !colon) return std::nullopt;
  const int half = rest[0] == 'p' ? 12 : 0;
  return ClockTime{(hours % 12 + half) * 60 + minutes, false};
}

// "5 A", "0.3 m", "5 GHz", 5'6": quantities in plain text, whose units could be letters of algebra.
std::optional<Node> plain_measure(std::string_view text) {
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
  if (!blank && rest.size() < 2) return std::nullopt;  // "5m" is a product
  const std::string words = plain_words(label);
  const std::string dimension = unit_of(words).dimension;
  if (dimension.empty() || dimension == "label") return std::nullopt;
  return Node(Op::quantity, words, {std::move(amount)});
}

// "P(X=2)", "\mathbb{E}[X]", "x(t)", "|AB|", "m\angle ABC": what stands left of "=" and only names the value.
bool is_naming(std::string_view left, std::string_view right) {
  left = trim(left);
  if (left.size() > 40) return false;
  if (left.starts_with("m\\angle") || left.starts_with("\\angle") || left.starts_with("m \\angle")) {
    return std::all_of(left.begin() + static_cast<std::ptrdiff_t>(left.find("\\angle") + 6), left.end(),
                       [](char c) { return (c >= 'A' && c <= 'Z') || c == ' ' || is_digit(c); });
  }
  if (left.size() >= 4 && left.starts_with('|') && left.ends_with('|')) {
    return std::all_of(left.begin() + 1, left.end() - 1, [](char c) { return c >= 'A' && c <= 'Z'; });
  }
  const std::size_t open = left.find_first_of("([");
  if (open == 0 || open == std::string_view::npos) return false;
  std::string_view name = trim(left.substr(0, open));
  if (name.ends_with("\\left")) name = trim(name.substr(0, name.size() - 5));
  std::string_view inside = left.substr(open + 1);
  if (!inside.ends_with(')') && !inside.ends_with(']')) return false;
  inside = trim(inside.substr(0, inside.size() - 1));
  if (inside.ends_with("\\right")) inside = trim(inside.substr(0, inside.size() - 6));
  if (inside.empty() || inside.find_first_of("()[]") != std::string_view::npos) return false;
  const bool letter = name.size() == 1 && is_letter(name[0]);
  if (letter && std::string_view("fgh").find(name[0]) != std::string_view::npos) return false;  // the parser knows them
  const bool lower = letter && name[0] >= 'a' && name[0] <= 'z';
  static constexpr auto kNames = std::to_array<std::string_view>({"\\mathbb{E}",
                                                                  "\\mathbb{P}",
                                                                  "\\mathrm{E}",
                                                                  "\\mathrm{P}",
                                                                  "\\operatorname{E}",
                                                                  "\\operatorname{P}",
                                                                  "\\Pr",
                                                                  "\\mathbf{P}",
                                                                  "\\mathbf{E}",
                                                                  "\\operatorname{Var}",
                                                                  "\\mathrm{Var}",
                                                                  "\\text{Var}",
                                                                  "\\operatorname{Cov}",
                                                                  "Var",
                                                                  "Cov",
                                                                  "Pr",
                                                                  "Area",
                                                                  "\\omega",
                                                                  "\\phi",
                                                                  "\\psi",
                                                                  "\\theta",
                                                                  "\\rho",
                                                                  "\\sigma",
                                                                  "\\mu",
                                                                  "\\Phi",
                                                                  "\\Psi",
                                                                  "\\alpha",
                                                                  "\\beta",
                                                                  "\\gamma"});
  if (!letter && std::find(kNames.begin(), kNames.end(), name) == kNames.end()) return false;
  if (!lower)
    return !(letter && inside.find_first_of("+-*/^0123456789") != std::string_view::npos &&
             inside.find('=') == std::string_view::npos && inside.find('|') == std::string_view::npos);
  return inside.size() == 1 && is_letter(inside[0]) && right.find(inside[0]) != std::string_view::npos;
}

// The only "=" outside brackets and braces; nothing where there are several or none.
std::optional<std::size_t> only_equals_sign(std::string_view text) {
  int depth = 0;
  std::optional<std::size_t> found;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (c == '(' || c == '[' || c == '{') ++depth;
    if (c == ')' || c == ']' || c == '}') --depth;
    if (depth != 0) continue;
    if (c == '<' || c == '>' || c == ',' || c == ';' || text.substr(i).starts_with("\\le") ||
        text.substr(i).starts_with("\\ge")) {
      if (!text.substr(i).starts_with("\\left")) return std::nullopt;
    }
    if (c != '=') continue;
    if (found) return std::nullopt;
    found = i;
  }
  return found;
}

// Left of the last "=" stands something that the parser cannot read, but that calculates nothing: a name.
bool may_be_name(std::string_view left) {
  if (left.size() > 60 || left.find_first_of("+-*/<>|^=!") != std::string_view::npos) return false;
  static constexpr auto kKnown = std::to_array<std::string_view>({"\\text",
                                                                  "\\mathrm",
                                                                  "\\textbf",
                                                                  "\\mathbf",
                                                                  "\\overline",
                                                                  "\\operatorname",
                                                                  "\\mathcal",
                                                                  "\\mathbb",
                                                                  "\\left",
                                                                  "\\right",
                                                                  "\\vec",
                                                                  "\\widehat",
                                                                  "\\hat",
                                                                  "\\bar",
                                                                  "\\angle",
                                                                  "\\triangle",
                                                                  "\\overrightarrow",
                                                                  "\\theta",
                                                                  "\\alpha",
                                                                  "\\beta",
                                                                  "\\lambda",
                                                                  "\\mu",
                                                                  "\\sigma",
                                                                  "\\phi",
                                                                  "\\omega",
                                                                  "\\Delta",
                                                                  "\\,",
                                                                  "\\ ",
                                                                  "\\;",
                                                                  "\\quad",
                                                                  "\\mathit",
                                                                  "\\widetilde",
                                                                  "\\tilde",
                                                                  "\\stackrel",
                                                                  "\\arc",
                                                                  "\\overarc",
                                                                  "\\textit",
                                                                  "\\mbox",
                                                                  "\\textrm"});
  for (std::size_t at = left.find('\\'); at != std::string_view::npos; at = left.find('\\', at + 1)) {
    const bool known = std::any_of(kKnown.begin(), kKnown.end(), [&](std::string_view name) {
      return left.substr(at).starts_with(name) &&
             (at + name.size() >= left.size() || !is_letter(left[at + name.size()]));
    });
    if (!known) return false;
  }
  return std::none_of(left.begin(), left.end(), is_digit);
}

// "CAB" is an order of letters, not the product of A, B and C.
template <typename Test>
bool all_of_kind(std::string_view text, std::size_t longest, const Test& test) {
  return text.size() >= 2 && text.size() <= longest && std::all_of(text.begin(), text.end(), test);
}

class Reader {
 public:
  Reader(std::string_view text, Budget& budget) : text_(text), budget_(budget) {}

  Readings run() {
    text_ = without_text_command(text_);
    readings_.clock = clock_time(text_);
    readings_.measure = plain_measure(text_);
    if (all_of_kind(text_, 30, [](char c) { return c >= 'A' && c <= 'Z'; })) {
      readings_.nodes.emplace_back(Op::words, plain_words(text_));
      return std::move(readings_);
    }
    read_choice();
    read_number_words();
    const std::string_view whole = text_;
    readings_.condition = cut_condition(&text_);
    if (!readings_.condition.empty()) {
      attempt(text_);
      if (readings_.nodes.empty()) {
        text_ = whole;
        readings_.condition.clear();
        readings_.trouble.clear();
      } else {
        return std::move(readings_);
      }
    }
    if (const auto sign = only_equals_sign(text_); sign && is_naming(text_.substr(0, *sign), text_.substr(*sign + 1))) {
      attempt_named(*sign);
    }
    if (!readings_.nodes.empty() && readings_.nodes.front().is(Op::symbol)) return std::move(readings_);  // a choice
    if (readings_.nodes.empty()) attempt(text_);
    if (readings_.nodes.empty()) read_behind_name();
    read_otherwise();
    return std::move(readings_);
  }

 private:
  void attempt(std::string_view text, const LexOptions& options = {}) {
    try {
      const Node tree = parse(text, options, budget_);
      readings_.nodes.push_back(worked_out(without_plus_minus(tree), budget_));
      if (const auto independent = with_independent_signs(tree))
        readings_.nodes.push_back(worked_out(*independent, budget_));
    } catch (const Undecided& undecided) {
      if (readings_.trouble.empty()) readings_.trouble = undecided.reason;
    }
  }

  // "(C) 12", "\textbf{(D)}\ 24", "C: 12": the letter of an option with its wording is the one as well as the other.
  void read_choice() {
    std::string_view rest = text_;
    bool dressed = false;
    bool worded = false;
    for (const std::string_view command : {"\\textbf{", "\\text{", "\\mathrm{", "\\mathbf{", "\\textrm{"}) {
      if (!rest.starts_with(command)) continue;
      rest = trim(rest.substr(command.size()));
      dressed = true;
      break;
    }
    for (const std::string_view word : {"Option ", "option ", "Choice ", "choice "}) {
      if (!rest.starts_with(word)) continue;
      rest.remove_prefix(word.size());
      worded = true;
    }
    const bool open = rest.starts_with('(');
    if (open) rest = trim(rest.substr(1));
    if (rest.empty() || rest[0] < 'A' || rest[0] > 'J') return;
    const std::string letter(1, rest[0]);
    rest.remove_prefix(1);
    bool closed = false;
    const auto skip = [&](char c) {
      if (!rest.starts_with(c)) return;
      rest.remove_prefix(1);
      closed = closed || c == ')' || c == '.' || c == ':';
    };
    rest = trim(rest);
    if (worded && (rest.empty() || rest == "}" || rest == ")")) {  // "Option C"
      readings_.nodes.emplace_back(Op::symbol, letter);
      return;
    }
    skip(')');
    if (dressed) skip('}');
    skip(')');
    if (!open) skip('.');
    if (!open) skip(':');
    const bool blank = rest.empty() || rest[0] == ' ' || rest.starts_with("\\ ") || rest.starts_with("\\,") ||
                       rest.starts_with("~") || rest.starts_with("\\;") || rest.starts_with("\\quad") ||
                       rest.starts_with("$");
    if (!closed || !blank || rest.empty() || rest.size() > 200) return;
    for (const std::string_view gap : {"\\quad", "\\ ", "\\,", "~", "\\;", ":"}) {
      rest = trim(rest);
      if (rest.starts_with(gap)) rest.remove_prefix(gap.size());
    }
    rest = trim(rest);
    if (rest.empty()) return;
    readings_.nodes.emplace_back(Op::symbol, letter);
    attempt(strip_delimiters(rest));
    readings_.trouble.clear();
  }

  void attempt_named(std::size_t sign) {
    try {
      Node value = worked_out(without_plus_minus(parse(text_.substr(sign + 1), {}, budget_)), budget_);
      std::string name;
      for (const char c : text_.substr(0, sign)) {
        if (c != ' ') name.push_back(c);
      }
      Node left(Op::words, name);
      if (name.size() == 4 && name[1] == '(')
        left = Node(Op::call, name.substr(0, 1), {Node(Op::symbol, name.substr(2, 1))});
      readings_.nodes.push_back(Node(Op::relation, "=", {std::move(left), std::move(value)}));
    } catch (const Undecided&) {
      // Read as it stands.
    }
  }

  // "twenty-one", "three apples": first, so that it is the usual reading; the words themselves follow.
  void read_number_words() {
    const bool words =
        !text_.empty() && is_letter(text_[0]) && text_.size() < 200 &&
        std::all_of(text_.begin(), text_.end(), [](char c) { return is_letter(c) || c == ' ' || c == '-'; });
    if (!words) return;
    const auto number = number_words(text_);
    if (!number || number->length == 0) return;
    const std::string label = plain_words(text_.substr(number->length));
    if (number->length < text_.size() && text_[number->length] == '-') return;  // "one-to-one"
    try {
      Node value = parse(number->digits, {}, budget_);
      readings_.nodes.push_back(labelled(std::move(value), label));
    } catch (const Undecided&) {
      // Words that change the number: compared as words.
    }
  }

  // "<something unreadable> = 1" still says what it works out to, where that is a name.
  void read_behind_name() {
    const std::size_t sign = text_.rfind('=');
    const bool outside = sign != std::string_view::npos && text_.find_first_of("}<>", sign) == std::string_view::npos;
    if (!outside) return;
    std::string_view left = trim(text_.substr(0, sign));
    const std::size_t before = left.rfind('=');  // "1 = ... = x = 0" names x
    if (before != std::string_view::npos) left = trim(left.substr(before + 1));
    if (!may_be_name(left)) return;
    attempt(text_.substr(sign + 1));
    if (!readings_.nodes.empty()) readings_.trouble.clear();
  }

  void read_otherwise() {
    if (text_.find(',') != std::string_view::npos) {
      const bool is_number = readings_.nodes.size() == 1 && !readings_.nodes[0].is(Op::list);
      if (is_number) attempt(text_, {.thousands = false});
      if (const auto number = decimal_comma(text_)) attempt(*number);
    }
    const std::size_t e = text_.find('e');
    if (e != std::string_view::npos && e > 0 && e + 1 < text_.size() && is_digit(text_[e - 1]) &&
        (text_[e + 1] == '-' || text_[e + 1] == '+'))
      attempt(text_, {.euler = true});
    if (all_of_kind(text_, 3, is_letter)) readings_.nodes.emplace_back(Op::words, plain_words(text_));
  }

  std::string_view text_;
  Budget& budget_;
  Readings readings_;
};

}  // namespace

Readings read_all(std::string_view text, Budget& budget) { return Reader(text, budget).run(); }

std::optional<Node> read_as_list(std::string_view text, Budget& budget) {
  try {
    Node node = worked_out(parse(text, {.thousands = false}, budget), budget);
    if (node.is(Op::list)) return node;
  } catch (const Undecided&) {
    // Then it is none.
  }
  return std::nullopt;
}

}  // namespace ft::grade
