#include <algorithm>
#include <array>
#include <cctype>
#include <optional>
#include <span>
#include <vector>

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

// Only separators stand between two boxes of one answer: "\boxed{1} and \boxed{2}".
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

std::optional<Found> boxed(std::string_view text) {
  const std::vector<Box> boxes = boxes_in(text);
  if (boxes.empty()) return std::nullopt;
  std::size_t first = boxes.size() - 1;
  while (first > 0 && joins(text.substr(boxes[first - 1].end, boxes[first].begin - boxes[first - 1].end))) --first;
  std::string answer = boxes[first].contents;
  for (std::size_t i = first + 1; i < boxes.size(); ++i) {
    if (boxes[i].contents != answer) answer += ", " + boxes[i].contents;
  }
  return Found{boxes.back().begin, std::move(answer), "boxed"};
}

std::size_t find_last_word(std::string_view lower, std::string_view word) {
  for (std::size_t at = lower.rfind(word); at != std::string_view::npos;
       at = at == 0 ? std::string_view::npos : lower.rfind(word, at - 1)) {
    const bool starts = at == 0 || std::isalpha(static_cast<unsigned char>(lower[at - 1])) == 0;
    if (starts) return at;
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
  for (char& c : lower) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
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

// What follows the last of the markers, unless `best` stands behind it: a box is the better end of the same sentence.
std::optional<Found> last_marked(std::string_view text, Markers markers, std::optional<Found> best) {
  const std::string lower = lower_case(text);
  for (const auto& [marker, name] : markers) {
    const std::size_t at = find_last_word(lower, marker);
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

// A text that is nothing but an answer: one short line without prose and without "=".
Extracted whole_text(std::string_view solution) {
  std::string text(solution.substr(0, 201));
  for (std::size_t open = text.find("<|"); open != std::string::npos; open = text.find("<|")) {
    const std::size_t close = text.find("|>", open);
    if (close == std::string::npos) break;
    text.erase(open, close + 2 - open);
  }
  text = strip_delimiters(text);
  if (text.empty() || text.size() > 120 || text.find_first_of("\n=") != std::string::npos)
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

}  // namespace

Extracted extract(std::string_view solution) {
  // What a model thinks aloud is no answer.
  if (const std::size_t thought = solution.rfind("</think>"); thought != std::string_view::npos) {
    solution.remove_prefix(thought + 8);
  }
  std::optional<Found> best = last_marked(solution, kStrongMarkers, boxed(solution));
  if (!best) best = last_marked(solution, kWeakMarkers, std::nullopt);
  if (!best) return whole_text(solution);
  Extracted extracted{true, strip_delimiters(best->answer), best->how};
  if (extracted.answer.empty()) return {false, "", "the answer after '" + best->how + "' is empty"};
  return extracted;
}

}  // namespace ft::grade
