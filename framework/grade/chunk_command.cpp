// Commands of LaTeX in running text, with their arguments.
#include <algorithm>
#include <array>

#include "framework/grade/ascii.h"
#include "framework/grade/chunk_reader.h"
#include "framework/grade/spacing.h"
#include "framework/grade/units.h"
#include "framework/grade/vocabulary.h"

namespace ft::grade {
namespace {

// Commands that begin no mathematics.
constexpr auto kNone = std::to_array<std::string_view>(
    {"boxed",  "fbox",           "begin",   "end",    "item",        "section", "therefore",  "because", "text",
     "textbf", "Rightarrow",     "implies", "quad",   "qquad",       "n",       "rightarrow", "to",      "item",
     "hline",  "Longrightarrow", "iff",     "square", "blacksquare", "Box",     "checkmark",  "qed"});

constexpr auto kTwoArguments =
    std::to_array<std::string_view>({"frac", "dfrac", "tfrac", "cfrac", "binom", "dbinom", "tbinom"});

}  // namespace

bool ChunkReader::set_in_braces() {
  if (at(pos_ + 1) != '{') return false;
  const std::size_t close = text_.find("\\}", pos_);
  if (close == std::string_view::npos) return false;
  take(close + 2 - pos_);
  return true;
}

bool ChunkReader::environment() {
  const std::size_t close = text_.find("\\end{", pos_);
  const std::size_t brace = close == std::string_view::npos ? close : text_.find('}', close);
  if (brace == std::string_view::npos) return false;
  take(brace + 1 - pos_);
  return true;
}

bool ChunkReader::command() {
  if (formula("\\(", "\\)") || formula("\\[", "\\]")) return true;
  if (rest().starts_with("\\$")) {
    take(2);
    chunk_.money = true;
    return operand();
  }
  const std::string_view name = command_here().substr(1);
  if (name.empty()) return set_in_braces();
  if (name == "begin") return environment();
  if (std::find(kNone.begin(), kNone.end(), name) != kNone.end()) return false;
  if (trim(chunk_.text).empty() && (name == "times" || name == "cdot" || name == "div" || name == "approx"))
    return false;
  const bool money = currency_of(command_here()).has_value();
  take(name.size() + 1);
  if (std::find(kTwoArguments.begin(), kTwoArguments.end(), name) != kTwoArguments.end()) {
    if (!argument() || !argument()) return false;
    take_digits();
    return true;
  }
  return arguments_of(name, money);
}

// Behind the name of a command: its groups, or the operand that a root or a currency stands before.
bool ChunkReader::arguments_of(std::string_view name, bool money) {
  const bool root = name == "sqrt";
  bool groups = false;
  while (at(pos_) == '[' || at(pos_) == '{') {
    if (at(pos_) == '[' && !root) break;
    const std::size_t close = at(pos_) == '[' ? closing(pos_, '[', ']') : closing(pos_, '{', '}');
    if (close == std::string_view::npos) return false;
    groups = groups || at(pos_) == '{';
    take(close - pos_);
  }
  if (root && !groups) {
    chunk_.text += ' ';
    pos_ = blanks_from(pos_);
    return operand();
  }
  if (money) {
    chunk_.text += ' ';
    pos_ = blanks_from(pos_);
    chunk_.money = true;
    return operand();
  }
  if (name == "angle" || name == "triangle" || name == "measuredangle") {  // "\angle ABC"
    const std::size_t begin = blanks_from(pos_);
    std::size_t last = begin;
    while (at(last) >= 'A' && at(last) <= 'Z') ++last;
    if (last > begin && !is_letter(at(last))) take(last - pos_);
  }
  if (name == "left") {
    const std::size_t close = text_.find("\\right", pos_);
    if (close == std::string_view::npos) return false;
    take(std::min(text_.size(), close + 7) - pos_);
  }
  if (!function_name(name).empty() && !groups) applied();
  return true;
}

void ChunkReader::applied() {
  while ((at(pos_) == '^' || at(pos_) == '_') && postfix()) {
  }
  const Chunk saved = chunk_;
  const std::size_t before = pos_;
  const bool inside = in_operation_;
  pos_ = behind_spacing(text_, pos_);
  chunk_.text += ' ';
  in_operation_ = true;
  if (!operand()) {
    chunk_ = saved;
    pos_ = before;
  }
  in_operation_ = inside;
}

bool ChunkReader::argument() {
  const std::size_t begin = blanks_from(pos_);
  const bool separate = begin > pos_ && is_letter(text_[pos_ - 1]);
  pos_ = begin;
  if (separate) chunk_.text += ' ';
  std::size_t end = begin + 1;
  if (at(begin) == '{') {
    end = closing(begin, '{', '}');
  } else if (at(begin) == '\\' && is_letter(at(end))) {
    while (is_letter(at(end))) ++end;
    if (at(end) == '{') end = closing(end, '{', '}');
  } else if (!is_digit(at(begin)) && !is_letter(at(begin))) {
    return false;
  }
  if (end == std::string_view::npos) return false;
  take(end - begin);
  return true;
}

}  // namespace ft::grade
