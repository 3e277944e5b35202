// The grammar behind chunk.h: reads one piece of mathematics of a running text from where it starts. An operand is a
// formula between delimiters, a command, a number, brackets, a letter or a number in words; what stands against it
// multiplies it; operators join operands. Whatever cannot be finished is given back whole.
#pragma once

#include <algorithm>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include "framework/grade/chunk.h"

namespace ft::grade {

class ChunkReader {
 public:
  ChunkReader(std::string_view text, std::size_t at, const ChunkOptions& options)
      : text_(text), pos_(at), options_(options) {
    chunk_.begin = at;
  }

  std::optional<Chunk> run();

 private:
  // What an attempt began with, to go back to.
  struct State {
    Chunk chunk;
    std::size_t pos = 0;
  };

  [[nodiscard]] char at(std::size_t i) const { return i < text_.size() ? text_[i] : '\0'; }
  [[nodiscard]] std::string_view rest() const { return text_.substr(std::min(pos_, text_.size())); }
  [[nodiscard]] std::size_t blanks_from(std::size_t i) const {
    while (at(i) == ' ') ++i;
    return i;
  }
  void take(std::size_t count) {
    chunk_.text += text_.substr(pos_, count);
    pos_ += count;
  }
  void take_digits();
  [[nodiscard]] State state() const { return {chunk_, pos_}; }
  bool back_to(const State& state);  // false, for `return back_to(before);`
  // The end of what starts with `open` at `from` and is balanced; npos where it never closes.
  [[nodiscard]] std::size_t closing(std::size_t from, char open, char close) const;
  [[nodiscard]] std::string_view command_here() const;
  [[nodiscard]] bool is_operator_command() const;

  // chunk.cpp: signs and operators.
  void sign();
  [[nodiscard]] bool has_variable() const;  // a letter that is no part of a command
  bool operator_here(bool spaced);
  // An operator and what it applies to; nothing is taken where no operand follows.
  bool operation();

  // chunk_operand.cpp
  bool operand();
  bool operand_here();
  bool formula(std::string_view open, std::string_view close);
  bool dollars();
  // Brackets around mathematics, without words.
  [[nodiscard]] bool mathematics_inside(std::string_view inside) const;
  bool bracketed();
  bool set();
  bool bars();
  // A variable, a function with its argument, a constant, or a number in words.
  bool letters();
  bool bracketed_argument();
  // A single letter counts where mathematics goes on behind it: "x = 5", "n^2", "f(x) = ...".
  bool variable();

  // chunk_command.cpp
  bool command();
  bool set_in_braces();
  bool environment();
  bool arguments_of(std::string_view name, bool money);
  // What a function stands before: "\sin x", "\sin^2 y", "\log_2 8".
  void applied();
  // One argument of a command, in braces or the next token: "{15}", "4", "\pi", "x".
  bool argument();

  // chunk_number.cpp
  bool number();
  [[nodiscard]] bool three_digits(std::size_t from) const;
  void digits_with_comma(std::size_t first);
  void digits_with_point(std::size_t first);
  void colons();
  void exponent();
  // " p.m." behind a time.
  [[nodiscard]] std::size_t time_of_day() const;

  // chunk_neighbour.cpp: what stands against an operand and belongs to it.
  bool postfix();
  bool raised();
  // What stands against an operand multiplies it, or completes a mixed number.
  bool adjoining();
  bool adjoining_command();
  bool adjoining_letter();
  bool behind_blank();
  bool fraction_behind(std::size_t next);
  // "5 log 2", "2 arctan 3", "3 sin(x)" in words.
  bool applied_word(std::size_t begin);

  std::string_view text_;
  std::size_t pos_;
  ChunkOptions options_;
  Chunk chunk_;
  bool in_operation_ = false;
  int depth_ = 0;  // of operands in operands
};

}  // namespace ft::grade
