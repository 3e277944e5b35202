#include "framework/grade/phrase.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <vector>

#include "framework/grade/ascii.h"
#include "framework/grade/conclusion.h"
#include "framework/grade/corrections.h"
#include "framework/grade/last_word.h"
#include "framework/grade/name_number.h"
#include "framework/grade/other_scripts.h"
#include "framework/grade/standing.h"
#include "framework/grade/stated_choice.h"
#include "framework/grade/units.h"
#include "framework/grade/vocabulary.h"

namespace ft::grade {
namespace {

constexpr auto kOpenings = std::to_array<std::string_view>(
    {"exactly ", "rounded to ", "therefore", "thus", "hence", "approximately ", "about ", "around ", "roughly ",
     "simply ", "just ", "clearly ", "then ", "indeed ", "obviously ", "also ", "now ", "only ", "equal to ",
     "a total of ", "given by ", "found to be ", "going to be ", "option ", "choice ", "is ", "to be ", "precisely ",
     "nearly ", "almost ", "still ", "actually ", "of course ", "always ", "that ", "be ", "are ", "was ", "a ", "an ",
     "the number ", "the value ", "either ", "letter ", "equals ", "currently ",
     "clear: ", "as follows: ", "ungef\xC3\xA4hr ", "etwa ", "genau ", "environ ", "exactement ", "exactamente ",
     "unos ", "de ", "in fact ", "por tanto ", "por lo tanto ", "donc ", "dus ", "also ", "somit ", "daher ", "quindi ",
     "dunque ", "entonces ", "pues ", "portanto ", "ent\xC3\xA3o ", "alors ", "namely ", "\\to ", "\\rightarrow ",
     "\\Rightarrow ", "\\implies ", "\u5171\u6709", "\u4e00\u5171", "\u603b\u5171", "\u6709", "\u5e94\u4e3a",
     "\u7b49\u4e8e", "\xE5\xA4\xA7\xE7\xBA\xA6", "\xE7\xBA\xA6", "\xE6\x98\xAF", "\xE4\xB8\xBA", "\xD9\x87\xD9\x88 ",
     // before the letter of an option
     "la ", "le ", "el ", "die ", "der ", "das ", "lettre ", "letra ", "opci\xC3\xB3n ", "op\xC3\xA7\xC3\xA3o ",
     "alternativa ", "buchstabe ", "variante "});

constexpr auto kArticlesElsewhere =
    std::to_array<std::string_view>({"la ", "le ", "el ", "die ", "der ", "das ", "lettre ", "letra ", "opci\xC3\xB3n ",
                                     "op\xC3\xA7\xC3\xA3o ", "alternativa ", "buchstabe ", "variante "});

// The length of "therefore, " for the opening "therefore "; 0 where no comma follows it.
std::size_t behind_comma(std::string_view text, std::string_view opening) {
  if (!opening.ends_with(' ') || opening.size() < 5 || opening.starts_with("the ") || opening == "either ") return 0;
  const std::string_view word = opening.substr(0, opening.size() - 1);
  const bool here = text.size() > opening.size() + 1 && text.substr(word.size()).starts_with(", ") &&
                    lower_case(text.substr(0, word.size())) == word;
  return here ? opening.size() + 1 : 0;
}

// Words before an answer that do not change it.
std::size_t skip_openings(std::string_view text, std::size_t at) {
  for (bool again = true; again;) {
    again = false;
    while (at < text.size() &&
           (is_blank(text[at]) || std::string_view(":=*\"#_,>'{|").find(text[at]) != std::string_view::npos)) {
      if (text[at] == '{' && at > 0 && text[at - 1] == '\\') break;
      // A quote at the start of a line, or an arrow's head; else a relation.
      if (text[at] == '>' && at > 0 && std::string_view("\n=->").find(text[at - 1]) == std::string_view::npos) break;
      ++at;
    }
    const std::string_view rest = text.substr(std::min(at, text.size()));
    for (const std::string_view word : kOpenings) {
      if (const std::size_t comma = behind_comma(rest, word); comma > 0) {  // "of course, 84"
        at += comma;
        again = true;
        break;
      }
      if (rest.size() <= word.size() || lower_case(rest.substr(0, word.size())) != word) continue;
      if (word.back() != ' ' && is_letter(rest[word.size()])) continue;
      // "a", "an", "the number": only before mathematics, "A" alone is a choice.
      const bool article =
          word == "a " || word == "an " || word == "that " || word == "the number " || word == "the value ";
      const bool option = rest[word.size()] >= 'A' && rest[word.size()] <= 'J' &&
                          (rest.size() == word.size() + 1 || !is_word_byte(rest[word.size() + 1]));
      if (among(kArticlesElsewhere, word) && !option) continue;
      if (article &&
          (rest[0] == 'A' || (!is_digit(rest[word.size()]) && rest[word.size()] != '$' && rest[word.size()] != '\\')))
        continue;
      at += word.size();
      again = true;
      break;
    }
  }
  return at;
}

// Mathematics can start with this: a digit, a command, a bracket, a lone letter.
bool starts_mathematics(std::string_view text) {
  while (!text.empty() && (text[0] == ' ' || text[0] == '-')) text.remove_prefix(1);
  if (text.empty()) return false;
  const bool word = std::string_view("aAI").find(text[0]) != std::string_view::npos && text.size() > 2 &&
                    text[1] == ' ' && is_letter(text[2]);
  if (is_letter(text[0])) return !word && (text.size() == 1 || !is_letter(text[1]));
  return is_digit(text[0]) || (text.size() > 1 && std::string_view("\\({[|$.").find(text[0]) != std::string_view::npos);
}

// Where the first word of prose begins; commands, functions, "and", "or" and what stands in braces are none.
std::size_t mathematics_length(std::string_view sentence) {
  int depth = 0;
  for (std::size_t i = 0; i < sentence.size(); ++i) {
    if (sentence[i] == '{') ++depth;
    if (sentence[i] == '}') --depth;
    std::size_t end = i;
    while (end < sentence.size() && (is_letter(sentence[end]) || static_cast<unsigned char>(sentence[end]) >= 0x80))
      ++end;
    if (end == i) continue;
    const std::string_view word = sentence.substr(i, end - i);
    const bool command = i > 0 && sentence[i - 1] == '\\';
    const bool factors = word.size() <= 3 && i > 0 && is_digit(sentence[i - 1]);  // "2xy"
    const bool prose = word.size() >= 2 && !command && depth <= 0 && !factors && word != "and" && word != "or" &&
                       function_name(word).empty() && constant_name(word).empty() && word != "sqrt";
    if (prose) {
      while (i > 0 && (is_blank(sentence[i - 1]) || sentence[i - 1] == ',' || sentence[i - 1] == '(')) --i;
      return i;
    }
    i = end - 1;
  }
  return sentence.size();
}

// Where the sentence that goes on at `at` ends: a line, a full stop, what only gives reasons.
std::size_t sentence_end(std::string_view text, std::size_t at) {
  std::size_t end = std::min(text.find('\n', at), text.size());
  for (std::size_t i = at; i + 1 < end; ++i) {
    if ((text[i] == '.' || text[i] == '!') && is_blank(text[i + 1]) && i > at) end = i;
  }
  for (const std::string_view stop :
       {"</", " because ", ", because ", " since ", ", since ", ", which", " I hope ", ", so ", " as required", ", i.e",
        " (i.e", ", e.g", ", that is", ", namely", "\"}", "\","}) {
    end = std::min(end, std::min(text.find(stop, at), text.size()));
  }
  for (std::size_t i = at; i + 2 < end; ++i) {
    const std::string_view rest = text.substr(i, end - i);
    const bool semicolon = rest.starts_with("; ") && (i == 0 || text[i - 1] != '\\');  // "\\; " is a space
    const bool dash = rest.starts_with(" - ") && !starts_mathematics(rest.substr(3));
    if (semicolon || dash) end = i;
  }
  if (end > at + 1 && text.substr(at, end - at).ends_with("\".")) --end;
  while (end > at && (is_blank(text[end - 1]) || text[end - 1] == '"' || text[end - 1] == '*')) --end;
  return end;
}

// "B, D and E"
bool is_list_of_letters(std::string_view sentence) {
  while (sentence.ends_with('.')) sentence.remove_suffix(1);
  std::size_t letters = 0;
  for (std::size_t i = 0; i < sentence.size(); ++letters) {
    if (sentence[i] < 'A' || sentence[i] > 'Z') return false;
    ++i;
    if (i == sentence.size()) return letters > 0;
    std::size_t joint = 0;
    for (const std::string_view word : {", and ", " and ", ", ", ","}) {
      if (joint == 0 && sentence.substr(i).starts_with(word)) joint = word.size();
    }
    if (joint == 0) return false;
    i += joint;
  }
  return false;
}

// The piece that was read is only a part of a larger expression, which the reader of pieces does not know.
bool goes_on(std::string_view text, const Chunk& chunk, std::size_t end) {
  if (chunk.end >= end) return false;
  const std::string_view behind = text.substr(chunk.end, end - chunk.end);
  const std::size_t blanks = std::min(behind.find_first_not_of(' '), behind.size());
  std::string_view rest = behind.substr(blanks);
  while (rest.ends_with('.')) rest.remove_suffix(1);
  if (rest.empty()) return false;
  const std::string_view next = rest.substr(1);
  const bool only_mathematics = mathematics_length(behind) == behind.size();
  switch (rest[0]) {
    case '^':
    case '/':
    case '+':
      return blanks == 0 || starts_mathematics(next);
    case '_':
    case '*':
    case '=':
    case '<':
    case '>':
    case '-':
      return starts_mathematics(next) && (!next.starts_with('-') || only_mathematics);
    case ',':
    case ';':
    case ':':
      return starts_mathematics(next) && (next[0] != ' ' || only_mathematics);
    case '(':
      return only_mathematics && (blanks == 0 || chunk.text.ends_with(')'));
    case '\\': {
      static constexpr auto kEnds =
          std::to_array<std::string_view>({"quad", "qquad", "square", "blacksquare", "Box", "checkmark", "implies",
                                           "Rightarrow", "therefore", "because", "end", "boxed", "n"});
      std::size_t name = 0;
      while (name < next.size() && is_letter(next[name])) ++name;
      return name > 0 && std::find(kEnds.begin(), kEnds.end(), next.substr(0, name)) == kEnds.end();
    }
    default:
      break;
  }
  if (is_digit(rest[0])) return true;
  // "2 x + 3", "2xy + 3"
  std::size_t letters = 0;
  while (letters < rest.size() && is_letter(rest[letters])) ++letters;
  // "400 m^2", "400m^2"
  const bool measures = letters == 1 && unit_of(spelled_unit(rest.substr(0, 1))).dimension != "label" &&
                        (blanks > 0 || next.starts_with("^2") || next.starts_with("^3") || next.starts_with("^{"));
  const bool factors = (letters == 1 && !measures) || (blanks == 0 && letters >= 2 && letters <= 3 &&
                                                       unit_of(rest.substr(0, letters)).dimension == "label");
  if (letters == 1 && rest.size() == 1)  // "\frac{1}{4} - \frac{3}{7} i", but "\frac{1}{4} m" measures
    return chunk.text.find('\\') != std::string::npos && unit_of(spelled_unit(rest)).dimension == "label";
  return factors && (only_mathematics || letters > 1) &&
         rest.substr(letters).find_first_of("+-*/=^") != std::string_view::npos;
}

}  // namespace

std::optional<std::string> larger_expression(std::string_view sentence, const Chunk& chunk) {
  while (!sentence.empty() && (is_blank(sentence.back()) || sentence.back() == '.')) sentence.remove_suffix(1);
  // "158 + LK": words may be operands.
  std::string_view rest = sentence.substr(std::min(chunk.end, sentence.size()));
  while (rest.starts_with(' ')) rest.remove_prefix(1);
  if (!chunk.formula && rest.size() > 2 && (rest[0] == '+' || rest[0] == '*') && rest[1] == ' ' && is_letter(rest[2]))
    return std::string(sentence.substr(chunk.begin));
  if (chunk.formula || !goes_on(sentence, chunk, sentence.size())) return std::nullopt;
  const std::string_view behind = sentence.substr(chunk.end);
  if (std::count(behind.begin(), behind.end(), '{') != std::count(behind.begin(), behind.end(), '}'))
    return std::nullopt;  // cut off
  if (behind.find('$') != std::string_view::npos || mathematics_length(behind) != behind.size()) return std::nullopt;
  return std::string(sentence.substr(chunk.begin));
}

namespace {

// "(C) 12", "C: 12", "C (not B)": an option, with its wording where that is mathematics.
std::optional<std::string> option_phrase(std::string_view rest, std::string_view sentence) {
  const bool bracket = rest.starts_with('(');
  const std::size_t letter = bracket ? 1 : 0;
  if (rest.size() > letter && rest[letter] >= 'A' && rest[letter] <= 'J') {
    const std::string_view behind = rest.substr(letter + 1);
    const bool closed = bracket ? behind.starts_with(')')
                                : behind.starts_with(')') || behind.starts_with(". ") || behind.starts_with(':');
    const bool reason = rest[letter] != 'A' || behind.starts_with(" because") || behind.starts_with(" since") ||
                        behind.starts_with(" no") || behind.starts_with(" as ");
    const bool alone = behind.empty() || behind[0] == '\n' || behind.starts_with(", ") ||
                       (reason && behind.size() > 1 && behind[0] == ' ' && behind[1] >= 'a' && behind[1] <= 'z' &&
                        !behind.starts_with(" or ") && !behind.starts_with(" and ")) ||
                       behind.starts_with(" (") || behind == "." || behind.starts_with(".\n") || behind == "!" ||
                       behind.starts_with("!\n") || behind.starts_with("! ");
    if (closed || is_list_of_letters(sentence)) return std::string(sentence);
    if (alone && !bracket) return std::string(rest.substr(0, 1));
  }
  return std::nullopt;
}

// "1/3 of the total, which is 4" comes to 4.
std::optional<std::string> part_of_known(std::string_view text, const Chunk& chunk) {
  static constexpr std::string_view kWhich = ", which is ";
  const bool part = chunk.text.ends_with('%') || chunk.text.find('/') != std::string::npos ||
                    chunk.text.find("frac") != std::string::npos;
  const std::string_view behind = text.substr(chunk.end);
  const std::size_t which = behind.find(kWhich);
  if (!part || !behind.starts_with(" of ") || which == std::string_view::npos || which > 60) return std::nullopt;
  const auto total = chunk_at(text, chunk.end + which + kWhich.size());
  return total ? std::optional(total->text) : std::nullopt;
}

// Behind a number: " for Ann and 25 for Bob", " (Ann), 25 (Bob)".
bool is_several(std::string_view tail) {
  const std::size_t joint = tail.find(" and ");
  if (!tail.starts_with(" for ") || joint == std::string_view::npos) return false;
  const auto next = chunk_at(tail, joint + 5);
  return next && tail.substr(next->end).starts_with(" for ");
}

// "The answer is:\n- 84": the items of a list with bullets, where all of them are short and mathematics.
std::optional<std::string> bulleted(std::string_view text, std::size_t begin) {
  while (begin < text.size() && (text[begin] == ' ' || text[begin] == ':')) ++begin;
  std::string items;
  while (begin < text.size() && text[begin] == '\n') {
    std::size_t line = begin;
    while (line < text.size() && is_blank(text[line])) ++line;
    const std::string_view rest = text.substr(line);
    if (!rest.starts_with("- ") && !rest.starts_with("* ") && !rest.starts_with("\u2022 ")) break;
    const std::size_t end = std::min(rest.find('\n'), rest.size());
    const std::string_view item = trim(rest.substr(rest.find(' '), end - rest.find(' ')));
    constexpr std::size_t kLongest = 60;
    if (item.empty() || item.size() > kLongest || !starts_mathematics(item)) return std::nullopt;
    items += items.empty() ? "" : ", ";
    items += item;
    begin = line + end;
  }
  return items.empty() ? std::nullopt : std::optional(std::move(items));
}

// "The volume of $ABCD$ is 120", "Tom has 5 left".
std::optional<std::string> sentence_phrase(std::string_view sentence) {
  std::size_t words = 0;
  for (std::size_t i = 0; i < sentence.size(); ++i) {
    std::size_t stop = i;
    while (stop < sentence.size() && is_letter(sentence[stop])) ++stop;
    if (stop - i >= 2 && (i == 0 || sentence[i - 1] != '\\')) ++words;
    i = std::max(i, stop);
  }
  if (is_letter(sentence.empty() ? ' ' : sentence[0]) && words >= 3) {
    const std::string lower = lower_case(sentence);
    const bool limits = lower.starts_with("at least") || lower.starts_with("at most") ||
                        lower.starts_with("less than") || lower.starts_with("more than") ||
                        lower.starts_with("greater than") || lower.starts_with("between") ||
                        lower.starts_with("fewer than") || lower.starts_with("under ") || lower.starts_with("over ");
    const bool open = lower.starts_with("unknown") || lower.starts_with("undetermined") ||
                      lower.starts_with("impossible") || lower.starts_with("unclear") ||
                      lower.starts_with("undefined") || lower.starts_with("not ");
    if (limits || open) return std::string(sentence);
    return answer_in_sentence(sentence);
  }
  return std::nullopt;
}

}  // namespace

std::string answer_phrase(std::string_view text, std::size_t begin, const ChunkOptions& options) {
  if (auto listed = bulleted(text, begin)) return *listed;
  while (begin < text.size() && (text[begin] == '}' || text[begin] == ' ')) ++begin;  // "\\text{The answer is } 5"
  begin = skip_openings(text, begin);
  if (begin >= text.size()) return {};
  std::string_view rest = text.substr(begin);
  // "E. 416": the full stop belongs to the letter.
  const bool lettered = rest.size() > 3 && rest[0] >= 'A' && rest[0] <= 'J' && rest.substr(1).starts_with(". ") &&
                        (is_digit(rest[3]) || rest[3] == '$' || rest[3] == '\\');
  const std::size_t end = sentence_end(text, lettered ? begin + 3 : begin);
  for (const std::string_view word : {"yes", "no"}) {  // "no, it is not possible"
    if (rest.size() > word.size() && lower_case(rest.substr(0, word.size())) == word &&
        std::string_view(",.;:").find(rest[word.size()]) != std::string_view::npos)
      return std::string(rest.substr(0, word.size()));
  }
  // "not 80 but 84"
  if (lower_case(rest.substr(0, 4)) == "not ") {
    for (const std::string_view turn : {" but ", ", it is ", ", it's ", "; it is ", ", rather ", ", instead "}) {
      const std::size_t at = text.find(turn, begin);
      if (at != std::string_view::npos && at < end) return answer_phrase(text, at + turn.size(), options);
    }
    return std::string(text.substr(begin, end - begin));
  }
  const std::string_view sentence = text.substr(begin, end - begin);
  if (sentence.ends_with('?')) return {};  // asks
  if (starts_guessing(lower_case(sentence))) return std::string(sentence);
  if (auto choice = choice_with_wording(sentence)) return *choice;
  if (auto option = option_phrase(rest, sentence)) return *option;
  const auto chunk = chunk_at(text, begin, options);
  if (chunk && !chunk->ordinal) {
    const Chunk whole = joined_chunks(text, *chunk, options);
    const std::string_view behind = text.substr(whole.end);
    if (behind == "?" || behind.starts_with("? ") || behind.starts_with("?\n")) return {};
    if (const auto instead = taken_back(text, whole.end))
      return *instead == kWithdrawn ? std::string() : answer_phrase(text, *instead, options);
    if (goes_on(text, whole, end)) {
      Chunk larger = whole;
      larger.end = std::max(whole.end, begin + mathematics_length(sentence));
      larger.text = std::string(text.substr(begin, larger.end - begin));
      // "10+John's age": the words are an operand.
      if (larger.end < end && std::string_view("+-*/^=").find(larger.text.back()) != std::string_view::npos)
        return std::string(sentence);
      return with_words_behind(text, larger, KnownUnits::keep, options);
    }
    const std::string_view tail = text.substr(whole.end, std::max(whole.end, end) - whole.end);
    if (tail.starts_with("'s ") || says_another(text, whole.end)) return std::string(sentence);
    if (auto total = part_of_known(text, whole)) return *total;
    if (is_several(tail) || is_one_of_cases(lower_case(tail)) || changes_in_other_script(tail) ||
        is_bounded_behind(lower_case(tail), 0) || is_piece_of_name(text, whole.begin, whole.end))
      return std::string(sentence);
    if (!behind.empty() && (static_cast<unsigned char>(behind[0]) >= 0x80) && whole.formula == false) return whole.text;
    return with_words_behind(text, whole, KnownUnits::keep, options);
  }
  if (auto answer = sentence_phrase(sentence)) return *answer;
  if (auto counted = counted_in_chinese(sentence)) return *counted;
  return std::string(sentence);
}

}  // namespace ft::grade
