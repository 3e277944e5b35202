#include <algorithm>
#include <array>
#include <cctype>
#include <optional>
#include <span>
#include <vector>

#include "framework/base/error.h"
#include "framework/grade/ascii.h"
#include "framework/grade/boxed.h"
#include "framework/grade/conclusion.h"
#include "framework/grade/corrections.h"
#include "framework/grade/delimiters.h"
#include "framework/grade/grade.h"
#include "framework/grade/marker_context.h"
#include "framework/grade/number_words.h"
#include "framework/grade/parser.h"
#include "framework/grade/phrase.h"
#include "framework/grade/solution_text.h"
#include "framework/grade/units.h"
#include "framework/grade/vocabulary.h"
#include "framework/grade/wide_numerals.h"

namespace ft::grade {
namespace {

struct Found {
  std::size_t position;
  std::string answer;
  std::string how;
};

struct Marker {
  std::string_view text;  // what stands in the solution, in lower case
  std::string_view name;
  bool decimal_comma = false;  // the language writes 2,5
};

// Written on purpose to say: this is the answer. They compete with boxes, the last one wins.
constexpr auto kStrongMarkers = std::to_array<Marker>({
    {"####", "####"},
    {"# answer", "# Answer"},
    {"final answer is", "final answer is"},
    {"<answer>", "<answer>"},
    {"<final_answer>", "<answer>"},
    {"<ans>", "<answer>"},
    {"<solution>", "<answer>"},
    {"<final answer>", "<answer>"},
    {"final answer:", "final answer:"},
    {"\"answer\":", "\"answer\":"},
    {"\"final_answer\":", "\"answer\":"},
    {"final answer\n", "final answer"},
});

// Prose that may also stand in "the answer is unique": read only where there is nothing better.
constexpr auto kWeakMarkers = std::to_array<Marker>({
    {"answer is", "answer is"},
    {"answer:", "answer:"},
    {"ans:", "answer:"},
    {"answer should be", "answer should be"},
    {"answer was", "answer is"},
    {"answer =", "answer:"},
    {"answer \\[", "answer"},
    {"answer \\(", "answer"},
    {"answer $", "answer"},
    {"answers are", "answer is"},
    {"correct statements are", "answer is"},
    {"correct statement is", "answer is"},
    {"true statements are", "answer is"},
    {"correct options are", "answer is"},
    {"correct choices are", "answer is"},
    {"correct answers are", "answer is"},
    {"correct option is", "answer is"},
    {"correct choice is", "answer is"},
    {"right option is", "answer is"},
    {"right choice is", "answer is"},
    {"\xE7\xAD\x94\xE6\xA1\x88\xE6\x98\xAF", "answer is"},  // 答案是
    {"\xE7\xAD\x94\xE6\xA1\x88:", "answer:"},               // 答案:
    {"\xE7\xAD\x94\xE6\xA1\x88\xE4\xB8\xBA", "answer is"},  // 答案为
    {"\xE7\xAD\x94:", "answer:"},                           // 答:
    {"\xE6\x95\x85\xE9\x80\x89", "answer is"},              // 故选
    {"\xE7\xAD\x94\xE3\x81\x88\xE3\x81\xAF", "answer is"},  // 答えは
    {"\xE7\xAD\x94\xE3\x81\x88:", "answer:"},               // 答え:
    {"\xE7\xAD\x94\xE3\x81\x88\xEF\xBC\x9A", "answer:"},
    {"\xE7\xAD\x94\xE6\xA1\x88\xE3\x81\xAF", "answer is"},
    {"\xEB\x8B\xB5\xEC\x9D\x80", "answer is"},  // 답은
    {"\xEB\x8B\xB5:", "answer:"},
    {"ans.", "answer:"},
    {"jawaban:", "answer:", true},
    {"jawabannya adalah", "answer is", true},
    {"svar:", "answer:", true},
    {"svaret \xC3\xA4r", "answer is", true},
    {"antwoord:", "answer:", true},
    {"antwoord is", "answer is", true},
    {"cevap:", "answer:", true},
    {"odpowied\xC5\xBA:", "answer:", true},
    {"odpowied\xC5\xBA to", "answer is", true},
    {"odpov\xC4\x9B\xC4\x8F:", "answer:", true},
    {"vastaus:", "answer:", true},
    {"v\xC3\xA1lasz:", "answer:", true},
    {"\xC4\x91\xC3\xA1p \xC3\xA1n:", "answer:", true},  // đáp án:
    {"l\xC3\xB6sung:", "answer:", true},
    {"ergebnis:", "answer:", true},
    {"r\xC3\xA9sultat:", "answer:", true},
    {"resultado:", "answer:", true},
    {"respuesta final:", "answer:", true},
    {"resposta final:", "answer:", true},
    {"r\xC3\xA9ponse finale :", "answer:", true},
    {"r\xC3\xA9ponse finale:", "answer:", true},
    {"resposta final \xC3\xA9", "answer is", true},
    {"risposta finale \xC3\xA8", "answer is", true},
    {"soluci\xC3\xB3n:", "answer:", true},
    {"\xD0\xBE\xD1\x82\xD0\xB2\xD0\xB5\xD1\x82 -", "answer is", true},
    {"\xD8\xA7\xD9\x84\xD8\xAC\xD9\x88\xD8\xA7\xD8\xA8:", "answer:"},          // الجواب:
    {"\xD8\xA7\xD9\x84\xD8\xA5\xD8\xAC\xD8\xA7\xD8\xA8\xD8\xA9:", "answer:"},  // الإجابة:
    {"antwort ist", "answer is", true},
    {"antwort lautet", "answer is", true},
    {"antwort:", "answer:", true},
    {"ergebnis ist", "answer is", true},
    {"r\xC3\xA9ponse est", "answer is", true},
    {"r\xC3\xA9ponse finale est", "answer is", true},
    {"r\xC3\xA9ponse :", "answer:", true},
    {"r\xC3\xA9ponse:", "answer:", true},
    {"respuesta es", "answer is", true},
    {"respuesta final es", "answer is", true},
    {"respuesta correcta es", "answer is", true},
    {"respuesta:", "answer:", true},
    {"risposta \xC3\xA8", "answer is", true},
    {"risposta:", "answer:", true},
    {"resposta \xC3\xA9", "answer is", true},
    {"resposta:", "answer:", true},
    {"\xD0\x9E\xD1\x82\xD0\xB2\xD0\xB5\xD1\x82:", "answer:", true},  // Ответ:
    {"\xD0\xBE\xD1\x82\xD0\xB2\xD0\xB5\xD1\x82:", "answer:", true},
    {"\xD8\xA7\xD9\x84\xD8\xAC\xD9\x88\xD8\xA7\xD8\xA8 \xD9\x87\xD9\x88", "answer is"},  // الجواب هو
    {"\xD8\xA7\xD9\x84\xD8\xA5\xD8\xAC\xD8\xA7\xD8\xA8\xD8\xA9 \xD9\x87\xD9\x8A", "answer is"},
    {"\xE0\xA4\x89\xE0\xA4\xA4\xE0\xA5\x8D\xE0\xA4\xA4\xE0\xA4\xB0:", "answer:"},  // उत्तर:
    {"\xE0\xA4\x89\xE0\xA4\xA4\xE0\xA5\x8D\xE0\xA4\xA4\xE0\xA4\xB0 ", "answer is"},
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

// Markers by their first byte, for a search from the end of a text. Two bytes of it say how far back the next place lies
// at which one can start, since a pair that stands in no marker's beginning rules out several at once.
class MarkerTable {
 public:
  static constexpr std::size_t kShortest = 4;  // bytes of a marker

  explicit MarkerTable(std::span<const Marker> markers) : back_(kPairs, kShortest - 1) {
    for (const Marker& marker : markers) {
      FT_CHECK(marker.text.size() >= kShortest, "the marker '{}' is shorter than its table allows", marker.text);
      by_first_.at(static_cast<unsigned char>(marker.text[0])).push_back(&marker);
      for (std::size_t i = 0; i + 1 < kShortest; ++i) {
        unsigned char& back = back_.at(pair(marker.text, i));
        back = std::min(back, static_cast<unsigned char>(i));
      }
    }
  }
  // How far before `at` the next place is at which a marker can start; 0: one can start here.
  [[nodiscard]] std::size_t back(std::string_view text, std::size_t at) const { return back_[pair(text, at)]; }
  // The first of the list that starts here.
  [[nodiscard]] const Marker* at(std::string_view rest) const {
    const auto& bucket = by_first_[static_cast<unsigned char>(rest[0])];
    for (const Marker* marker : bucket) {
      const std::string_view text = marker->text;
      if (rest.size() >= text.size() && rest[1] == text[1] && rest.starts_with(text)) return marker;
    }
    return nullptr;
  }

 private:
  static constexpr std::size_t kPairs = 256 * 256;
  static std::size_t pair(std::string_view text, std::size_t at) {
    return static_cast<std::size_t>(static_cast<unsigned char>(text[at])) * 256 +
           static_cast<unsigned char>(text[at + 1]);
  }

  std::vector<unsigned char> back_;
  std::array<std::vector<const Marker*>, 256> by_first_;
};

// What follows the last of the markers, unless `best` stands behind it: a box is the better end of the same sentence.
// One pass from the end, since most texts hold none of many markers.
std::optional<Found> last_marked(std::string_view text, std::string_view lower, const MarkerTable& markers,
                                 std::optional<Found> best) {
  const std::size_t stop = best ? best->position + 1 : 0;
  int remarks = 0;
  std::size_t behind = std::max(lower.size() + 1, MarkerTable::kShortest) - MarkerTable::kShortest;
  while (behind > stop) {
    const std::size_t at = behind - 1;
    const std::size_t back = markers.back(lower, at);
    behind -= std::min(std::max<std::size_t>(back, 1), behind);
    if (back > 0) continue;
    if (at > 0 && is_letter(lower[at - 1])) continue;
    const Marker* marker = markers.at(lower.substr(at));
    if (marker == nullptr) continue;
    if (marker->name == "####" && is_heading(text, at + marker->text.size())) continue;
    std::size_t begin = at + marker->text.size();
    const bool longer_word = is_letter(text[begin - 1]) && begin < text.size() && is_letter(text[begin]);  // "isn't"
    const bool years = marker->text == "ans." && at > 1 && is_digit(lower[at - 2]);  // "18 ans." in French
    if (longer_word || years || is_supposed(lower.substr(0, at))) continue;
    if (marker->name == "answer") begin = at + 7;  // the delimiter belongs to the answer
    std::string answer = answer_phrase(text, begin, {.decimal_comma = marker->decimal_comma});
    if (best && (answer.empty() || answer.starts_with("in "))) continue;  // "the final answer is in the box"
    constexpr int kMostRemarks = 8;
    // A value that is asked about or taken back: the text may say another one without a mark.
    if (remarks < kMostRemarks && answer.empty() &&
        chunk_at(text, begin + (begin < text.size() && text[begin] == ' '))) {
      ++remarks;
      continue;
    }
    if (remarks < kMostRemarks && is_spoken_of(lower.substr(0, at)) &&
        answer.find_first_of("0123456789\\") == std::string::npos) {
      ++remarks;
      continue;
    }
    // A heading above a text that only leads on to the answer.
    if (marker->name == "final answer" && answer.find_first_of("0123456789\\") == std::string::npos &&
        count_words(answer) > 3)
      continue;
    return Found{at, std::move(answer), std::string(marker->name)};
  }
  return best;
}

// "Answer: B" as a line of its own, and "Answer" as a heading above it: as strong as a box.
std::optional<Found> answer_line(std::string_view text, std::string_view lower, std::optional<Found> best) {
  static constexpr auto kWords =
      std::to_array<std::string_view>({"answer:", "the answer:", "correct answer:", "answer\n", "ans:"});
  struct Place {
    std::size_t begin;
    std::size_t size;  // of the word
  };
  std::vector<Place> places;  // forwards, since most texts hold many lines and none of these
  for (std::size_t line = lower.find('\n', best ? best->position + 1 : 0); line != std::string_view::npos;
       line = lower.find('\n', line + 1)) {
    std::size_t begin = line + 1;
    while (begin < lower.size() &&
           (lower[begin] == ' ' || lower[begin] == '#' || lower[begin] == '>' || lower[begin] == '-'))
      ++begin;
    const std::string_view rest = lower.substr(begin);
    if (rest.empty() || (rest[0] != 'a' && rest[0] != 't' && rest[0] != 'c')) continue;
    const auto word =
        std::find_if(kWords.begin(), kWords.end(), [&](std::string_view one) { return rest.starts_with(one); });
    if (word != kWords.end()) places.push_back({begin, word->size()});
  }
  for (auto place = places.rbegin(); place != places.rend(); ++place) {
    std::string answer = answer_phrase(text, place->begin + place->size);
    constexpr std::size_t kLongest = 200;
    if (!answer.empty() && answer.size() <= kLongest) return Found{place->begin, std::move(answer), "answer:"};
  }
  return best;
}

// "Result: 84", "**Solution:** 84" as the last line, with nothing but mathematics behind the word.
std::optional<Found> result_line(std::string_view text, std::string_view lower, std::optional<Found> best) {
  const std::size_t last = lower.rfind('\n');
  std::size_t begin = last == std::string_view::npos ? 0 : last + 1;
  if (best && best->position >= begin) return best;
  while (begin < lower.size() && std::string_view(" #>-*").find(lower[begin]) != std::string_view::npos) ++begin;
  static constexpr auto kWords = std::to_array<std::string_view>(
      {"result:", "final result:", "solution:", "conclusion:", "final value:", "value:", "final:"});
  for (const std::string_view word : kWords) {
    if (!lower.substr(begin).starts_with(word)) continue;
    std::string answer = answer_phrase(text, begin + word.size());
    constexpr std::size_t kLongest = 60;
    const bool mathematics = answer.find_first_of("0123456789\\") != std::string::npos;
    if (answer.size() > kLongest || !mathematics || count_words(answer) > 2) continue;
    return Found{begin, std::move(answer), "answer:"};
  }
  return best;
}

// "So x > 5", "I got 9", "It's 9": a word that is no part of mathematics stands first.
bool starts_with_prose(std::string_view text) {
  std::size_t end = 0;
  while (end < text.size() && is_letter(text[end])) ++end;
  const std::string_view word = text.substr(0, end);
  if (word.size() < 2) return (word == "I" || word == "A") && text.size() > 3 && text[1] == ' ' && is_letter(text[2]);
  const bool sentence = word[0] >= 'A' && word[0] <= 'Z' && word[1] >= 'a' && word[1] <= 'z';
  return sentence && function_name(word).empty() && constant_name(word).empty() && !number_words(lower_case(text));
}

bool has_words(const Node& node) {
  return node.is(Op::words) || std::any_of(node.kids.begin(), node.kids.end(), has_words);
}

// A text that is nothing but an answer: one short line without prose and without "=".
Extracted whole_text(std::string_view solution) {
  std::string text = strip_delimiters(solution.substr(0, 201));
  if (text.empty() || text.size() > 120 || text.find_first_of("\n=") != std::string::npos || count_words(text) > 2)
    return {false, "", "no answer found"};
  if (text.starts_with("A: ") || starts_with_prose(text)) return {false, "", "no answer found"};
  const std::string lower = lower_case(text);
  for (const std::string_view verb : {" is ", " are ", " was ", " were ", " be ", " has ", " have "}) {
    if (lower.find(verb) != std::string::npos) return {false, "", "no answer found"};
  }
  if (wide_number(text)) return {true, text, "whole text"};
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

Extracted extracted_from(std::string_view text) {
  static const MarkerTable kStrong(kStrongMarkers);
  static const MarkerTable kWeak(kWeakMarkers);
  const std::string lower = lower_case(text);
  if (const auto corrected = without_denied(text, lower)) return extracted_from(*corrected);
  std::optional<Found> best;
  bool empty_box = false;
  if (auto box = boxed_answer(text)) {
    empty_box = box->answer.empty();
    if (!empty_box) best = Found{box->position, std::move(box->answer), "boxed"};
  }
  best = last_marked(text, lower, kStrong, std::move(best));
  best = answer_line(text, lower, std::move(best));
  best = result_line(text, lower, std::move(best));
  if (!best) best = last_marked(text, lower, kWeak, std::nullopt);
  if (best) {
    Extracted extracted{true, strip_delimiters(best->answer), best->how};
    if (extracted.answer.empty()) return {false, "", "the answer after '" + best->how + "' is empty"};
    return extracted;
  }
  if (empty_box) return {false, "", "the answer after 'boxed' is empty"};
  Extracted whole = whole_text(text);
  if (whole.found) return whole;
  if (auto answer = concluded_answer(text)) {
    std::string stripped = strip_delimiters(*answer);
    if (!stripped.empty()) return {true, std::move(stripped), "conclusion"};
  }
  return {false, "", "no answer found"};
}

}  // namespace

Extracted extract(std::string_view solution) {
  try {
    return extracted_from(plain_solution(solution));
  } catch (const std::exception& error) {  // a fault of ours must not end a run of many hours: it costs one answer
    return {false, "", std::string("internal: ") + error.what()};
  } catch (const Undecided& undecided) {
    return {false, "", undecided.reason};
  }
}

}  // namespace ft::grade
