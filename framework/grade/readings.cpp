#include "framework/grade/readings.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <utility>

#include "framework/grade/delimiters.h"
#include "framework/grade/label.h"
#include "framework/grade/measure.h"
#include "framework/grade/naming.h"
#include "framework/grade/number_words.h"
#include "framework/grade/numeral.h"
#include "framework/grade/parser.h"
#include "framework/grade/remarks.h"
#include "framework/grade/series.h"
#include "framework/grade/spoken.h"
#include "framework/grade/structure.h"
#include "framework/grade/units.h"
#include "framework/grade/vocabulary.h"
#include "framework/grade/wide_numerals.h"

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

bool is_estimate(std::string_view words) {
  return words == "about" || words == "approximately" || words == "approx" || words == "roughly" ||
         words == "exactly" || words == "only";
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
    if (words.ends_with(" is") || is_estimate(words) || words == "answer" || words.ends_with(" answer") ||
        words == "so" || words == "thus" || words == "therefore")
      return trim(text.substr(close + 1));
  }
  return text;
}

// Words that say for what the answer holds: "3 \cdot 2^k, \text{ where } k ...", "2n+1 for all n". Cut off and
// returned.
// "2\\pi k, k \\in \\mathbb{Z}", "(n \\in \\mathbb{N})": where the set of a parameter is said at the end, from the
// joint before its letter on; npos where none is.
std::size_t parameter_set(std::string_view text) {
  const std::size_t in = text.rfind("\\in");
  if (in == std::string_view::npos || in < 3) return std::string_view::npos;
  std::string set;
  for (const char c : text.substr(in + 3)) {
    if (std::string_view(" {}()$").find(c) == std::string_view::npos) set.push_back(c);
  }
  static constexpr auto kSets = std::to_array<std::string_view>({"\\mathbbZ", "\\mathbbN", "\\Z", "\\N", "\\mathbfZ"});
  const auto fits = [&](std::string_view name) {
    return set == name ||
           (set.starts_with(name) &&
            (set.substr(name.size()) == "^+" || set.substr(name.size()) == "_+" || set.substr(name.size()) == "^*"));
  };
  if (std::none_of(kSets.begin(), kSets.end(), fits)) return std::string_view::npos;
  std::string_view before = trim(text.substr(0, in));
  if (before.size() < 3 || !is_letter(before.back()) || is_letter(before[before.size() - 2]))
    return std::string_view::npos;
  const char letter = before.back();
  const std::string_view head = trim(before.substr(0, before.size() - 1));
  const bool joint = head.ends_with(',') || head.ends_with('(') || head.ends_with("quad") || head.ends_with(';') ||
                     head.ends_with("\\ ") || head.ends_with("\\,") || head.ends_with('\\') || head.ends_with(':');
  const bool formula = head.find(letter) != std::string_view::npos &&
                       head.find_first_of("<>") == std::string_view::npos &&
                       head.find("\\le ") == std::string_view::npos && head.find("\\ge ") == std::string_view::npos;
  return joint && formula ? head.size() + static_cast<std::size_t>(head.data() - text.data()) : std::string_view::npos;
}

// "for n \\ge 1", "for }n = 1": where a letter of its own and a relation follow the word; npos where none do.
std::size_t letter_condition(std::string_view lower) {
  for (std::size_t at = lower.find("for"); at != std::string_view::npos; at = lower.find("for", at + 1)) {
    std::size_t next = at + 3;
    if (at == 0 || is_letter(lower[at - 1]) || (next < lower.size() && is_letter(lower[next]))) continue;
    while (next < lower.size() && std::string_view(" }$").find(lower[next]) != std::string_view::npos) ++next;
    if (next + 2 >= lower.size() || !is_letter(lower[next]) || is_letter(lower[next + 1])) continue;
    const std::string_view rest = trim(lower.substr(next + 1));
    for (const std::string_view sign : {"\\ge", "\\le", "\\in", "\\ne", ">", "<", "="}) {
      if (rest.starts_with(sign)) return at;
    }
  }
  return std::string_view::npos;
}

// What was cut off behind a formula.
struct Condition {
  std::string text;       // letters and digits only; empty: none
  std::string parameter;  // the letter of "k \\in \\mathbb{Z}", which another may stand for
};

// ", n \\ge 1" behind "a_n = ...": from the joint before the index on; npos where the end is no bound of an index.
std::size_t index_bound(std::string_view text) {
  const std::size_t joint = text.find_last_of(",(");
  const std::size_t sign = text.find('=');
  if (joint == std::string_view::npos || sign == std::string_view::npos || joint < sign) return std::string_view::npos;
  std::string bound;
  for (const char c : text.substr(joint + 1)) {
    if (std::string_view(" (){}\\;$").find(c) == std::string_view::npos) bound.push_back(c);
  }
  if (bound.starts_with("quad")) bound.erase(0, 4);
  if (bound.size() < 3 || !is_letter(bound[0])) return std::string_view::npos;
  const std::string_view relation = std::string_view(bound).substr(1);
  std::size_t digits = 0;
  for (const std::string_view name : {"geq", "ge", ">=", ">"}) {
    if (digits == 0 && relation.starts_with(name)) digits = name.size();
  }
  if (digits == 0 || digits == relation.size() ||
      !std::all_of(relation.begin() + static_cast<std::ptrdiff_t>(digits), relation.end(), is_digit))
    return std::string_view::npos;
  const std::string_view name = trim(text.substr(0, sign));
  const std::string index(1, bound[0]);
  const bool named = name.ends_with("_" + index) || name.ends_with("_{" + index + "}");
  return named ? joint : std::string_view::npos;
}

Condition cut_condition(std::string_view* text) {
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
  cut = std::min(cut, letter_condition(lower));
  const std::size_t set = parameter_set(*text);
  cut = std::min({cut, set, index_bound(*text)});
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
  Condition condition;
  for (const char c : lower.substr(cut)) {
    if (is_letter(c) || is_digit(c) || c == '<' || c == '>') condition.text.push_back(c);
  }
  if (cut == set) {  // the letter does not matter
    const std::string_view before = trim(text->substr(0, text->rfind("\\in")));
    condition.parameter = std::string(1, before.back());
    condition.text.erase(0, condition.text.find("in"));
  }
  while (head.starts_with('$')) head.remove_prefix(1);
  *text = head;
  return condition;
}

// "1,000" is no list of 1 and 000: a comma before a run of digits that starts with a needless zero groups digits.
bool may_be_list(std::string_view text) {
  for (std::size_t at = text.find(','); at != std::string_view::npos; at = text.find(',', at + 1)) {
    if (at + 2 < text.size() && text[at + 1] == '0' && is_digit(text[at + 2])) return false;
  }
  return true;
}

// "ACD": the options of a multiple choice, as people write them without commas, in the order of the alphabet.
std::optional<Node> joined_choices(std::string_view text) {
  constexpr std::size_t kMost = 6;
  if (text.size() < 2 || text.size() > kMost) return std::nullopt;
  std::vector<Node> letters;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] < 'A' || text[i] > 'H' || (i > 0 && text[i] <= text[i - 1])) return std::nullopt;
    letters.emplace_back(Op::symbol, std::string(1, text[i]));
  }
  return Node(Op::list, std::move(letters));
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
    if (auto core = without_remarks(text_)) respell(std::move(*core));
    if (auto usual = usual_spelling(text_)) respell(std::move(*usual));
    if (auto number = wide_number(text_)) respell(std::move(*number));
    if (auto day = calendar_day(text_)) {
      readings_.nodes.emplace_back(Op::words, std::move(*day));
      return std::move(readings_);
    }
    if (auto based = based_numeral(text_)) {
      readings_.nodes.push_back(std::move(*based));
      return std::move(readings_);
    }
    if (const auto spoken = spoken_mathematics(text_)) {
      attempt(*spoken);
      if (!readings_.nodes.empty()) return std::move(readings_);
      readings_.trouble.clear();
    }
    readings_.clock = clock_time(text_);
    readings_.measure = plain_measure(text_);
    readings_.measure_apart = text_.find(' ') != std::string_view::npos && text_.find('\\') == std::string_view::npos;
    if (all_of_kind(text_, 30, [](char c) { return c >= 'A' && c <= 'Z'; })) {
      readings_.nodes.emplace_back(Op::words, usual_wording(plain_words(text_)));
      if (auto choices = joined_choices(text_)) readings_.nodes.push_back(std::move(*choices));
      return std::move(readings_);
    }
    read_choice();
    read_number_words();
    const std::string_view whole = text_;
    Condition condition = cut_condition(&text_);
    readings_.condition = std::move(condition.text);
    if (!readings_.condition.empty()) {
      attempt(text_);
      if (!condition.parameter.empty() && !readings_.nodes.empty()) {  // "k \\pi" and "n \\pi" of integers k and n
        const Node bound(Op::symbol, kBoundName);
        readings_.nodes.push_back(substituted(readings_.nodes.front(), condition.parameter, bound, budget_));
      }
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
    if (readings_.nodes.empty()) read_all_but();
    if (readings_.nodes.empty()) attempt(text_);
    if (readings_.nodes.empty()) read_brackets_otherwise();
    if (readings_.nodes.empty()) read_behind_name();
    read_imaginary();
    read_otherwise();
    read_hour();
    return std::move(readings_);
  }

 private:
  void respell(std::string text) {
    spelled_ = std::move(text);
    text_ = spelled_;
  }

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
    if ((worded && (rest.empty() || rest == "}" || rest == ")")) || (!open && rest == ")")) {  // "Option C", "C)"
      readings_.nodes.emplace_back(Op::symbol, letter);
      return;
    }
    skip(')');
    const bool inner_blank = dressed && rest.starts_with(' ') && trim(rest).starts_with('}');  // "\\text{(C) }12"
    if (inner_blank) rest = trim(rest);
    if (dressed) skip('}');
    skip(')');
    if (!open) skip('.');
    skip(':');
    const bool blank = inner_blank || rest.empty() || rest[0] == ' ' || rest.starts_with("\\ ") ||
                       rest.starts_with("\\,") || rest.starts_with("~") || rest.starts_with("\\;") ||
                       rest.starts_with("\\quad") || rest.starts_with("$");
    if (!closed || !blank || rest.empty() || rest.size() > 200) return;
    for (const std::string_view gap : {"\\quad", "\\ ", "\\,", "~", "\\;", ":"}) {
      rest = trim(rest);
      if (rest.starts_with(gap)) rest.remove_prefix(gap.size());
    }
    rest = trim(rest);
    if (rest.empty() || rest.starts_with("and ") || rest.starts_with("or ") || rest.starts_with("\\text{ and"))
      return;  // "(A) and (B)"
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
    if (auto measure = worded_measure()) {
      readings_.nodes.push_back(std::move(*measure));
      return;
    }
    const std::string label = plain_words(text_.substr(number->length));
    if (number->length < text_.size() && text_[number->length] == '-') return;  // "one-to-one"
    try {
      Node value = parse(number->digits, {}, budget_);
      readings_.nodes.push_back(labelled(std::move(value), label));
    } catch (const Undecided&) {
      // Words that change the number: compared as words.
    }
  }

  // "one hour and fifteen minutes": with digits, where that is one quantity.
  std::optional<Node> worded_measure() {
    std::string digits;
    int numbers = 0;
    for (std::size_t at = 0; at < text_.size();) {
      const bool starts = at == 0 || text_[at - 1] == ' ';
      const auto number = starts ? number_words(text_.substr(at)) : std::nullopt;
      if (number && number->length > 0) {
        digits += number->digits;
        at += number->length;
        ++numbers;
      } else {
        digits.push_back(text_[at++]);
      }
    }
    if (numbers < 2) return std::nullopt;
    try {
      Node node = parse(digits, {}, budget_);
      if (node.is(Op::quantity) && unit_of(node.text).dimension != "label") return node;
    } catch (const Undecided&) {
      // No quantity.
    }
    return std::nullopt;
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

  // "<1, 2, 3>", "]1, 2]", "[1, 2[": vectors and intervals as some countries write them.
  void read_brackets_otherwise() {
    if (text_.size() < 5 || text_.size() > 200 || text_.find_first_of(",;") == std::string_view::npos) return;
    std::string text(text_);
    if (text.front() == '<' && text.back() == '>' && text.find_first_of("<>", 1) == text.size() - 1) {
      text.front() = '(';
      text.back() = ')';
      attempt_instead(text);
      return;
    }
    // Brackets in pairs, each around one comma.
    std::size_t open = std::string::npos;
    for (std::size_t i = 0; i < text.size(); ++i) {
      if (text[i] == '(' && open == std::string::npos) return;
      if (text[i] != '[' && text[i] != ']') continue;
      if (open == std::string::npos) {
        open = i;
        continue;
      }
      const std::string_view inside = std::string_view(text).substr(open, i - open);
      if (std::count(inside.begin(), inside.end(), ',') + std::count(inside.begin(), inside.end(), ';') != 1) return;
      text[open] = text[open] == ']' ? '(' : '[';
      text[i] = text[i] == '[' ? ')' : ']';
      open = std::string::npos;
    }
    if (open == std::string::npos) attempt_instead(text);
  }

  void attempt_instead(std::string_view text) {
    attempt(text);
    if (!readings_.nodes.empty()) readings_.trouble.clear();
  }

  // "all real numbers except 2 and 3": the reals without these.
  void read_all_but() {
    const std::string lower = lower_case(text_);
    const std::size_t but = lower.find("except");
    if (but == std::string::npos || text_.size() > 120) return;
    std::string head = plain_words(lower.substr(0, but));
    for (const std::string_view command : {"text{", "x"}) {
      if (head.starts_with(command)) head.erase(0, command.size());
    }
    while (head.ends_with(' ') || head.ends_with(',')) head.pop_back();
    if (usual_wording(head) != "all real numbers") return;
    std::string points(text_.substr(but + 6));
    for (const std::string_view word : {"for ", "}", "$"}) {
      if (const std::size_t at = points.find(word); at != std::string::npos) points.erase(at, word.size());
    }
    try {
      Node node = worked_out(parse(strip_delimiters(points), {}, budget_), budget_);
      if (node.is(Op::relation) && node.kids[0].is(Op::symbol)) node = Node(node.kids[1]);
      std::vector<Node> elements = node.is(Op::list) ? std::move(node.kids) : std::vector<Node>{std::move(node)};
      Node removed(Op::without, std::vector<Node>{Node(Op::symbol, "\\mathbbR"), Node(Op::set, std::move(elements))});
      readings_.nodes.push_back(worked_out(std::move(removed), budget_));
      readings_.trouble.clear();
    } catch (const Undecided&) {
      // Words.
    }
  }

  // "3 + 4I", "3 + 4j": the imaginary unit of programs and engineers, where no i stands beside it.
  void read_imaginary() {
    if (readings_.nodes.size() != 1 || text_.find('i') != std::string_view::npos) return;
    const Node& node = readings_.nodes.front();
    if (!node.is(Op::add) && !node.is(Op::multiply)) return;
    std::string letter;
    const auto only = [&](const auto& self, const Node& tree) -> bool {
      if (tree.is(Op::symbol)) {
        if ((tree.text != "I" && tree.text != "j") || (!letter.empty() && letter != tree.text)) return false;
        letter = tree.text;
      }
      return std::all_of(tree.kids.begin(), tree.kids.end(), [&](const Node& kid) { return self(self, kid); });
    };
    if (!only(only, node) || letter.empty()) return;
    readings_.nodes.push_back(substituted(node, letter, Node(Op::constant, "i"), budget_));
  }

  // "9:00 a.m." is nine o'clock as "9 a.m." is.
  void read_hour() {
    constexpr int kHour = 60;
    constexpr int kHours = 12;
    if (!readings_.clock || readings_.clock->bare || readings_.clock->minutes % kHour != 0) return;
    const int hour = readings_.clock->minutes / kHour;
    const std::string half = hour < kHours ? "am" : "pm";
    readings_.nodes.emplace_back(Op::quantity, half,
                                 std::vector<Node>{Node(Rational((hour + kHours - 1) % kHours + 1))});
    readings_.trouble.clear();
  }

  // "3 and 1/2": two numbers, or one.
  void read_mixed_number() {
    const std::size_t joint = text_.find(" and ");
    if (joint == std::string_view::npos || joint == 0 || text_.size() > 20) return;
    const auto digits = [](std::string_view part) {
      return !part.empty() && std::all_of(part.begin(), part.end(), is_digit);
    };
    const std::string_view part = text_.substr(joint + 5);
    const std::size_t slash = part.find('/');
    if (slash == std::string_view::npos || !digits(text_.substr(0, joint)) || !digits(part.substr(0, slash)) ||
        !digits(part.substr(slash + 1)))
      return;
    const bool proper = slash < part.size() - slash - 1 ||
                        (slash == part.size() - slash - 1 && part.substr(0, slash) < part.substr(slash + 1));
    if (proper) attempt(std::string(text_.substr(0, joint)) + " " + std::string(part));
  }

  void read_otherwise() {
    read_mixed_number();
    if (text_.find(',') != std::string_view::npos) {
      const bool is_number = readings_.nodes.size() == 1 && !readings_.nodes[0].is(Op::list);
      if (is_number && may_be_list(text_)) attempt(text_, {.thousands = false});
      if (const auto number = decimal_comma(text_)) attempt(*number);
      if (const auto amount = with_point_in_euros(text_)) attempt(*amount);
    }
    if (readings_.nodes.empty() && std::count(text_.begin(), text_.end(), '.') > 1) {
      if (const auto number = decimal_comma(text_)) attempt_instead(*number);
    }
    const std::size_t e = text_.find('e');
    if (e != std::string_view::npos && e > 0 && e + 1 < text_.size() && is_digit(text_[e - 1]) &&
        (text_[e + 1] == '-' || text_[e + 1] == '+'))
      attempt(text_, {.euler = true});
    if (all_of_kind(text_, 3, is_letter)) readings_.nodes.emplace_back(Op::words, usual_wording(plain_words(text_)));
  }

  std::string_view text_;
  std::string spelled_;  // what text_ looks at where the text was spelled anew
  Budget& budget_;
  Readings readings_;
};

}  // namespace

Readings read_all(std::string_view text, Budget& budget) { return Reader(text, budget).run(); }

std::optional<Node> read_as_list(std::string_view text, Budget& budget) {
  if (!may_be_list(text)) return std::nullopt;
  try {
    Node node = worked_out(parse(text, {.thousands = false}, budget), budget);
    if (node.is(Op::list)) return node;
  } catch (const Undecided&) {
    // Then it is none.
  }
  return std::nullopt;
}

}  // namespace ft::grade
