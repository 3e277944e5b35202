#include "framework/grade/boxed.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <vector>

#include "framework/grade/ascii.h"
#include "framework/grade/braces.h"
#include "framework/grade/chunk.h"
#include "framework/grade/grade.h"
#include "framework/grade/lexer.h"
#include "framework/grade/phrase.h"
#include "framework/grade/scale_words.h"
#include "framework/grade/vocabulary.h"

namespace ft::grade {
namespace {

struct Box {
  std::size_t begin;  // of the backslash
  std::size_t end;    // behind the closing brace
  std::string contents;
};

// Every \boxed{...}, \fbox{...} and \framebox{...} whose braces balance; the outermost only.
std::vector<Box> boxes_in(std::string_view text) {
  std::vector<Box> boxes;
  std::size_t at = 0;
  while ((at = text.find("box", at)) != std::string_view::npos) {
    std::size_t begin = at;
    std::size_t open = at + 3;
    at = open;
    if (text.substr(open).starts_with("ed")) open += 2;
    if (text.substr(0, begin).ends_with("frame")) {
      begin -= 5;
    } else if (begin > 0 && text[begin - 1] == 'f') {
      --begin;
    }
    if (begin == 0 || text[begin - 1] != '\\') continue;
    while (open < text.size() && text[open] == ' ') ++open;
    if (open >= text.size() || text[open] != '{') continue;
    const std::size_t close = closing_brace(text, open);
    if (close == std::string_view::npos) break;  // nothing behind it can be closed either
    boxes.push_back({begin - 1, close + 1, std::string(text.substr(open + 1, close - open - 1))});
    at = close + 1;
  }
  return boxes;
}

// "y_2 =" at the end of the text between two boxes names what the second one holds: it is cut off and returned.
std::string name_before(std::string_view* between) {
  std::string_view text = *between;
  const auto drop_blanks = [&text] {
    while (!text.empty() && text.back() == ' ') text.remove_suffix(1);
  };
  drop_blanks();
  if (!text.ends_with('=')) return {};
  text.remove_suffix(1);
  drop_blanks();
  const std::size_t end = text.size();
  const auto part_of_name = [](char c) {
    return std::isalnum(static_cast<unsigned char>(c)) != 0 ||
           std::string_view("_{}()'").find(c) != std::string_view::npos;
  };
  std::size_t begin = end;
  while (begin > 0 && part_of_name(text[begin - 1])) --begin;
  const std::string_view name = text.substr(begin, end - begin);
  const bool letter_first = !name.empty() && std::isalpha(static_cast<unsigned char>(name[0])) != 0;
  if (!letter_first || name.size() > 12 ||
      (name.size() > 1 && std::string_view("_(").find(name[1]) == std::string_view::npos))
    return {};
  *between = text.substr(0, begin);
  return std::string(name) + " = ";
}

// Only separators stand between two boxes of one answer: "\\boxed{1} and \\boxed{2}".
bool joins(std::string_view between) {
  std::string letters;
  for (std::size_t i = 0; i < between.size(); ++i) {
    const char c = between[i];
    if (std::isalpha(static_cast<unsigned char>(c)) != 0) {
      letters.push_back(c);
    } else if (c == '\n' && i + 1 < between.size() && between[i + 1] == '\n') {
      return false;
    } else if (std::string_view(" \t\n$,;\\(){}").find(c) == std::string_view::npos) {
      return false;
    }
  }
  for (const std::string_view word : {"textand", "textor", "qquad", "quad", "and", "or"}) {
    for (std::size_t at = letters.find(word); at != std::string::npos; at = letters.find(word))
      letters.erase(at, word.size());
  }
  return letters.empty();
}

// A form to fill in: "\boxed{}", "\boxed{\text{answer}}", "\boxed{\ldots}".
bool is_placeholder(std::string_view contents) {
  std::string words;
  for (std::size_t i = 0; i < contents.size(); ++i) {
    if (contents[i] == '\\') {
      while (i + 1 < contents.size() && is_letter(contents[i + 1])) ++i;
      continue;
    }
    if (is_letter(contents[i]) || static_cast<unsigned char>(contents[i]) >= 0x80)
      words.push_back(static_cast<char>(std::tolower(static_cast<unsigned char>(contents[i]))));
    if (is_digit(contents[i])) return false;
  }
  static constexpr auto kForms =
      std::to_array<std::string_view>({"", "answer", "youranswer", "finalanswer", "theanswer", "yourfinalanswer",
                                       "thefinalanswer", "result", "youranswerhere"});
  if (words.empty()) {
    // Signs alone say nothing, commands such as \pi do.
    return contents.find("\\pi") == std::string_view::npos && contents.find("\\infty") == std::string_view::npos &&
           contents.find("\\emptyset") == std::string_view::npos &&
           contents.find("\\varnothing") == std::string_view::npos &&
           (contents.find('\\') == std::string_view::npos || contents.find("\\text") != std::string_view::npos ||
            contents.find("dots") != std::string_view::npos ||
            contents.find_first_not_of("\\ ,;!") == std::string_view::npos);
  }
  // "the box", "boxed form", "your answer here"
  return std::find(kForms.begin(), kForms.end(), words) != kForms.end() || words.find("box") != std::string::npos ||
         words.ends_with("answer") || words.ends_with("here");
}

// Boxes side by side are a list and no product.
bool holds_only_boxes(std::string_view before) {
  std::string without(before);
  for (std::size_t at = without.find("box"); at != std::string::npos; at = without.find("box")) {
    const std::size_t open = without.find('{', at);
    const std::size_t close = open == std::string::npos ? open : without.find('}', open);
    if (close == std::string::npos) break;
    const std::size_t command = without.rfind('\\', at);
    without.erase(command, close + 1 - command);
  }
  return without.size() < before.size() && without.find_first_not_of(" {}$") == std::string::npos;
}

// What stands left of a box and calculates with it, back to a relation, a word or the start of the formula.
std::string_view operators_before(std::string_view text, std::size_t box) {
  std::size_t begin = box;
  bool formula = false;  // the box follows a dollar sign
  while (begin > 0) {
    const char c = text[begin - 1];
    if (c == '$') {
      // "-$\boxed{5}$"
      if (formula || begin < 2 || !(text[begin - 2] == '-' || is_digit(text[begin - 2]))) break;
      formula = true;
      --begin;
      continue;
    }
    if (is_letter(c)) {  // a command, or a word, which ends it
      std::size_t name = begin;
      while (name > 0 && is_letter(text[name - 1])) --name;
      if (name == 0 || text[name - 1] != '\\') break;
      const std::string_view command = text.substr(name, begin - name);
      static constexpr auto kCalculating =
          std::to_array<std::string_view>({"sqrt", "frac", "dfrac", "tfrac", "cdot", "times", "pi", "div", "pm", "log",
                                           "ln", "sin", "cos", "tan", "left", "boxed", "fbox"});
      if (std::find(kCalculating.begin(), kCalculating.end(), command) == kCalculating.end()) break;
      begin = name - 1;
      continue;
    }
    if (!is_digit(c) && std::string_view("+-*/^{}(). !|").find(c) == std::string_view::npos) break;
    if (c == '.' && (begin < 2 || !is_digit(text[begin - 2]) || !is_digit(text[begin]))) break;
    if (c == '!' && begin < box) break;
    --begin;
  }
  std::string_view before = text.substr(begin, box - begin);
  while (!before.empty() && (before.front() == ' ' || before.front() == ')' || before.front() == '}' ||
                             before.front() == '.' || before.front() == '|'))
    before.remove_prefix(1);
  if (holds_only_boxes(before)) return {};
  const bool calculates = before.find_first_of("+-*/^") != std::string_view::npos ||
                          before.find('\\') != std::string_view::npos || (!before.empty() && is_digit(before.back()));
  if (!calculates) return {};
  // A dash between words and the box, or before an item of a list.
  if (before == "-" || before.starts_with("- ") || before.starts_with("* ")) {
    const bool against =
        before == "-" && (begin == 0 || text[begin - 1] == '$' || text[begin - 1] == ' ' || text[begin - 1] == '=' ||
                          text[begin - 1] == '\n' || text[begin - 1] == '[' || text[begin - 1] == '(' || formula);
    return against ? before : std::string_view();
  }
  if (before.ends_with("- ") || before.ends_with("* ")) {
    if (before.find_first_of("0123456789\\") == std::string_view::npos) return {};
  }
  if (before.find_first_of("-+*/^\\") == std::string_view::npos && before.find(' ') != std::string_view::npos)
    return {};  // "12 \boxed{5}"
  return before;
}

// The end of the group that opens at `begin`; npos where it never closes.
std::size_t behind_group(std::string_view text, std::size_t begin) {
  int depth = 0;
  for (std::size_t i = begin; i < text.size(); ++i) {
    if (text[i] == '{') ++depth;
    if (text[i] == '}' && --depth == 0) return i + 1;
  }
  return std::string_view::npos;
}

// Commands that calculate with what stands before them.
constexpr auto kCalculating = std::to_array<std::string_view>(
    {"\\pi", "\\sqrt", "\\cdot", "\\times", "\\frac", "\\dfrac", "\\%", "\\div", "\\circ", "\\boxed"});

// What stands right of a box and calculates with it: "^6", "\pi", ".5", "/4", "\%".
std::string_view operators_behind(std::string_view text, std::size_t end) {
  std::size_t at = end;
  const auto character = [&](std::size_t i) { return i < text.size() ? text[i] : '\0'; };
  bool any = false;
  while (at < text.size()) {
    std::size_t next = at;
    while (character(next) == ' ') ++next;
    const std::string_view rest = text.substr(next);
    const char c = character(next);
    if (c == '}' || c == ')') {
      if (!any && next > at) break;
      // Braces that the left side opened.
      at = next + 1;
      continue;
    }
    if (c == '{') {
      const std::size_t close = behind_group(text, next);
      if (close > text.size()) break;
      at = close;
      continue;
    }
    if (c == '^' || (c == '.' && next == at && is_digit(character(next + 1))) || (any && is_digit(c) && next == at)) {
      any = true;
      at = next + 1;
      if (c == '.') {
        while (is_digit(character(at))) ++at;
      }
      continue;
    }
    // "\\boxed{7}x"; a letter that measures is none, and "\\boxed{19}x^3" is how solutions box the coefficient of a term
    if (is_letter(c) && next == at && !is_letter(character(next + 1)) && character(next + 1) != '^' &&
        std::string_view("mgshlLkKNJWVACFaIA").find(c) == std::string_view::npos) {
      any = true;
      at = next + 1;
      continue;
    }
    if ((c == '/' || c == '*' || c == '+' || c == '-') &&
        (is_digit(character(next + 1)) || character(next + 1) == '\\' ||
         (character(next + 1) == ' ' && (is_digit(character(next + 2)) || character(next + 2) == '\\')))) {
      if (c == '-' && next > at && character(next + 1) != ' ') break;
      any = true;
      at = next + 1;
      continue;
    }
    const auto command = std::find_if(kCalculating.begin(), kCalculating.end(),
                                      [&](std::string_view name) { return rest.starts_with(name); });
    if (command != kCalculating.end() && (*command != "\\boxed" || any)) {
      any = true;
      at = next + command->size();
      continue;
    }
    if (any && is_digit(c)) {
      at = next + 1;
      continue;
    }
    break;
  }
  return any ? text.substr(end, at - end) : std::string_view();
}

// "\boxed{3} < x < \boxed{7}": two boxes of one inequality are not two answers, and the last one is not all of it.
std::optional<std::string> inequality_around(std::string_view text, const Box& box) {
  std::string_view before = text.substr(0, box.begin);
  while (before.ends_with(' ')) before.remove_suffix(1);
  static constexpr auto kRelations =
      std::to_array<std::string_view>({"<", ">", "\\le", "\\leq", "\\ge", "\\geq", "\\lt", "\\gt"});
  const bool relation =
      std::any_of(kRelations.begin(), kRelations.end(), [&](std::string_view sign) { return before.ends_with(sign); });
  if (!relation) return std::nullopt;
  const std::size_t bound = before.find_last_of("$\n");
  const std::size_t begin = bound == std::string_view::npos ? 0 : bound + 1;
  const std::size_t first = before.find("\\boxed", begin);
  if (first == std::string_view::npos) return std::nullopt;
  std::string whole(text.substr(first, box.end - first));
  for (std::size_t at = whole.find("\\boxed"); at != std::string::npos; at = whole.find("\\boxed")) whole.erase(at, 6);
  return whole;
}

// "(\\boxed{3}, 5)": a coordinate.
std::optional<std::string> tuple_around(std::string_view text, const Box& box) {
  if (box.begin == 0 || (text[box.begin - 1] != '(' && text[box.begin - 1] != '[')) return std::nullopt;
  const std::string_view behind = text.substr(box.end);
  if (!behind.starts_with(',')) return std::nullopt;
  const std::size_t close = behind.find_first_of(")]");
  constexpr std::size_t kLongest = 60;
  if (close == std::string_view::npos || close > kLongest ||
      behind.substr(0, close).find('\n') != std::string_view::npos)
    return std::nullopt;
  const std::string_view rest = behind.substr(1, close - 1);
  if (rest.find_first_of("0123456789\\") == std::string_view::npos || rest.find('(') != std::string_view::npos)
    return std::nullopt;
  return text[box.begin - 1] + box.contents + std::string(behind.substr(0, close + 1));
}

// The whole expression that a box is a part of; nothing where it stands by itself.
std::optional<std::string> expression_around(std::string_view text, const Box& box) {
  if (auto chain = inequality_around(text, box)) return chain;
  if (auto tuple = tuple_around(text, box)) return tuple;
  const std::string_view before = operators_before(text, box.begin);
  const std::string_view behind = operators_behind(text, box.end);
  if (before.empty() && behind.empty()) return std::nullopt;
  // "355\boxed{680}": digits of one number.
  const bool left = !before.empty() && is_digit(before.back()) && behind.empty();
  const bool right = before.empty() && behind.size() > 1 && behind[0] == '.' && is_digit(behind[1]);  // "\\boxed{3}.5"
  const bool digits = (left || right) && std::all_of(box.contents.begin(), box.contents.end(), is_digit);
  std::string whole(before);
  whole += digits ? box.contents : "{" + box.contents + "}";
  whole += behind;
  std::erase(whole, '$');
  for (const std::string_view command : {"\\boxed", "\\fbox"}) {
    for (std::size_t at = whole.find(command); at != std::string::npos; at = whole.find(command))
      whole.erase(at, command.size());
  }
  // Braces and brackets without partners belong to something larger, which only groups.
  for (const auto& [open, close] : {std::pair{'{', '}'}, std::pair{'(', ')'}}) {
    const auto opened = std::count(whole.begin(), whole.end(), open);
    const auto closed = std::count(whole.begin(), whole.end(), close);
    for (auto extra = opened; extra > closed; --extra) {
      if (whole.find(open) == 0)
        whole.erase(0, 1);
      else
        whole.push_back(close);
    }
    for (auto extra = closed; extra > opened; --extra) {
      const std::size_t last = whole.rfind(close);
      whole.erase(last, 1);
    }
  }
  return whole;
}

// "\boxed{5} million", "$\boxed{5}$ dozen"
std::string with_scale(std::string_view text, const Box& box, std::string answer) {
  std::size_t at = box.end;
  while (at < text.size() && (text[at] == '$' || text[at] == '}')) ++at;
  if (at < text.size() && text[at] == '%') return answer + "\\%";
  // "\\boxed{8}\\text{ thousand}"
  std::string set;
  std::size_t group = at;
  while (group < text.size() &&
         (text[group] == ' ' || text.substr(group).starts_with("\\,") || text.substr(group).starts_with("\\ ")))
    group += text[group] == ' ' ? 1 : 2;
  for (const std::string_view command : {"\\text{", "\\textrm{", "\\mbox{", "\\mathrm{"}) {
    if (!text.substr(std::min(group, text.size())).starts_with(command)) continue;
    const std::size_t open = group + command.size();
    const std::size_t close = text.find('}', open);
    if (close == std::string_view::npos) break;
    const std::size_t word = std::min(text.find_first_not_of(' ', open), close);
    set = " " + std::string(text.substr(word, close - word));
  }
  Chunk chunk;
  chunk.end = set.empty() ? at : 0;
  chunk.text = answer;
  const std::string whole = with_words_behind(set.empty() ? text : std::string_view(set), chunk, KnownUnits::drop);
  std::string_view added = std::string_view(whole).substr(std::min(answer.size(), whole.size()));
  while (added.starts_with(' ')) added.remove_prefix(1);
  const bool scale = scale_of(added.substr(0, added.find(' '))) || added.starts_with("and a half");
  return scale ? whole : answer;
}

}  // namespace

std::optional<BoxedAnswer> boxed_answer(std::string_view text) {
  std::vector<Box> boxes = boxes_in(text);
  if (boxes.empty()) return std::nullopt;
  while (boxes.size() > 1 && is_placeholder(boxes.back().contents)) boxes.pop_back();
  const Box& last = boxes.back();
  if (is_placeholder(last.contents)) return BoxedAnswer{last.begin, ""};
  if (auto whole = expression_around(text, last)) return BoxedAnswer{last.begin, std::move(*whole)};
  // Boxes that hold the same value in two forms ("\boxed{15\frac{39}{40}}, or \boxed{\frac{639}{40}}") are one answer;
  // different values are a list.
  std::vector<std::string> answers{with_scale(text, last, last.contents)};
  constexpr std::size_t kMostJoined = 20;
  for (std::size_t i = boxes.size() - 1; i > 0 && answers.size() < kMostJoined; --i) {
    std::string_view between = text.substr(boxes[i - 1].end, boxes[i].begin - boxes[i - 1].end);
    const std::string name = name_before(&between);
    if (!joins(between)) break;
    answers.front() = name + answers.front();
    const std::string& before = boxes[i - 1].contents;
    const bool again = name.empty() && std::any_of(answers.begin(), answers.end(), [&](const std::string& other) {
                         return equal(before, other).verdict == Verdict::equal;
                       });
    if (!again) answers.insert(answers.begin(), before);
  }
  std::string answer = answers.front();
  for (std::size_t i = 1; i < answers.size(); ++i) answer += ", " + answers[i];
  return BoxedAnswer{last.begin, std::move(answer)};
}

}  // namespace ft::grade
