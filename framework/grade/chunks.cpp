// Several pieces of mathematics: all of a sentence, and those that belong to one answer.
#include <algorithm>
#include <array>
#include <optional>
#include <string>
#include <utility>

#include "framework/grade/ascii.h"
#include "framework/grade/chunk.h"
#include "framework/grade/name_number.h"
#include "framework/grade/spacing.h"

namespace ft::grade {
namespace {

// What stands left of the first "=", its index left out: "x_1" and "x_2" are values of x
std::string_view name_of(std::string_view equation) {
  const std::string_view name = trim(equation.substr(0, equation.find('=')));
  return name.substr(0, name.find('_'));
}

// Scripts without blanks between words: Chinese, Japanese, Korean.
bool is_ideograph_before(std::string_view text, std::size_t at) {
  while (at > 0 && (static_cast<unsigned char>(text[at - 1]) & 0xC0U) == 0x80U) --at;
  return at > 0 && static_cast<unsigned char>(text[at - 1]) >= 0xE3 && static_cast<unsigned char>(text[at - 1]) < 0xEF;
}

// Calls visit(chunk) for each piece of a sentence, from the left, until it returns true.
template <typename Visit>
void visit_chunks(std::string_view sentence, const ChunkOptions& options, Visit&& visit) {
  for (std::size_t at = 0; at < sentence.size();) {
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
    auto chunk = chunk_at(sentence, at, options);
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
    const bool counts = chunk->text.find('=') != std::string::npos || !is_pointer(sentence.substr(0, at));
    at = chunk->end;
    if (counts && visit(std::move(*chunk))) return;
  }
}

}  // namespace

std::vector<Chunk> chunks_in(std::string_view sentence, const ChunkOptions& options) {
  constexpr std::size_t kMost = 100;
  std::vector<Chunk> chunks;
  visit_chunks(sentence, options, [&](Chunk&& chunk) {
    chunks.push_back(std::move(chunk));
    return chunks.size() == kMost;
  });
  return chunks;
}

bool holds_chunk(std::string_view sentence) {
  bool any = false;
  visit_chunks(sentence, {}, [&](Chunk&&) { return any = true; });
  return any;
}

namespace {

// A word or sign between two answers that belong together.
struct Joint {
  std::string_view text;
  bool alternative = false;  // either of the two, not both
};

constexpr auto kJoints = std::to_array<Joint>({
    {", and "},
    {", or ", true},
    {" and "},
    {" or ", true},
    {" (or ", true},
    {", "},
    {" & "},
    {" und "},
    {" oder ", true},
    {" et "},
    {" ou ", true},
    {" y "},
    {" o ", true},
    {" e "},
    {" ve "},
    {" veya ", true},
    {" albo ", true},
    {" lub ", true},
    {" vagy ", true},
    {" sau ", true},
    {" nebo ", true},
    {" alebo ", true},
    {" tai ", true},
    {" eller ", true},
    {" atau ", true},
    {" ho\u1EB7c ", true},
    {" \u0438 "},
    {" \u0438\u043B\u0438 ", true},
    {" \u0430\u0431\u043E ", true},
    {" \u03AE ", true},
    {" \u05D0\u05D5 ", true},
    {" \u0623\u0648 ", true},
    {" \u092F\u093E ", true},
    {" \u0985\u09A5\u09AC\u09BE ", true},
    {" \u09AC\u09BE ", true},
    {" \u0E2B\u0E23\u0E37\u0E2D ", true},
    {" \uB610\uB294 ", true},
    {" \uD639\uC740 ", true},
    {"\u548C"},
    {"\u6216", true},
    {"\u307E\u305F\u306F", true},
});

struct PlacedJoint {
  Joint joint;
  std::size_t end = 0;  // where the next answer begins
};

// "0,1", "2,\\,3", "4 \\text{ or } 5" and the words of the table; nothing where none of them stands at `at`.
std::optional<PlacedJoint> joint_at(std::string_view text, std::size_t at) {
  const std::string_view rest = text.substr(at);
  const auto plain =
      std::find_if(kJoints.begin(), kJoints.end(), [&](const Joint& j) { return rest.starts_with(j.text); });
  if (plain != kJoints.end() && plain->text != ", ") return PlacedJoint{*plain, at + plain->text.size()};
  std::size_t next = behind_spacing(text, at);
  const bool comma = next < text.size() && text[next] == ',';
  if (comma) next = behind_spacing(text, next + 1);
  const auto [word, end] = joining_group(text, next);
  if (!word.empty()) return PlacedJoint{{word, word == "or"}, behind_spacing(text, end)};
  return comma ? std::optional(PlacedJoint{{", "}, next}) : std::nullopt;
}

// "and one of them", "and 3 apples": with a word behind it the number belongs to that.
bool ends_answer(std::string_view tail) {
  static constexpr auto kEnds =
      std::to_array<std::string_view>({"and ", "or ", "und ", "et ", "because", "since", "as "});
  return tail.empty() || !is_word_byte(tail[0]) ||
         std::any_of(kEnds.begin(), kEnds.end(), [&](std::string_view word) { return tail.starts_with(word); });
}

// The 2 of "x = 2", of the last one of several; nothing where that is no value of a letter.
std::string_view value_of_letter(std::string_view equation) {
  const std::size_t last = equation.rfind(", ");
  if (last != std::string_view::npos) equation = equation.substr(last + 2);
  const std::size_t sign = equation.find('=');
  if (sign == std::string_view::npos) return {};
  const std::string_view name = trim(equation.substr(0, sign));
  const std::string_view value = trim(equation.substr(sign + 1));
  const bool plain = name.size() == 1 && is_letter(name[0]) && std::none_of(value.begin(), value.end(), is_letter) &&
                     value.find('=') == std::string_view::npos;
  return plain ? value : std::string_view();
}

// "x = 2" and "y = -5": beside each other the two parts of an answer.
bool is_pair_of_values(std::string_view first, std::string_view next) {
  const std::string_view one = value_of_letter(first);
  const std::string_view other = value_of_letter(next);
  return !one.empty() && !other.empty() && one != other;
}

// "when y = 3, x = 6": the first one is no part of the answer.
bool is_given(std::string_view before) {
  while (!before.empty() &&
         (before.ends_with(' ') || before.ends_with('$') || before.ends_with('(') || before.ends_with('\\')))
    before.remove_suffix(1);
  static constexpr auto kGiving =
      std::to_array<std::string_view>({"when", "When", "if", "If", "for", "For", "with", "With", "where", "since",
                                       "Since", "as", "at", "given", "let", "Let"});
  const std::string_view word = before.substr(before.find_last_of(" ,") + 1);
  return std::find(kGiving.begin(), kGiving.end(), word) != kGiving.end();
}

// "3/5, or 60%": one value in two forms.
bool is_same_in_percent(const Chunk& first, const Chunk& next) {
  const bool percent = first.text.ends_with('%');
  return percent != next.text.ends_with('%') &&
         (percent ? next.text : first.text).find_first_of("./\\") != std::string::npos;
}

}  // namespace

Chunk joined_chunks(std::string_view text, Chunk first, const ChunkOptions& options) {
  for (int links = 0; links < 30; ++links) {
    const auto placed = joint_at(text, first.end);
    if (!placed) break;
    const auto next = chunk_at(text, placed->end, options);
    if (!next || next->ordinal) break;
    const bool bracket = placed->joint.text == " (or " && next->end < text.size() && text[next->end] == ')';
    const std::size_t end = next->end + (bracket ? 1 : 0);
    std::size_t behind = end;
    while (behind < text.size() && text[behind] == ' ') ++behind;
    const bool equations = first.text.find('=') != std::string::npos && next->text.find('=') != std::string::npos;
    // "2s = 90 and s = 45": steps, and not two answers, unless both are about the same letter.
    if (equations && options.same_name_only && name_of(first.text) != name_of(next->text) &&
        (is_given(text.substr(0, first.begin)) || !is_pair_of_values(first.text, next->text)))
      break;
    if (!ends_answer(text.substr(behind)) && !equations && !(next->formula && placed->joint.text != ", ")) break;
    if (placed->joint.alternative && is_same_in_percent(first, *next)) break;
    if (next->words && next->single) break;
    first.text += (placed->joint.alternative ? " or " : ", ") + next->text;
    first.end = end;
    first.calculation = first.calculation || next->calculation;
  }
  return first;
}

}  // namespace ft::grade
