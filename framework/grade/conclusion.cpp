#include "framework/grade/conclusion.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <utility>
#include <vector>

#include "framework/grade/ascii.h"
#include "framework/grade/chunk.h"
#include "framework/grade/denial.h"
#include "framework/grade/other_scripts.h"
#include "framework/grade/phrase.h"
#include "framework/grade/sentence.h"
#include "framework/grade/standing.h"
#include "framework/grade/stated_choice.h"
#include "framework/grade/stated_words.h"

namespace ft::grade {
namespace {

constexpr std::array<std::string_view, 3> kWideStops{"\xE3\x80\x82", "\xEF\xBC\x81", "\xEF\xBC\x9F"};

// "e.g", "i.e" and, before a number, "No", "Fig": the point behind it ends no sentence.
bool is_abbreviated(std::string_view before, bool number) {
  for (const std::string_view always : {"e.g", "i.e", "E.g"}) {
    if (before.ends_with(always)) return true;
  }
  if (!number) return false;
  for (const std::string_view numbered : {" No", " no", " Nr", " Fig", " Eq", " approx"}) {
    if (before.ends_with(numbered)) return true;
  }
  return false;
}

// Where the sentence that ends before `end` begins.
std::size_t sentence_start(std::string_view text, std::size_t end) {
  for (std::size_t i = end; i-- > 0;) {
    const char c = text[i];
    if (c == '\n') return i + 1;
    const bool wide = static_cast<unsigned char>(c) >= 0xE0;
    if (!wide && c != '.' && c != '!' && c != '?' && c != '$' && c != '\\') continue;
    const std::string_view rest = text.substr(i);
    // A displayed formula ends the sentence where a capital follows.
    const bool display = rest.starts_with("$$ ") || rest.starts_with("\\] ");
    if (display && i + 3 < end && rest[3] >= 'A' && rest[3] <= 'Z') return i + 2;
    if (wide) {
      for (const std::string_view stop : kWideStops) {
        if (rest.starts_with(stop) && i + stop.size() < end) return i + stop.size();
      }
      continue;
    }
    if (c == '$' || c == '\\' || i + 1 >= end || !is_blank(text[i + 1])) continue;
    if (c == '!' && i + 2 < end && text[i + 2] >= 'a' && text[i + 2] <= 'z') continue;  // "5! ways"
    if (!is_abbreviated(text.substr(0, i), i + 2 < end && is_digit(text[i + 2]))) return i + 1;
  }
  return 0;
}

bool ends_properly(std::string_view text) {
  if (text.empty()) return false;
  for (const std::string_view wide : kWideStops) {
    if (text.ends_with(wide)) return true;
  }
  return std::string_view(".!?*$])}\"").find(text.back()) != std::string_view::npos;
}

bool concludes(std::string_view sentence) {
  const std::string lower = " " + lower_case(sentence);
  static constexpr std::array<std::string_view, 16> kWords{" therefore",
                                                           " total is ",
                                                           ", total ",
                                                           " thus",
                                                           " so ",
                                                           " hence",
                                                           " in total",
                                                           " answer",
                                                           " conclu",
                                                           " finally",
                                                           " altogether",
                                                           " donc",
                                                           "\xE5\x9B\xA0\xE6\xAD\xA4",
                                                           "\xE6\x89\x80\xE4\xBB\xA5",
                                                           "\xE6\x80\xBB\xE5\x85\xB1",
                                                           "\xE7\xBB\x93\xE8\xAE\xBA"};
  return std::any_of(kWords.begin(), kWords.end(),
                     [&](std::string_view word) { return lower.find(word) != std::string::npos; });
}

}  // namespace

std::optional<std::string> answer_in_sentence(std::string_view sentence) {
  sentence = trim(sentence);
  if (auto choice = choice_with_wording(sentence)) return choice;
  if (auto value = stated_value(sentence)) return value;
  if (sentence.ends_with('?') || supposes(lower_case(sentence))) return std::nullopt;
  if (auto day = stated_weekday(sentence)) return day;
  if (auto number = counted_in_characters(sentence)) return number;
  if (auto letters = stated_letters(sentence)) return letters;
  if (auto choice = stated_choice(sentence)) return choice;
  return stated_words(sentence);
}

namespace {

// "Total = 2,450", "Total cost: 308": where the value begins; 0 where no name stands first.
std::size_t behind_name(std::string_view line) {
  std::size_t begin = 0;
  const std::size_t sign = line.find('=');
  if (sign != std::string_view::npos && sign < 40) {
    const std::string_view name = line.substr(0, sign);
    const bool words =
        std::all_of(name.begin(), name.end(), [](char c) { return is_word_byte(c) || c == ' ' || c == '\''; }) &&
        trim(name).size() >= 3;
    if (words) begin = sign + 1;
  }
  // "Total: 308"
  const std::size_t colon = line.find(": ");
  if (colon != std::string_view::npos && colon < 40 && begin == 0) {
    const std::string name = " " + lower_case(line.substr(0, colon)) + " ";
    static constexpr auto kNames =
        std::to_array<std::string_view>({" total ", " sum ", " overall ", " altogether ", " difference ", " remaining ",
                                         " average ", " profit ", " in total ", " total cost ", " grand total "});
    const bool named = std::any_of(kNames.begin(), kNames.end(),
                                   [&](std::string_view word) { return name.find(word) != std::string::npos; });
    const std::string_view said = line.substr(colon);
    const bool calculated = said.find('=') != std::string_view::npos || said.find("\\approx") != std::string_view::npos;
    if (named && !calculated) begin = colon + 1;
  }
  return begin;
}

// "## 84", "- 84", "1) 84", "= 84", "=> 84": the line behind what dresses it.
std::string_view without_list_mark(std::string_view line) {
  for (const std::string_view arrow : {"=>", "->", "\\Rightarrow", "\\rightarrow", "\\implies", "\\to "}) {
    if (line.starts_with(arrow)) line = trim(line.substr(arrow.size()));
  }
  while (line.starts_with('#') || line.starts_with('>') || line.starts_with("= ")) line = trim(line.substr(1));
  if (line.starts_with("- ") || line.starts_with("* ")) line = trim(line.substr(2));
  std::size_t digits = 0;
  while (digits < line.size() && digits < 2 && is_digit(line[digits])) ++digits;
  if (digits > 0 && line.substr(digits).starts_with(") ")) line = trim(line.substr(digits + 2));
  return line;
}

// The answer alone on a line: "84", "84 apples", "| Total | 84 |", "Total = 2,450", "- 84".
std::optional<std::string> answer_line(std::string_view line) {
  line = trim(line);
  if (line.ends_with('|')) {
    line = trim(line.substr(0, line.size() - 1));
    line = trim(line.substr(line.rfind('|') == std::string_view::npos ? 0 : line.rfind('|') + 1));
    // A cell without words is the answer as it stands: "| Answer | B |", "| Total | (2) (x+2) |".
    bool words = false;
    for (std::size_t i = 0; i + 1 < line.size(); ++i)
      words = words || (is_word_byte(line[i]) && is_word_byte(line[i + 1]));
    const bool letter = line.size() == 1 && is_letter(line[0]);
    if (letter || (!words && line.find_first_of("0123456789") != std::string_view::npos)) return std::string(line);
  }
  line = without_list_mark(line);
  if (starts_guessing(lower_case(line))) return std::nullopt;
  std::size_t begin = behind_name(line);
  while (begin < line.size() && is_blank(line[begin])) ++begin;
  const auto first = chunk_at(line, begin);
  if (!first || first->single || first->ordinal) return std::nullopt;
  const Chunk chunk = joined_chunks(line, *first);
  std::string_view tail = trim(line.substr(chunk.end));
  while (tail.ends_with('.') || tail.ends_with('"') || tail.ends_with(')'))
    tail = trim(tail.substr(0, tail.size() - 1));
  const bool label =
      tail.size() <= 30 &&
      std::all_of(tail.begin(), tail.end(), [](char c) { return is_word_byte(c) || c == ' ' || c == '-'; }) &&
      std::count(tail.begin(), tail.end(), ' ') <= 2;
  if (!label) return std::nullopt;
  const std::string lower = lower_case(tail);
  for (const std::string_view verb : {"is", "are", "was", "were", "has", "have", "equals", "and", "or", "of"}) {
    if ((" " + lower + " ").find(" " + std::string(verb) + " ") != std::string::npos) return std::nullopt;
  }
  std::string answer = with_words_behind(line, chunk, KnownUnits::keep);
  if (const std::size_t equals = answer.rfind('='); equals != std::string::npos && equals + 1 < answer.size() &&
                                                    equals > 0 && answer[equals - 1] != '<' &&
                                                    answer[equals - 1] != '>') {
    const std::string_view left = std::string_view(answer).substr(0, equals);
    const std::string_view member = std::string_view(answer).substr(equals + 1);
    const bool chain =
        left.find('=') != std::string_view::npos && std::none_of(member.begin(), member.end(), is_letter);
    if (chain || std::none_of(left.begin(), left.end(), is_letter)) return std::string(member);
  }
  return answer;
}

// A box or a fraction that was begun and never closed: the text was cut off.
bool is_cut_off(std::string_view text) {
  constexpr std::size_t kEnd = 400;
  if (text.size() > kEnd) text.remove_prefix(text.size() - kEnd);
  const std::size_t note = text.rfind("<<");
  if (note != std::string_view::npos && text.size() - note < 100 && text.find(">>", note) == std::string_view::npos)
    return true;
  for (const std::string_view open :
       {"=", "+", " *", " /", "^", "\\frac", "\\sqrt", "\\cdot", "\\times", "\\div", "\\"}) {
    if (text.ends_with(open)) return true;
  }
  int depth = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '\\') {
      ++i;
    } else if (text[i] == '{') {
      ++depth;
    } else if (text[i] == '}' && depth > 0) {
      --depth;
    }
  }
  return depth > 0;
}

}  // namespace

std::optional<std::string> concluded_answer(std::string_view text) {
  constexpr std::size_t kEnd = 4000;  // an answer further from the end is none
  text = trim(text);
  if (is_cut_off(text)) return std::nullopt;
  const bool whole = text.size() <= kEnd;
  if (!whole) text.remove_prefix(text.size() - kEnd);
  std::size_t reply = std::string_view::npos;  // forwards: rfind compares at every place
  for (std::size_t at = text.find("\nA: "); at != std::string_view::npos; at = text.find("\nA: ", at + 1)) reply = at;
  if (reply != std::string_view::npos || text.starts_with("A: ")) {
    const std::string_view rest = trim(text.substr(reply == std::string_view::npos ? 3 : reply + 4));
    if (!rest.empty() && rest.find('\n') == std::string_view::npos) return answer_phrase(rest, 0);
  }
  // An option with its wording, and reasons behind it.
  if (whole) {
    if (auto choice = choice_with_wording(text)) return choice;
    if (is_option_with_value(text)) return std::string(text);
  }
  // A displayed formula may run over several lines.
  std::string_view end = text;
  while (end.ends_with('.')) end = trim(end.substr(0, end.size() - 1));
  if (end.ends_with("\\]")) {
    if (const std::size_t open = end.rfind("\\["); open != std::string_view::npos)
      return std::string(trim(end.substr(open + 2, end.size() - open - 4)));
  }
  const std::size_t line = text.rfind('\n');
  const bool dressed =  // "1) 36", "| x | 36 |"
      line == std::string_view::npos && (without_list_mark(text).size() < text.size() || text.ends_with('|'));
  if (line != std::string_view::npos || dressed) {
    if (auto answer = answer_line(text.substr(line == std::string_view::npos ? 0 : line + 1))) return answer;
  }
  constexpr int kSentences = 3;
  std::size_t stop = text.size();
  for (int i = 0; i < kSentences && stop > 0; ++i) {
    const std::size_t start = sentence_start(text, stop);
    const std::string_view sentence = trim(text.substr(start, stop - start));
    const bool only = whole && start == 0;
    if (i == 0 && sentence.ends_with('?')) return std::nullopt;  // the question once more
    if (i == 0 && !only && !ends_properly(sentence) && !concludes(sentence)) {
      // "292 x 2 = 584 eggs" is a result even without its full stop; other words were cut off.
      const std::vector<Chunk> chunks = chunks_in(sentence);
      const bool result = !chunks.empty() && chunks.back().calculation &&
                          chunks.back().text.find('=') != std::string::npos && sentence.size() - chunks.back().end < 25;
      if (!result) return std::nullopt;
    }
    if (auto answer = answer_in_sentence(sentence)) return answer;
    if (i == 0 && (denies(" " + lower_case(sentence)) || supposes(lower_case(sentence)))) return std::nullopt;
    if (start == 0) break;
    stop = start;
    while (stop > 0 && is_blank(text[stop - 1])) --stop;
  }
  return std::nullopt;
}

}  // namespace ft::grade
