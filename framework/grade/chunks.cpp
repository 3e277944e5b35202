// Several pieces of mathematics: all of a sentence, and those that belong to one answer.
#include <algorithm>
#include <array>
#include <cctype>

#include "framework/grade/ascii.h"
#include "framework/grade/chunk.h"
#include "framework/grade/spacing.h"

namespace ft::grade {
namespace {

// What stands left of the first "=", its index left out: "x_1" and "x_2" are values of x
std::string_view name_of(std::string_view equation) {
  const std::string_view name = trim(equation.substr(0, equation.find('=')));
  return name.substr(0, name.find('_'));
}

// "step 3", "case 2", "equation (1)": the word before a number that only points somewhere.
bool is_pointer(std::string_view before) {
  before = trim(before);
  while (before.ends_with('(') || before.ends_with('#')) before = trim(before.substr(0, before.size() - 1));
  std::size_t begin = before.size();
  while (begin > 0 && is_letter(before[begin - 1])) --begin;
  std::string word(before.substr(begin));
  for (char& c : word) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  static constexpr auto kWords = std::to_array<std::string_view>(
      {"step",      "steps",     "case",      "cases",       "part",       "question",  "problem",  "exercise",
       "figure",    "fig",       "table",     "equation",    "eq",         "equations", "example",  "chapter",
       "section",   "lemma",     "theorem",   "method",      "solution",   "approach",  "formula",  "statement",
       "page",      "pages",     "item",      "remark",      "grade",      "runner",    "version",  "attempt",
       "hint",      "note",      "corollary", "proposition", "triangle",   "circle",    "scenario", "option",
       "choice",    "condition", "property",  "rule",        "definition", "appendix",  "footnote", "reference",
       "route",     "highway",   "flight",    "phase",       "diagram",    "chart",     "graph",    "claim",
       "fact",      "axiom",     "identity",  "subcase",     "line",       "eqn",       "player",   "room",
       "apartment", "platform",  "exit",      "bus",         "gate"});
  return std::find(kWords.begin(), kWords.end(), word) != kWords.end();
}

// Scripts without blanks between words: Chinese, Japanese, Korean.
bool is_ideograph_before(std::string_view text, std::size_t at) {
  while (at > 0 && (static_cast<unsigned char>(text[at - 1]) & 0xC0U) == 0x80U) --at;
  return at > 0 && static_cast<unsigned char>(text[at - 1]) >= 0xE3 && static_cast<unsigned char>(text[at - 1]) < 0xEF;
}

}  // namespace

std::vector<Chunk> chunks_in(std::string_view sentence, const ChunkOptions& options) {
  std::vector<Chunk> chunks;
  for (std::size_t at = 0; at < sentence.size() && chunks.size() < 100;) {
    const char c = sentence[at];
    const char before = at > 0 ? sentence[at - 1] : ' ';
    const bool inside_word = is_letter(before) ||
                             (is_word_byte(before) && is_letter(c) && !is_ideograph_before(sentence, at)) ||
                             is_digit(before) || before == '_' || (before == '\'' && is_letter(c));
    const bool sign = (c == '-' || c == '+') && !(before == ' ' || before == '=' || before == '(' || before == '$' ||
                                                  before == '\n' || before == ':' || before == '{' || before == '[');
    const bool bullet = (c == '-' || c == '+') && at + 1 < sentence.size() && sentence[at + 1] == ' ';
    const bool starts = is_digit(c) || is_letter(c) || c == '{' || c == '$' || c == '\\' || c == '-' || c == '(' ||
                        c == '[' || c == '.' || c == '<' || c == '>' || c == '|';
    if (!starts || (inside_word && c != '$' && c != '\\') || sign || bullet || (c == '.' && is_digit(before))) {
      ++at;
      continue;
    }
    const auto chunk = chunk_at(sentence, at, options);
    if (!chunk || chunk->end <= at) {
      // Behind the word or the sign.
      if (is_letter(c)) {
        while (at < sentence.size() && is_word_byte(sentence[at]) && static_cast<unsigned char>(sentence[at]) < 0xE3)
          ++at;
      } else if (c == '\\') {
        ++at;
        while (at < sentence.size() && is_letter(sentence[at])) ++at;
      } else {
        ++at;
      }
      continue;
    }
    if (chunk->text.find('=') != std::string::npos || !is_pointer(sentence.substr(0, at))) chunks.push_back(*chunk);
    at = chunk->end;
  }
  return chunks;
}

Chunk joined_chunks(std::string_view text, Chunk first, const ChunkOptions& options) {
  static constexpr auto kJoints = std::to_array<std::string_view>({", and ",
                                                                   ", or ",
                                                                   " and ",
                                                                   " or ",
                                                                   " und ",
                                                                   " oder ",
                                                                   " et ",
                                                                   " ou ",
                                                                   " y ",
                                                                   " o ",
                                                                   " e ",
                                                                   " (or ",
                                                                   "\xE5\x92\x8C",
                                                                   "\xE6\x88\x96",
                                                                   " & ",
                                                                   ", ",
                                                                   " \xD0\xB8\xD0\xBB\xD0\xB8 ",
                                                                   " \xD0\xB8 ",
                                                                   " \xD8\xA3\xD9\x88 ",
                                                                   " \xE0\xA4\xAF\xE0\xA4\xBE ",
                                                                   " \xD0\xB0\xD0\xB1\xD0\xBE ",
                                                                   " \xD0\xB8\xD0\xBB\xD0\xB8 ",
                                                                   " \x73\x61\x75 ",
                                                                   " \x6E\x65\x62\x6F ",
                                                                   " \x61\x6C\x65\x62\x6F ",
                                                                   " \x74\x61\x69 ",
                                                                   " \xCE\xAE ",
                                                                   " \xD7\x90\xD7\x95 ",
                                                                   " \xE0\xB8\xAB\xE0\xB8\xA3\xE0\xB8\xB7\xE0\xB8\xAD ",
                                                                   " \xE0\xA6\x85\xE0\xA6\xA5\xE0\xA6\xAC\xE0\xA6\xBE ",
                                                                   " \xE0\xA6\xAC\xE0\xA6\xBE ",
                                                                   " \xEB\x98\x90\xEB\x8A\x94 ",
                                                                   " \xED\x98\xB9\xEC\x9D\x80 ",
                                                                   " albo ",
                                                                   " vagy ",
                                                                   " lub ",
                                                                   " veya ",
                                                                   " ve ",
                                                                   " atau ",
                                                                   " eller ",
                                                                   " ho\xE1\xBA\xB7\x63 ",
                                                                   "\xE3\x81\xBE\xE3\x81\x9F\xE3\x81\xAF"});
  static constexpr auto kAlternatives =
      std::to_array<std::string_view>({" o ",
                                       " oder ",
                                       " \xD0\xB8\xD0\xBB\xD0\xB8 ",
                                       " \xD8\xA3\xD9\x88 ",
                                       " \xE0\xA4\xAF\xE0\xA4\xBE ",
                                       " \xD0\xB0\xD0\xB1\xD0\xBE ",
                                       " \xD0\xB8\xD0\xBB\xD0\xB8 ",
                                       " \x73\x61\x75 ",
                                       " \x6E\x65\x62\x6F ",
                                       " \x61\x6C\x65\x62\x6F ",
                                       " \x74\x61\x69 ",
                                       " \xCE\xAE ",
                                       " \xD7\x90\xD7\x95 ",
                                       " \xE0\xB8\xAB\xE0\xB8\xA3\xE0\xB8\xB7\xE0\xB8\xAD ",
                                       " \xE0\xA6\x85\xE0\xA6\xA5\xE0\xA6\xAC\xE0\xA6\xBE ",
                                       " \xE0\xA6\xAC\xE0\xA6\xBE ",
                                       " \xEB\x98\x90\xEB\x8A\x94 ",
                                       " \xED\x98\xB9\xEC\x9D\x80 ",
                                       " albo ",
                                       " vagy ",
                                       " \xD8\xA3\xD9\x88 ",
                                       " \xE0\xA4\xAF\xE0\xA4\xBE ",
                                       " \xD0\xB0\xD0\xB1\xD0\xBE ",
                                       " \xD0\xB8\xD0\xBB\xD0\xB8 ",
                                       " \x73\x61\x75 ",
                                       " \x6E\x65\x62\x6F ",
                                       " \x61\x6C\x65\x62\x6F ",
                                       " \x74\x61\x69 ",
                                       " \xCE\xAE ",
                                       " \xD7\x90\xD7\x95 ",
                                       " \xE0\xB8\xAB\xE0\xB8\xA3\xE0\xB8\xB7\xE0\xB8\xAD ",
                                       " \xE0\xA6\x85\xE0\xA6\xA5\xE0\xA6\xAC\xE0\xA6\xBE ",
                                       " \xE0\xA6\xAC\xE0\xA6\xBE ",
                                       " \xEB\x98\x90\xEB\x8A\x94 ",
                                       " \xED\x98\xB9\xEC\x9D\x80 ",
                                       " albo ",
                                       " vagy ",
                                       " lub ",
                                       " veya ",
                                       " atau ",
                                       " eller ",
                                       " ho\xE1\xBA\xB7\x63 ",
                                       "\xE6\x88\x96",
                                       "\xE3\x81\xBE\xE3\x81\x9F\xE3\x81\xAF"});
  for (int links = 0; links < 30; ++links) {
    const std::string_view rest = text.substr(first.end);
    const auto plain =
        std::find_if(kJoints.begin(), kJoints.end(), [&](std::string_view j) { return rest.starts_with(j); });
    std::string_view word = plain == kJoints.end() ? std::string_view() : *plain;
    std::size_t begin = first.end + word.size();
    // "0,1", "2,\,3", "4 \text{ or } 5"
    if (word.empty() || word == ", ") {
      std::size_t at = behind_spacing(text, first.end);
      const bool comma = at < text.size() && text[at] == ',';
      if (comma) at = behind_spacing(text, at + 1);
      const auto [said, end] = joining_group(text, at);
      if (!comma && said.empty()) break;
      word = said.empty() ? ", " : said;
      begin = said.empty() ? at : behind_spacing(text, end);
    }
    const std::string_view* const joint = &word;
    const auto next = chunk_at(text, begin, options);
    if (!next || next->ordinal) break;
    // "and one of them", "and 3 apples": with a word behind it the number belongs to that.
    std::size_t behind = next->end;
    if (*joint == " (or " && behind < text.size() && text[behind] == ')') ++behind;
    while (behind < text.size() && text[behind] == ' ') ++behind;
    const std::string_view tail = text.substr(behind);
    const bool goes_on = tail.empty() || !is_word_byte(tail[0]) || tail.starts_with("and ") ||
                         tail.starts_with("or ") || tail.starts_with("und ") || tail.starts_with("et ") ||
                         tail.starts_with("because") || tail.starts_with("since") || tail.starts_with("as ");
    const bool equations = first.text.find('=') != std::string::npos && next->text.find('=') != std::string::npos;
    // "2s = 90 and s = 45": steps, and not two answers, unless both are about the same letter.
    if (equations && options.same_name_only && name_of(first.text) != name_of(next->text)) break;
    if (!goes_on && !equations && !(next->formula && *joint != ", ")) break;
    // "3/5, or 60%": one value in two forms
    const bool percent = first.text.ends_with('%');
    const bool one_percent = percent != next->text.ends_with('%') && joint->find("or") != std::string_view::npos;
    if (one_percent && (percent ? next->text : first.text).find_first_of("./\\") != std::string::npos) break;
    if (next->words && next->single) break;
    const bool alternative = joint->find("or") != std::string_view::npos ||
                             joint->find("ou") != std::string_view::npos ||
                             std::find(kAlternatives.begin(), kAlternatives.end(), *joint) != kAlternatives.end();
    first.text += (alternative ? " or " : ", ") + next->text;
    first.end = *joint == " (or " && next->end < text.size() && text[next->end] == ')' ? next->end + 1 : next->end;
    first.calculation = first.calculation || next->calculation;
  }
  return first;
}

}  // namespace ft::grade
