#include "framework/grade/readings.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <utility>

#include "framework/grade/ascii.h"
#include "framework/grade/choice.h"
#include "framework/grade/condition.h"
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

// "1,000" is no list of 1 and 000: a comma before a run of digits that starts with a needless zero groups digits.
bool may_be_list(std::string_view text) {
  for (std::size_t at = text.find(','); at != std::string_view::npos; at = text.find(',', at + 1)) {
    if (at + 2 < text.size() && text[at + 1] == '0' && is_digit(text[at + 2])) return false;
  }
  return true;
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

  // The letter of an option with its wording is the one as well as the other.
  void read_choice() {
    const auto choice = lettered_choice(text_);
    if (!choice) return;
    readings_.nodes.emplace_back(Op::symbol, choice->letter);
    if (const char small = choice->letter[0]; small >= 'a')  // "(b)" is b and option B
      readings_.nodes.emplace_back(Op::symbol, std::string(1, static_cast<char>(small - 'a' + 'A')));
    if (choice->wording.empty()) return;
    attempt(strip_delimiters(choice->wording));
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
