#include "framework/grade/words_behind.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <vector>

#include "framework/grade/ascii.h"
#include "framework/grade/changing_words.h"
#include "framework/grade/number_words.h"
#include "framework/grade/scale_words.h"
#include "framework/grade/units.h"

namespace ft::grade {
namespace {

// A byte of a letter of Latin, Greek, Cyrillic, Arabic or an Indic script; not of signs or of Chinese.
bool is_foreign(char c) {
  const auto byte = static_cast<unsigned char>(c);
  return (byte >= 0x80 && byte < 0xC0) || (byte >= 0xC3 && byte < 0xE2);
}

struct Words {
  std::vector<std::string> list;  // as written
  std::vector<std::size_t> ends;  // where each ends in the text
};

// The words behind `at` that follow each other with single blanks or hyphens: at most eight.
Words words_behind(std::string_view text, std::size_t at) {
  Words words;
  while (words.list.size() < 8) {
    std::size_t begin = at;
    if (begin < text.size() && (text[begin] == ' ' || (text[begin] == '-' && !words.list.empty()))) ++begin;
    if (words.list.empty() && begin < text.size() && text[begin] == '-') ++begin;
    std::size_t end = begin;
    while (end < text.size() &&
           (is_letter(text[end]) || text[end] == '\'' || text[end] == '/' || is_foreign(text[end])))
      ++end;
    if (end == begin) break;
    words.list.emplace_back(text.substr(begin, end - begin));
    words.ends.push_back(end);
    at = end;
  }
  return words;
}

std::string joined(const Words& words, std::size_t from, std::size_t count) {
  std::string text;
  for (std::size_t i = from; i < from + count && i < words.list.size(); ++i)
    text += (text.empty() ? "" : " ") + words.list[i];
  return text;
}

bool among(std::string_view word, std::initializer_list<std::string_view> words) {
  return std::find(words.begin(), words.end(), word) != words.end();
}

// " BC", " B.C.", " v. Chr."
bool is_before_christ(std::string_view behind) {
  static constexpr auto kEras =
      std::to_array<std::string_view>({" BC", " BCE", " B.C", " B. C", " b.c", " bc", " bce", " v. Chr", " av. J.-C",
                                       " a. C.", " a.C.", " \u0434\u043e \u043d"});
  if (!behind.starts_with(' ')) return false;
  for (const std::string_view era : kEras) {
    if (behind.starts_with(era) && (behind.size() == era.size() || !is_letter(behind[era.size()]))) return true;
  }
  return false;
}

enum class Use { answer, conclusion };

// "12 weeks": a number and a unit of time, or a sum of money.
bool period_behind(std::string_view text, std::size_t at) {
  while (at < text.size() && text[at] == ' ') ++at;
  if (at < text.size() && text[at] == '$') return true;
  std::size_t end = at;
  while (end < text.size() && is_digit(text[end])) ++end;
  const Words words = words_behind(text, end);
  if (end == at || words.list.empty()) return false;
  const std::string dimension = unit_of(words.list[0]).dimension;
  return dimension != "label" && !dimension.empty();
}

// "2001", "the 1990s" behind "in": says when.
bool year_behind(std::string_view text, std::size_t at) {
  while (at < text.size() && text[at] == ' ') ++at;
  const std::string_view year = text.substr(std::min(at, text.size()), 4);
  const bool digits = year.size() == 4 && std::all_of(year.begin(), year.end(), is_digit);
  const bool ends = at + 4 >= text.size() || !(is_digit(text[at + 4]) || text[at + 4] == ',' || text[at + 4] == '/');
  return digits && ends && (year.starts_with("19") || year.starts_with("20"));
}

// A digit, a formula or a command behind word `i`.
bool mathematics_follows(const Words& words, std::string_view text, std::size_t i) {
  std::size_t next = words.ends[i];
  while (next < text.size() && text[next] == ' ') ++next;
  return next < text.size() && (is_digit(text[next]) || text[next] == '$' || text[next] == '\\');
}

// How many words belong to the number where the first one joins it to what follows: "times", "out of", "in".
std::size_t joint_words(const Words& words, std::string_view text, Use use) {
  const auto word = [&](std::size_t i) { return i < words.list.size() ? lower_case(words.list[i]) : std::string(); };
  // "$140 in 12 weeks" and "10 and 7" are said of the first number alone; "6 in 10" and "28 to 31" are not.
  const bool time_behind = word(0) == "in" && use == Use::conclusion &&
                           (period_behind(text, words.ends[0]) || year_behind(text, words.ends[0]));
  const bool part = word(0) == "over" && mathematics_follows(words, text, 0) && !period_behind(text, words.ends[0]);
  if (part) return 1;
  if (word(0) == "in" && !time_behind && number_words(joined(words, 1, 1)) && words.list.size() == 2) return 2;
  if (use == Use::conclusion &&
      (time_behind || word(0) == "of" || word(0) == "and" || word(0) == "from" || word(0) == "over"))
    return 0;
  if (mathematics_follows(words, text, 0)) return 1;
  if (word(0) == "in" || word(0) == "of" || word(0) == "and" || word(0) == "or" || word(0) == "by" ||
      word(0) == "from" || word(0) == "over")
    return 0;
  if (among(word(0), {"divided", "multiplied"})) return 2;
  if (word(0) == "times" && among(word(1), {"as", "more", "larger", "the", "x", "bigger", "that", "greater"})) return 2;
  return number_words(joined(words, 1, 1)) && word(0) != "x" ? 2 : 0;
}

// How many words at the start say how much: "million", "and a half", "squared", "or more".
std::size_t changing_words(const Words& words, std::string_view text, Use use, bool many, bool spaced) {
  const auto word = [&](std::size_t i) { return i < words.list.size() ? lower_case(words.list[i]) : std::string(); };
  // "million", "thirds"; not "third", which stands before what it counts, nor "score".
  const auto scales = [&](const std::string& one) {
    const auto scale = scale_of(one);
    if (scale) return one != "score" && (Rational(1) < *scale || one.ends_with('s'));
    return among(one, {"squared", "cubed", "factorial", "k", "bn"});
  };
  std::size_t count = 0;
  while (scales(word(count))) {
    if (word(count) == "quarters" && many) break;                  // coins
    if (word(count) == "dozens" && use == Use::conclusion) break;  // "5 dozens of cookies" counts the dozens
    ++count;
  }
  if (count > 0 && word(count) == "and" && among(word(count + 1), {"a", "half"})) {  // "a dozen and a half"
    const std::size_t half = word(count + 1) == "a" ? count + 2 : count + 1;
    if (word(half) == "half" || word(half) == "quarter") return half + 1;
  }
  if (count > 0) return count;
  if (among(word(0), {"hoch", "mille", "bin", "fois", "mal"})) return 1;
  if (word(0) == "per" && among(word(1), {"mille", "thousand", "million"})) return 2;
  if (among(word(0), {"plus", "minus"}) && words.list.size() > 1) return 1;
  if (word(0) == "to" && word(1) == "the" && word(2).size() > 4 &&
      among(word(2), {"third", "fourth", "fifth", "sixth"}))
    return 3;
  if (word(0) == "base" && mathematics_follows(words, text, 0)) return 1;
  if (word(0) == "to" && word(1) == "the") {  // "to the power of 2", "to the fourth power"
    if (word(2) == "power") return word(3) == "of" ? 4 : 3;
    if (word(3) == "power") return 4;
  }
  if (among(word(0), {"raised"}) && word(1) == "to") return 2;
  if (word(0) == "square" && word(1) == "root") return 3;
  if (word(0) == "cube" && word(1) == "root") return 3;
  if (word(0) == "and" && (among(word(1), {"a", "an", "one", "two", "three", "half"})) &&
      number_words(joined(words, 1, 2))) {
    const auto part = number_words(joined(words, 1, 2));
    if (part->digits.find('/') != std::string::npos) return word(1) == "half" ? 2 : 3;
  }
  if (word(0) == "and" &&
      among(word(1), {"above", "up", "over", "below", "under", "beyond", "more", "less", "older", "younger"}))
    return 2;
  if (word(0) == "or" && among(word(1), {"more", "less", "fewer", "greater", "higher", "above", "below", "so", "better",
                                         "larger", "smaller", "under", "over"}))
    return 2;
  if (among(word(0), {"more", "less", "fewer", "greater", "larger", "smaller"}) && word(1) == "than") {
    // "$15 more than Tom" compares what is known; "3 more than x" does not say how much.
    const bool letter = word(2).size() == 1 && word(2) != "i" && word(2) != "a";
    return use == Use::answer || letter || mathematics_follows(words, text, 1)
               ? (use == Use::conclusion && !letter && is_digit(text[std::min(text.size() - 1, words.ends[1] + 1)]) ? 0
                                                                                                                    : 2)
               : 0;
  }
  const bool letter_alone = word(0).size() == 1 && word(0) != "i" && word(0) != "a" && words.list.size() == 1;
  const char behind_letter = letter_alone && words.ends[0] < text.size() ? text[words.ends[0]] : '.';
  if (letter_alone && spaced && std::string_view(".,; ").find(behind_letter) != std::string_view::npos)
    return 1;  // "$5$ x"
  if (among(word(0),
            {"to",     "choose", "through", "plus", "minus", "times", "by",   "in",      "mod",        "modulo",
             "versus", "vs",     "of",      "and",  "or",    "from",  "over", "divided", "multiplied", "x"}))
    return joint_words(words, text, use);
  if (word(0) == "out" && word(1) == "of") return 2;
  for (std::size_t i = 0; i < 3 && i < words.list.size(); ++i) {
    const bool below =
        (word(i) == "below" || word(i) == "under") && among(word(i + 1), {"zero", "par", "freezing", "sea"});
    if (below) return i + (word(i + 1) == "sea" ? 3 : 2);
    if (!among(word(i), {"degrees", "degree", "feet", "meters", "celsius", "fahrenheit", "metres", "c", "f"})) break;
  }
  if (among(word(0), {"below", "under", "above"})) return 1;
  if (among(word(0), {"at"}) && among(word(1), {"most", "least"})) return 2;
  return 0;
}

// How many words at the start are a known unit.
std::size_t unit_words(const Words& words) {
  for (std::size_t count = std::min<std::size_t>(4, words.list.size()); count > 0; --count) {
    const std::string last = lower_case(words.list[count - 1]);
    if (among(last, {"in", "each", "total", "left", "long", "old", "away", "high", "deep", "tall", "wide", "remaining",
                     "per", "square", "cubic", "all"}))
      continue;
    std::string label;
    for (std::size_t i = 0; i < count; ++i) label += (i == 0 ? "" : " ") + spelled_unit(words.list[i]);
    const std::string dimension = unit_of(label).dimension;
    if (dimension != "label" && label.find(" of ") == std::string::npos) return count;
  }
  return 0;
}

}  // namespace

std::string with_words_behind(std::string_view text, const Chunk& chunk, KnownUnits units,
                              const ChunkOptions& options) {
  std::string answer = chunk.text;
  std::size_t at = chunk.end;
  // What closes quotes and emphasis.
  while (at < text.size() && (text[at] == '"' || text[at] == '*' || text[at] == '_')) ++at;
  if (chunk.begin > 0 && at < text.size() && text[at] == '\'' && text[chunk.begin - 1] == '\'') ++at;
  if (chunk.words && at < text.size() && text[at] == '-') return answer;
  // "3万", "3 万人"
  const std::size_t wide_at = at + (at < text.size() && text[at] == ' ' ? 1 : 0);
  if (const std::size_t wide = wide_scale_length(text.substr(std::min(wide_at, text.size()))); wide > 0)
    return answer + std::string(text.substr(wide_at, wide));
  if (starts_with_wide_change(text.substr(std::min(wide_at, text.size())))) {  // "3兆", "3倍"
    const std::size_t end = std::min(text.find_first_of(" .,;\n", wide_at), text.size());
    return answer + std::string(text.substr(wide_at, end - wide_at));
  }
  if (is_before_christ(text.substr(std::min(at, text.size())))) return answer + " BC";
  Words words = words_behind(text, at);
  if (words.list.empty()) return answer;
  const Use use = units == KnownUnits::drop ? Use::conclusion : Use::answer;
  const bool many = answer.size() > 1 && std::all_of(answer.begin(), answer.end(), is_digit);
  if (const std::size_t count = changing_words(words, text, use, many, chunk.formula && text[at] == ' '); count > 0) {
    const std::string change = joined(words, 0, count);
    answer += " " + change;
    const bool open = among(lower_case(words.list[count - 1]),
                            {"to", "choose", "base", "than", "plus", "minus", "times", "by", "in", "of", "mod",
                             "modulo", "through", "below", "under", "above", "hoch", "fois", "mal"});
    const std::size_t last = words.ends[count - 1];
    const bool times_number = change == "x" && last + 1 < text.size() && text[last] == ' ' && is_digit(text[last + 1]);
    if (open || times_number) {  // what it goes on with belongs to it
      const std::size_t end = std::min(text.find_first_of(".,;\n", words.ends[count - 1]), text.size());
      answer += text.substr(words.ends[count - 1], end - words.ends[count - 1]);
      return answer;
    }
    words = words_behind(text, words.ends[count - 1]);
  }
  const std::size_t count = unit_words(words);
  if (count == 0) return answer;
  const std::string unit = joined(words, 0, count);
  if (count + 2 < words.list.size() && words.list[count + 1] == "than" && words.list[count + 2].size() == 1 &&
      among(words.list[count], {"more", "less", "fewer", "greater", "larger", "smaller"}))
    return answer + " " + joined(words, 0, count + 3);  // "45 degrees more than x"
  // "1 hour and 30 minutes"
  std::size_t next = words.ends[count - 1];
  for (const std::string_view joint : {", and ", " and ", ", ", " "}) {
    if (!text.substr(next).starts_with(joint)) continue;
    const auto smaller = chunk_at(text, next + joint.size(), options);
    if (!smaller || smaller->calculation) break;
    const Words small = words_behind(text, smaller->end);
    const std::size_t small_count = unit_words(small);
    if (small_count == 0) break;
    const Unit large_unit = unit_of(unit);
    const Unit small_unit = unit_of(joined(small, 0, small_count));
    if (large_unit.dimension != small_unit.dimension || !(small_unit.factor < large_unit.factor)) break;
    return answer + " " + unit + " " + smaller->text + " " + joined(small, 0, small_count);
  }
  return units == KnownUnits::drop ? answer : answer + " " + unit;
}

}  // namespace ft::grade
