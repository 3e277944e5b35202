// What stands against an operand and belongs to it: powers, indices, percent signs, factors, the fraction of a mixed
// number.
#include <algorithm>
#include <array>
#include <cctype>
#include <utility>

#include "framework/grade/ascii.h"
#include "framework/grade/chunk_reader.h"
#include "framework/grade/spacing.h"
#include "framework/grade/units.h"

namespace ft::grade {
namespace {

constexpr auto kFunctions = std::to_array<std::string_view>(
    {"sin", "cos", "tan", "cot", "log", "ln", "exp", "sqrt", "arcsin", "arccos", "arctan", "sinh", "cosh", "tanh"});

// Letters that measure where they stand alone behind a number.
constexpr std::string_view kUnitLetters = "mgshlLkKNJWVACF";
constexpr std::string_view kUnitsWithoutPowers = "hlLkKNJWVACF";

bool is_one_of(char c, std::string_view signs) { return c != '\0' && signs.find(c) != std::string_view::npos; }

}  // namespace

// "^2", "_{n}", "^\circ".
bool ChunkReader::raised() {
  std::size_t end = pos_ + 1;
  if (at(end) == '{' || at(end) == '(') {
    const std::size_t close = at(end) == '{' ? closing(end, '{', '}') : closing(end, '(', ')');
    if (close == std::string_view::npos) return false;
    end = close;
  } else if (at(end) == '\\') {
    ++end;
    while (is_letter(at(end))) ++end;
  } else {
    if (at(end) == '-') ++end;
    if (std::isalnum(static_cast<unsigned char>(at(end))) == 0) return false;
    while (is_digit(at(end))) ++end;
    if (is_letter(at(end)) && !is_digit(at(end - 1))) ++end;
  }
  take(end - pos_);
  return true;
}

bool ChunkReader::postfix() {
  const char c = at(pos_);
  if (c == '^' || c == '_') return raised();
  if (c == '%' || rest().starts_with("\\%")) {
    pos_ += c == '%' ? 1 : 2;
    chunk_.text += "\\%";
    return true;
  }
  for (const std::string_view percent : {" %", " \\%", " percent", " per cent", "-percent"}) {
    if (!rest().starts_with(percent) || is_letter(at(pos_ + percent.size()))) continue;
    pos_ += percent.size();
    chunk_.text += "\\%";
    return true;
  }
  // "3! ways" counts, "It is 5!" exclaims.
  const char next = at(pos_ + 1);
  const char second = at(pos_ + 2);
  const bool factorial =
      c == '!' && ((next == ' ' && ((second >= 'a' && second <= 'z') || is_one_of(second, "=*/+-\\"))) ||
                   is_one_of(next, "/*)=$\\+-^."));
  if (factorial) take(1);
  return factorial;
}

// "5\pi", "5\text{ cm}", "5\euro".
bool ChunkReader::adjoining_command() {
  const State before = state();
  chunk_.text += rest().starts_with("\\text") ? "" : " ";
  if (rest().starts_with("\\text{") || rest().starts_with("\\mathrm{")) {
    const std::size_t close = closing(pos_ + 5, '{', '}');
    if (close == std::string_view::npos) return back_to(before);
    take(close - pos_);
    return true;
  }
  if (currency_of(command_here())) {  // "5€"
    chunk_.text += command_here();
    pos_ += command_here().size();
    return true;
  }
  return command() || back_to(before);
}

// "5x"; but "5 m", "5m^2" measure, unless they are calculated with.
bool ChunkReader::adjoining_letter() {
  const char c = at(pos_);
  if (kUnitLetters.find(c) != std::string_view::npos) {
    const bool power =  // "m^2" and "m^3" measure
        at(pos_ + 1) == '^' &&
        (kUnitsWithoutPowers.find(c) != std::string_view::npos ||
         std::string_view("23").find(at(pos_ + (at(pos_ + 2) == '{' ? 3U : 2U))) == std::string_view::npos);
    if (!power && !is_one_of(at(blanks_from(pos_ + 1)), "+*=<>")) return false;
  }
  take(1);
  return true;
}

bool ChunkReader::adjoining() {
  if (chunk_.ordinal) return false;
  const char c = at(pos_);
  const State before = state();
  if (joining_group(text_, blanks_from(pos_)).second > blanks_from(pos_)) return false;
  if (c == '\\' && is_letter(at(pos_ + 1)) && !is_operator_command()) return adjoining_command();
  if (c == '$' && chunk_.formula && at(pos_ + 1) != ' ' && formula("$", "$")) return true;
  if (c == '(' && !chunk_.words) {
    const bool product = pos_ > 0 && text_[pos_ - 1] != ' ';
    return (product && bracketed()) || back_to(before);
  }
  if (is_letter(c) && !chunk_.words && !chunk_.formula && !is_word_byte(at(pos_ + 1)) && at(pos_ + 1) != '\'')
    return adjoining_letter();
  if (chunk_.text == "-" || chunk_.text == "+") return operand() || back_to(before);
  if (c == ' ') return behind_blank();
  const bool factor = (is_digit(c) && chunk_.formula) || rest().starts_with("sqrt(") ||
                      (rest().starts_with("pi") && !is_letter(at(pos_ + 2)));
  return factor && (operand() || back_to(before));
}

// "1 1/2"
bool ChunkReader::fraction_behind(std::size_t next) {
  if (!is_digit(at(next)) || chunk_.formula || chunk_.words) return false;
  std::size_t end = next;
  while (is_digit(at(end))) ++end;
  if (at(end) != '/' || !is_digit(at(end + 1)) || end - next > 3) return false;
  chunk_.text += ' ';
  pos_ = next;
  take_digits();
  take(1);
  take_digits();
  return true;
}

// "2 \frac{1}{2}", "2 \sin x", "5 ^\circ", "3 pi", "5 log 2".
bool ChunkReader::behind_blank() {
  const State before = state();
  const std::size_t next = blanks_from(pos_);
  const std::string_view behind = text_.substr(next);
  if (fraction_behind(next)) return true;
  for (const std::string_view dress : {"\\text{", "\\mathrm{"}) {
    if (!behind.starts_with(dress)) continue;
    pos_ = next;
    chunk_.text += ' ';
    const std::size_t close = closing(pos_ + dress.size() - 1, '{', '}');
    if (close == std::string_view::npos) return back_to(before);
    take(close - pos_);
    return true;
  }
  if (behind.starts_with('\\') && behind.size() > 1 && is_letter(behind[1])) {
    pos_ = next;
    if (is_operator_command() || currency_of(command_here())) return back_to(before);
    chunk_.text += ' ';
    return command() || back_to(before);
  }
  if (behind.starts_with("^\\circ")) {
    pos_ = next;
    take(6);
    return true;
  }
  if (behind.starts_with("sqrt(") || (behind.starts_with("pi") && !is_word_byte(at(next + 2)))) {
    pos_ = next;
    return operand() || back_to(before);
  }
  return applied_word(next) || back_to(before);
}

bool ChunkReader::applied_word(std::size_t begin) {
  std::size_t end = begin;
  while (at(end) >= 'a' && at(end) <= 'z') ++end;
  const std::string_view word = text_.substr(std::min(begin, text_.size()), end - begin);
  if (std::find(kFunctions.begin(), kFunctions.end(), word) == kFunctions.end()) return false;
  const std::size_t argument = blanks_from(end);
  if (!is_digit(at(argument)) && at(argument) != '(' && at(argument) != '\\' &&
      !(is_letter(at(argument)) && !is_letter(at(argument + 1))))
    return false;
  chunk_.text += " " + std::string(word) + " ";
  pos_ = argument;
  const bool inside = std::exchange(in_operation_, true);
  const bool any = operand();
  in_operation_ = inside;
  return any;
}

}  // namespace ft::grade
