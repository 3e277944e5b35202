#include "framework/grade/chunk.h"

#include <algorithm>
#include <array>
#include <string>
#include <utility>

#include "framework/grade/ascii.h"
#include "framework/grade/chunk_reader.h"

namespace ft::grade {
namespace {

constexpr auto kOperatorWords = std::to_array<std::pair<std::string_view, std::string_view>>(
    {{"plus ", "+"}, {"minus ", "-"}, {"times ", "\\cdot "}, {"divided by ", "/"}, {"multiplied by ", "\\cdot "}});

// Commands between two operands.
constexpr auto kOperatorCommands = std::to_array<std::string_view>(
    {"times",    "cdot",     "div",   "pm",     "mp",    "le",  "leq",   "ge",       "geq", "lt",
     "gt",       "ne",       "neq",   "approx", "equiv", "cup", "cap",   "setminus", "in",  "ast",
     "leqslant", "geqslant", "simeq", "choose", "bmod",  "mod", "ldots", "dots"});

}  // namespace

void ChunkReader::take_digits() {
  while (is_digit(at(pos_))) take(1);
}

bool ChunkReader::back_to(const State& state) {
  chunk_ = state.chunk;
  pos_ = state.pos;
  return false;
}

std::optional<Chunk> ChunkReader::run() {
  sign();
  if (!operand()) return std::nullopt;
  for (int links = 0; links < 60; ++links) {
    const std::size_t before = pos_;
    if (!postfix() && !adjoining() && !operation()) break;
    if (pos_ == before) break;
  }
  chunk_.end = pos_;
  chunk_.text = std::string(trim(chunk_.text));
  return chunk_.text.empty() ? std::nullopt : std::optional(chunk_);
}

void ChunkReader::sign() {
  const char first = at(pos_);
  if (is_digit(first)) return;
  const bool word_first = first == 'm' || first == 'n' || first == 'M' || first == 'N';
  for (const std::string_view word : {"minus ", "negative ", "Minus ", "Negative "}) {
    if (!word_first || !rest().starts_with(word)) continue;
    const char next = at(pos_ + word.size());
    if (!is_digit(next) && next != '$' && next != '\\') return;
    pos_ += word.size();
    chunk_.text += '-';
    return;
  }
  while (at(pos_) == '-' || at(pos_) == '+') take(1);
  if (std::string_view("\\<>").find(at(pos_)) == std::string_view::npos) return;
  for (const std::string_view command :
       {"\\pm ", "\\pm", "\\le ", "\\ge ", "\\leq ", "\\geq ", "<", ">", "\\approx "}) {
    if (rest().starts_with(command)) {
      take(command.size());
      pos_ = blanks_from(pos_);
      break;
    }
  }
  while (at(pos_) == '-') take(1);
}

std::size_t ChunkReader::closing(std::size_t from, char open, char close) const {
  int depth = 0;
  for (std::size_t i = from; i < text_.size() && i < from + 2000; ++i) {
    if (text_[i] == '\\') {
      ++i;
    } else if (text_[i] == open) {
      ++depth;
    } else if (text_[i] == close && --depth == 0) {
      return i + 1;
    }
  }
  return std::string_view::npos;
}

std::string_view ChunkReader::command_here() const {
  std::size_t end = pos_ + 1;
  while (is_letter(at(end))) ++end;
  return text_.substr(pos_, end - pos_);
}

bool ChunkReader::is_operator_command() const {
  const std::string_view name = command_here().substr(1);
  return std::find(kOperatorCommands.begin(), kOperatorCommands.end(), name) != kOperatorCommands.end();
}

bool ChunkReader::has_variable() const {
  const std::string& text = chunk_.text;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (!is_letter(text[i])) continue;
    const bool lone = (i == 0 || (!is_letter(text[i - 1]) && text[i - 1] != '\\')) &&
                      (i + 1 == text.size() || !is_letter(text[i + 1]));
    if (lone) return true;
  }
  return false;
}

// The sign or word between two operands, with what it means; false where none stands there.
bool ChunkReader::operator_here(bool spaced) {
  for (const auto& [word, meaning] : kOperatorWords) {
    if (!spaced || !rest().starts_with(word)) continue;
    pos_ += word.size();
    chunk_.text += " " + std::string(meaning) + " ";
    return true;
  }
  const char c = at(pos_);
  for (const std::string_view either : {"+/-", "+-"}) {
    if (!rest().starts_with(either)) continue;
    pos_ += either.size();
    chunk_.text += " \\pm ";
    return true;
  }
  if (c == '\\' && is_letter(at(pos_ + 1)) && is_operator_command()) {
    chunk_.text += ' ';
    take(command_here().size());
    chunk_.text += ' ';
    return true;
  }
  if (std::string_view("+-*/=<>").find(c) == std::string_view::npos || c == '\0') return false;
  if (c == '-' && at(pos_ + 1) == '-') return false;
  const bool close_behind = at(pos_ + 1) != ' ';
  if (c == '-' && spaced && close_behind && !has_variable()) return false;  // "5 -3" may be a list
  if (c == '-' && !spaced && !close_behind) return false;
  if (c == '*' && at(pos_ + 1) == '*') take(1);
  take(1);
  if (c != '*' && (c == '<' || c == '>' || c == '=') && at(pos_) == '=') take(1);
  return true;
}

bool ChunkReader::operation() {
  const State before = state();
  pos_ = blanks_from(pos_);
  bool any = operator_here(pos_ > before.pos);
  if (any) {
    pos_ = blanks_from(pos_);
    in_operation_ = true;
    while (at(pos_) == '-' || at(pos_) == '+') take(1);
    any = operand();
  }
  in_operation_ = false;
  if (!any) return back_to(before);
  chunk_.calculation = true;
  chunk_.single = false;
  return true;
}

std::optional<Chunk> chunk_at(std::string_view text, std::size_t at, const ChunkOptions& options) {
  return ChunkReader(text, at, options).run();
}

}  // namespace ft::grade
