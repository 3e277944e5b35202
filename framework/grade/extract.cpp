#include <algorithm>
#include <array>
#include <cctype>
#include <optional>
#include <span>
#include <vector>

#include "framework/grade/conclusion.h"
#include "framework/grade/grade.h"
#include "framework/grade/lexer.h"
#include "framework/grade/parser.h"
#include "framework/grade/vocabulary.h"

namespace ft::grade {
namespace {

struct Found {
  std::size_t position;
  std::string answer;
  std::string how;
};

struct Box {
  std::size_t begin;  // of the backslash
  std::size_t end;    // behind the closing brace
  std::string contents;
};

// Every \boxed{...} and \fbox{...} whose braces balance; the outermost only.
std::vector<Box> boxes_in(std::string_view text) {
  std::vector<Box> boxes;
  std::size_t at = 0;
  while ((at = text.find("box", at)) != std::string_view::npos) {
    std::size_t begin = at;
    std::size_t open = at + 3;
    at = open;
    if (text.substr(open).starts_with("ed")) open += 2;
    if (begin > 0 && text[begin - 1] == 'f') --begin;
    if (begin == 0 || text[begin - 1] != '\\') continue;
    while (open < text.size() && text[open] == ' ') ++open;
    if (open >= text.size() || text[open] != '{') continue;
    int depth = 0;
    for (std::size_t i = open; i < text.size(); ++i) {
      if (text[i] == '\\') {
        ++i;
      } else if (text[i] == '{') {
        ++depth;
      } else if (text[i] == '}' && --depth == 0) {
        boxes.push_back({begin - 1, i + 1, std::string(text.substr(open + 1, i - open - 1))});
        at = i + 1;
        break;
      }
    }
    if (depth != 0) break;  // never closed: nothing behind it can be either
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

// The last box and those that are joined to it. Boxes that hold the same value in two forms
// ("\\boxed{15\\frac{39}{40}}, or
// \\boxed{\\frac{639}{40}}") are one answer; different values are a list.
std::optional<Found> boxed(std::string_view text) {
  const std::vector<Box> boxes = boxes_in(text);
  if (boxes.empty()) return std::nullopt;
  std::vector<std::string> answers{boxes.back().contents};
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
  return Found{boxes.back().begin, std::move(answer), "boxed"};
}

// The last place where `word` stands and no letter before it. By hand: rfind compares the whole word at every place.
std::size_t find_last_word(std::string_view lower, std::string_view word) {
  if (lower.size() < word.size()) return std::string_view::npos;
  for (std::size_t at = lower.size() - word.size() + 1; at-- > 0;) {
    if (lower[at] != word[0] || lower.compare(at, word.size(), word) != 0) continue;
    if (at == 0 || std::isalpha(static_cast<unsigned char>(lower[at - 1])) == 0) return at;
  }
  return std::string_view::npos;
}

// The end of the answer that starts at `begin`: a closing delimiter, the end of the line, or the end of the sentence.
std::string answer_at(std::string_view text, std::size_t begin) {
  while (begin < text.size() && (std::isspace(static_cast<unsigned char>(text[begin])) != 0 || text[begin] == ':' ||
                                 text[begin] == '*' || text[begin] == '=')) {
    ++begin;
  }
  const std::string_view rest = text.substr(begin);
  for (const auto& [open, close] :
       {std::pair<std::string_view, std::string_view>{"$$", "$$"}, {"$", "$"}, {"\\(", "\\)"}, {"\\[", "\\]"}}) {
    if (!rest.starts_with(open)) continue;
    const std::size_t end = rest.find(close, open.size());
    if (end == std::string_view::npos) break;
    // "$x = 1$ and $x = 2$" goes on; "$5$ dollars." does not need to.
    const std::string_view tail = rest.substr(end + close.size());
    if (tail.starts_with(" and $") || tail.starts_with(", $") || tail.starts_with(" or $")) break;
    if (tail.starts_with("%") || tail.starts_with(" %")) break;
    return std::string(rest.substr(open.size(), end - open.size()));
  }
  std::size_t end = std::min(rest.find('\n'), rest.size());
  for (std::size_t i = 0; i + 1 < end; ++i) {
    if (rest[i] == '.' && rest[i + 1] == ' ' && i > 0) end = i;
  }
  for (const std::string_view stop : {"<|", "</", " because ", ", because ", " since ", " I hope "}) {
    end = std::min(end, std::min(rest.find(stop), rest.size()));
  }
  return std::string(rest.substr(0, end));
}

std::string lower_case(std::string_view text) {
  std::string lower(text);
  for (char& c : lower) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  return lower;
}

using Markers = std::span<const std::pair<std::string_view, std::string_view>>;  // (what stands in the text, its name)

// Written on purpose to say: this is the answer. They compete with boxes, the last one wins.
constexpr auto kStrongMarkers = std::to_array<std::pair<std::string_view, std::string_view>>({
    {"####", "####"},
    {"# answer", "# Answer"},
    {"final answer is", "final answer is"},
    {"<answer>", "<answer>"},
});

// Prose that may also stand in "the answer is unique": read only where there is nothing better.
constexpr auto kWeakMarkers = std::to_array<std::pair<std::string_view, std::string_view>>({
    {"answer is", "answer is"},
    {"answer:", "answer:"},
    {"answer should be", "answer should be"},
    {"answer \\[", "answer"},
    {"answer \\(", "answer"},
    {"answer $", "answer"},
    {"\xE7\xAD\x94\xE6\xA1\x88\xE6\x98\xAF", "answer is"},
    {"\xE7\xAD\x94\xE6\xA1\x88:", "answer:"},
    {"\xE7\xAD\x94\xE6\xA1\x88\xEF\xBC\x9A", "answer:"},
    {"\xE7\xAD\x94\xE6\xA1\x88\xE4\xB8\xBA", "answer is"},
});

// "#### Step 4: Calculate" with text below it is a heading; "#### 42" is GSM8K's mark, and so is anything in the last
// line.
bool is_heading(std::string_view text, std::size_t begin) {
  const std::size_t end = std::min(text.find('\n', begin), text.size());
  std::string_view line = text.substr(begin, end - begin);
  while (!line.empty() && (line.front() == ' ' || line.front() == '#' || line.front() == '*')) line.remove_prefix(1);
  const bool last = text.find_first_not_of(" \t\r\n", end) == std::string_view::npos;
  if (last) return false;
  if (line.empty() || std::isalpha(static_cast<unsigned char>(line.front())) != 0) return true;
  std::size_t digits = 0;
  while (digits < line.size() && std::isdigit(static_cast<unsigned char>(line[digits])) != 0) ++digits;
  const std::string_view behind = line.substr(digits);
  return digits > 0 && (behind.starts_with(". ") || behind.starts_with(") ") || behind.starts_with(": "));
}

// What follows the last of the markers, unless `best` stands behind it: a box is the better end of the same sentence.
std::optional<Found> last_marked(std::string_view text, Markers markers, std::optional<Found> best) {
  const std::string lower = lower_case(text);
  for (const auto& [marker, name] : markers) {
    std::size_t at = find_last_word(lower, marker);
    while (name == "####" && at != std::string::npos && is_heading(text, at + marker.size()))
      at = at == 0 ? std::string::npos : find_last_word(std::string_view(lower).substr(0, at), marker);
    if (at == std::string::npos || (best && best->position >= at)) continue;
    std::size_t begin = at + marker.size();
    if (name == "answer") begin = at + 7;  // the delimiter belongs to the answer
    best = Found{at, answer_at(text, begin), std::string(name)};
  }
  return best;
}

bool has_words(const Node& node) {
  return node.is(Op::words) || std::any_of(node.kids.begin(), node.kids.end(), has_words);
}

// Runs of two letters and more, commands such as \\frac not counted.
std::size_t count_words(std::string_view text) {
  std::size_t words = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    std::size_t end = i;
    while (end < text.size() && std::isalpha(static_cast<unsigned char>(text[end])) != 0) ++end;
    if (end - i >= 2 && (i == 0 || text[i - 1] != '\\')) ++words;
    i = std::max(i, end);
  }
  return words;
}

// A text that is nothing but an answer: one short line without prose and without "=".
Extracted whole_text(std::string_view solution) {
  std::string text(solution.substr(0, 201));
  for (std::size_t open = text.find("<|"); open != std::string::npos; open = text.find("<|")) {
    const std::size_t close = text.find("|>", open);
    if (close == std::string::npos) break;
    text.erase(open, close + 2 - open);
  }
  text = strip_delimiters(text);
  if (text.empty() || text.size() > 120 || text.find_first_of("\n=") != std::string::npos || count_words(text) > 2)
    return {false, "", "no answer found"};
  try {
    Budget budget(20000);
    const Node node = parse(text, {}, budget);
    const bool known_unit = !node.is(Op::quantity) || unit_of(node.text).dimension != "label";
    const bool mathematics = text.size() == 1 || text.find_first_of("0123456789\\") != std::string::npos;
    if (mathematics && known_unit && !has_words(node)) return {true, text, "whole text"};
  } catch (const Undecided&) {
    // Not an answer.
  } catch (const std::exception&) {
    // Likewise.
  }
  return {false, "", "no answer found"};
}

// What a marker announces may be a sentence ("Final Answer: The volume of $ABCD$ is 120"), an option with its wording,
// or a number of things.
std::string without_prose(const std::string& answer) {
  if (auto choice = choice_with_wording(answer)) return *choice;
  if (answer.find("\\text") != std::string::npos) return answer;
  const bool letter_first = !answer.empty() && std::isalpha(static_cast<unsigned char>(answer[0])) != 0;
  if (letter_first && count_words(answer) >= 3) return answer_in_sentence(answer).value_or(answer);
  return number_with_label(answer);
}

}  // namespace

Extracted extract(std::string_view solution) {
  // What a model thinks aloud is no answer.
  if (const std::size_t thought = solution.rfind("</think>"); thought != std::string_view::npos) {
    solution.remove_prefix(thought + 8);
  }
  std::optional<Found> best = last_marked(solution, kStrongMarkers, boxed(solution));
  if (!best) best = last_marked(solution, kWeakMarkers, std::nullopt);
  if (best) {
    const std::string answer = best->how == "boxed" ? best->answer : without_prose(best->answer);
    Extracted extracted{true, strip_delimiters(answer), best->how};
    if (extracted.answer.empty()) return {false, "", "the answer after '" + best->how + "' is empty"};
    return extracted;
  }
  Extracted whole = whole_text(solution);
  if (whole.found) return whole;
  if (auto answer = concluded_answer(solution)) {
    std::string stripped = strip_delimiters(*answer);
    if (!stripped.empty()) return {true, std::move(stripped), "conclusion"};
  }
  return {false, "", "no answer found"};
}

}  // namespace ft::grade
