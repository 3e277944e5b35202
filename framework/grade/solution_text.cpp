#include "framework/grade/solution_text.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <cstdint>
#include <utility>

#include "framework/grade/ascii.h"
#include "framework/grade/byte_scan.h"
#include "framework/grade/characters.h"

namespace ft::grade {
namespace {

// Where the first "<|im_end|>" or its like stands, cut off or not; "0 < |n|<|n-3|" is mathematics.
std::size_t special_token(std::string_view text) {
  for (std::size_t at = text.find("<|"); at != std::string_view::npos; at = text.find("<|", at + 1)) {
    std::size_t end = at + 2;
    const auto part = [&](char c) { return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_' || c == ' '; };
    while (end < text.size() && part(text[end])) ++end;
    const bool name = trim(text.substr(at + 2, end - at - 2)).size() >= 3;
    const bool cut_off = end == text.size();
    if (cut_off || (name && text.substr(end).starts_with('|'))) return at;
  }
  return std::string_view::npos;
}

// "<|im_start|>assistant" before the text: who speaks.
std::string_view behind_turn_mark(std::string_view text) {
  while (text.starts_with("<|")) {
    const std::size_t close = text.find("|>");
    constexpr std::size_t kLongest = 40;
    if (close == std::string_view::npos || close > kLongest || text.starts_with("<|begin_of_box")) return text;
    text = trim(text.substr(close + 2));
    for (const std::string_view role : {"assistant", "model"}) {
      const bool apart = text.size() > role.size() && (is_blank(text[role.size()]) || text[role.size()] == '<');
      if (text.starts_with(role) && apart) text = trim(text.substr(role.size()));
    }
  }
  return text;
}

// Whether the text may hold "</think>", "<|begin_of_box|>" or one of the marks that end a turn: most texts do not.
bool holds_marks(std::string_view text) {
  const auto followed = [&](char first, std::string_view seconds) {
    for (std::size_t at = text.find(first); at != std::string_view::npos; at = text.find(first, at + 1)) {
      if (at + 1 < text.size() && seconds.find(text[at + 1]) != std::string_view::npos) return true;
    }
    return false;
  };
  return followed('<', "|/e\xEF") || followed('[', "/I");
}

// What ends a turn: behind it nothing belongs to the answer.
std::string_view before_end_mark(std::string_view text) {
  static constexpr auto kMarks =
      std::to_array<std::string_view>({"<|", "</s>", "<eos>", "<end_of_turn>", "[/INST]", "[INST]", "<\xEF\xBD\x9C"});
  for (const std::string_view mark : kMarks) {
    const std::size_t at = mark == "<|" ? special_token(text) : text.find(mark);
    if (at == std::string_view::npos || trim(text.substr(0, at)).empty()) continue;
    text = text.substr(0, at);
  }
  return text;
}

// "<|begin_of_box|>12<|end_of_box|>" marks an answer as "<answer>12</answer>" does.
std::string with_answer_tags(std::string_view text) {
  std::string out(text);
  for (const auto& [mark, tag] : {std::pair<std::string_view, std::string_view>{"<|begin_of_box|>", "<answer>"},
                                  {"<|end_of_box|>", "</answer>"}}) {
    for (std::size_t at = out.find(mark); at != std::string::npos; at = out.find(mark, at))
      out.replace(at, mark.size(), tag);
  }
  return out;
}

bool starts_line_with(std::string_view line, std::string_view word) {
  if (line.size() < word.size()) return false;
  for (std::size_t i = 0; i < word.size(); ++i) {
    if (std::tolower(static_cast<unsigned char>(line[i])) != static_cast<unsigned char>(word[i])) return false;
  }
  return true;
}

constexpr auto kOpenings = std::to_array<std::string_view>({"human:", "user:", "### instruction", "### question",
                                                            "### problem", "instruction:", "**question",
                                                            "**problem:", "## question", "input:", "[question]"});
constexpr auto kTasks = std::to_array<std::string_view>(
    {"question", "q", "problem", "exercise", "task", "example", "\u95ee\u9898", "\u554f\u984c", "\u9898\u76ee"});

// For each first byte of a line the second bytes, modulo 32, with which one of these words may begin: most lines of a
// solution are told by the two. Letters of both cases agree modulo 32.
constexpr auto kSecondBytes = [] {
  std::array<std::uint32_t, 256> seconds{};
  const auto add = [&](std::string_view word) {
    const std::uint32_t bits = word.size() < 2 ? ~0U : 1U << (static_cast<unsigned char>(word[1]) % 32U);
    seconds.at(static_cast<unsigned char>(word[0])) |= bits;
    if (is_letter(word[0])) seconds.at(static_cast<unsigned char>(word[0] - 'a' + 'A')) |= bits;
  };
  for (const std::string_view word : kOpenings) add(word);
  for (const std::string_view word : kTasks) add(word);
  return seconds;
}();

// "Question:", "Problem 2.", "### Instruction", "Human:" at the start of a line.
bool opens_next_question(std::string_view line) {
  if (line.size() < 2) return false;
  const std::uint32_t seconds = kSecondBytes[static_cast<unsigned char>(line[0])];
  if ((seconds >> (static_cast<unsigned char>(line[1]) % 32U) & 1U) == 0) return false;
  if (std::any_of(kOpenings.begin(), kOpenings.end(),
                  [&](std::string_view word) { return starts_line_with(line, word); }))
    return true;
  return std::any_of(kTasks.begin(), kTasks.end(), [&](std::string_view word) {
    if (!starts_line_with(line, word)) return false;
    std::string_view behind = line.substr(word.size());
    bool numbered = false;
    while (!behind.empty() && (behind[0] == ' ' || is_digit(behind[0]))) {
      numbered = numbered || is_digit(behind[0]);
      behind.remove_prefix(1);
    }
    return behind.starts_with(':') || behind.starts_with("\uff1a") || (numbered && behind.starts_with(". "));
  });
}

// A model that goes on behind its answer asks itself the next question, or speaks for the other side.
std::string_view before_next_question(std::string_view text) {
  static constexpr auto kAnswered = std::to_array<std::string_view>(
      {"answer is", "answer:", "####", "\\boxed", "\na:", "# answer", "final answer", "\u7b54\u6848"});
  for (std::size_t line = text.find('\n'); line != std::string_view::npos; line = text.find('\n', line + 1)) {
    const std::string_view rest = text.substr(line + 1);
    if (!opens_next_question(rest)) continue;
    const bool speaker = starts_line_with(rest, "human:") || starts_line_with(rest, "user:");
    if (speaker && !trim(text.substr(0, line)).empty()) return text.substr(0, line);
    std::string before(1, '\n');
    before += text.substr(0, line);
    for (char& c : before) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
    const bool answered = std::any_of(kAnswered.begin(), kAnswered.end(),
                                      [&](std::string_view word) { return before.find(word) != std::string::npos; });
    if (answered) return text.substr(0, line);
  }
  return text;
}

// The length of "<b>", "</strong>", "<br/>", "<span class=...>" at the start; 0 for what is no dress.
std::size_t html_tag(std::string_view text) {
  static constexpr auto kNames = std::to_array<std::string_view>(
      {"b", "i", "u", "p", "br", "em", "strong", "span", "div", "code", "mark", "font", "center", "li", "ul", "pre"});
  if (text.size() < 3 || text[0] != '<') return 0;
  std::size_t at = text[1] == '/' ? 2 : 1;
  const std::size_t first = at;
  while (at < text.size() && text[at] >= 'a' && text[at] <= 'z') ++at;
  if (std::find(kNames.begin(), kNames.end(), text.substr(first, at - first)) == kNames.end()) return 0;
  constexpr std::size_t kLongest = 80;
  const std::size_t close = text.substr(0, kLongest).find('>', at);
  if (close == std::string_view::npos) return 0;
  const std::string_view inside = text.substr(at, close - at);
  const bool attributes = inside.starts_with(' ') && inside.find('=') != std::string_view::npos;
  return inside.empty() || inside == "/" || inside == " /" || attributes ? close + 1 : 0;
}

// The length of "<del>35</del>" at the start; 0 for what is not struck out.
std::size_t struck_out(std::string_view text) {
  if (!text.starts_with('<')) return 0;
  for (const auto& [open, close] :
       {std::pair<std::string_view, std::string_view>{"<del>", "</del>"}, {"<strike>", "</strike>"}}) {
    if (!text.starts_with(open)) continue;
    const std::size_t end = text.find(close);
    const bool one_line = text.substr(0, end).find('\n') == std::string_view::npos;
    if (end != std::string_view::npos && one_line) return end + close.size();
  }
  return 0;
}

// "<<30+2=32>>32" as GSM8K notes its arithmetic: the note goes. Bold type, code marks and quotes of code too, and
// what is struck out.
std::string without_dress(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  const auto word = [&](std::size_t i) {
    return i < text.size() &&
           (std::isalnum(static_cast<unsigned char>(text[i])) != 0 || text[i] == '(' || text[i] == ')');
  };
  for (std::size_t i = 0; i < text.size(); ++i) {
    const std::size_t special = next_of<'<', '`', '*', '_', '~'>(text, i);
    out.append(text, i, special - i);
    i = special;
    if (i == text.size()) break;
    const std::string_view rest = text.substr(i);
    if (rest.starts_with("<<")) {
      const std::size_t close = rest.find(">>");
      if (close != std::string_view::npos && close < 200 &&
          rest.substr(0, close).find('\n') == std::string_view::npos) {
        i += close + 1;
        continue;
      }
    }
    if (const std::size_t struck = struck_out(rest); struck > 0) {
      i += struck - 1;
      continue;
    }
    if (const std::size_t tag = html_tag(rest); tag > 0) {
      i += tag - 1;
      continue;
    }
    if (rest.starts_with("```")) {
      i += 2;
      while (i + 1 < text.size() && std::isalpha(static_cast<unsigned char>(text[i + 1])) != 0) ++i;
      continue;
    }
    if (text[i] == '`') continue;
    // "~~35~~ 36": struck out, with a blank or a start before it, since "5~~cm" only keeps a line together
    if (rest.starts_with("~~") && rest.size() > 2 && !is_blank(rest[2]) && rest[2] != '~' &&
        (i == 0 || is_blank(text[i - 1]) || text[i - 1] == '*')) {
      const std::size_t close = rest.find("~~", 2);
      if (close != std::string_view::npos && rest.substr(0, close).find('\n') == std::string_view::npos) {
        i += close + 1;
        continue;
      }
    }
    if (text[i] == '*') {
      std::size_t end = i;
      while (end < text.size() && text[end] == '*') ++end;
      const bool power = end - i == 2 && i > 0 && word(i - 1) && word(end);
      if (end - i >= 2 && !power) {
        i = end - 1;
        continue;
      }
    }
    if (rest.starts_with("__") && (i == 0 || !word(i - 1) || !word(i + 2))) {
      ++i;
      continue;
    }
    out.push_back(text[i]);
  }
  return out;
}

}  // namespace

std::string plain_solution(std::string_view solution) {
  std::string unboxed;
  if (holds_marks(solution)) {
    // Forwards: rfind compares at every place.
    constexpr std::string_view kThought = "</think>";
    for (std::size_t thought = solution.find(kThought); thought != std::string_view::npos;
         thought = solution.find(kThought))
      solution.remove_prefix(thought + kThought.size());
    if (solution.find("<|begin_of_box|>") != std::string_view::npos) {
      unboxed = with_answer_tags(solution);
      solution = unboxed;
    }
    solution = before_end_mark(behind_turn_mark(trim(solution)));
  } else {
    solution = trim(solution);
  }
  solution = before_next_question(solution);
  std::string text = without_dress(plain_characters(solution));
  // Markdown's quotes.
  for (std::size_t line = text.find("> ") == std::string::npos ? text.size() : 0; line < text.size();) {
    if (std::string_view(text).substr(line).starts_with("> ")) text.erase(line, 2);
    const std::size_t end = text.find('\n', line);
    line = end == std::string::npos ? text.size() : end + 1;
  }
  static constexpr auto kProofEnds =
      std::to_array<std::string_view>({"QED", "Q.E.D.", "Q.E.D", "\\blacksquare", "\\square", "\\qed", "\\Box",
                                       "$\\blacksquare$", "$\\square$", "$\\Box$"});
  std::string_view view = trim(text);
  for (bool again = true; again;) {  // what says that a proof is done, or rules a line
    again = false;
    if (view.ends_with("\n---")) {
      view = trim(view.substr(0, view.size() - 3));
      again = true;
    }
    for (const std::string_view end : kProofEnds) {
      const bool apart = view.size() > end.size() && is_blank(view[view.size() - end.size() - 1]);
      if (!view.ends_with(end) || !apart) continue;
      view = trim(view.substr(0, view.size() - end.size()));
      again = true;
    }
  }
  constexpr std::string_view kHope = "I hope it is correct.";
  if (view.ends_with(kHope)) view = trim(view.substr(0, view.size() - kHope.size()));
  return std::string(view);
}

}  // namespace ft::grade
