// Operands: formulas between delimiters, amounts, brackets, letters, numbers in words.
#include <algorithm>
#include <cctype>

#include "framework/grade/ascii.h"
#include "framework/grade/chunk_reader.h"
#include "framework/grade/number_words.h"
#include "framework/grade/scale_words.h"
#include "framework/grade/vocabulary.h"

namespace ft::grade {
namespace {

// Not a formula: the text between two signs of money, "$10 and $5", "$72 - $36".
bool is_prose_between(std::string_view contents) {
  if (trim(contents).empty() || contents.find("\n\n") != std::string_view::npos) return true;
  if (!is_digit(contents.front())) return false;
  if (contents.back() == ' ' || contents.ends_with("**") || contents.back() == '(') return true;
  std::size_t run = 0;  // of letters that are no command
  for (std::size_t i = 0; i < contents.size(); ++i) {
    run = is_letter(contents[i]) ? run + 1 : 0;
    if (run == 3 && (i == 2 || contents[i - 3] != '\\') && contents.substr(0, i).find('{') == std::string_view::npos)
      return true;
  }
  return false;
}

// The article before a number: "a dozen" and "a hundred", not "a boy".
bool counts(std::string_view text) {
  const auto number = number_words(text);
  if (!number) return false;
  if (number->length > 2) return true;
  std::size_t end = 2;
  while (end < text.size() && is_letter(text[end])) ++end;
  return text.size() > 2 && scale_of(text.substr(2, end - 2)).has_value() &&
         Rational(1) < *scale_of(text.substr(2, end - 2));
}

}  // namespace

bool ChunkReader::operand() {
  constexpr int kDeepest = 50;  // "\\sin \\sin \\sin ..." of a text that went astray
  if (depth_ == kDeepest) return false;
  ++depth_;
  const bool any = operand_here();
  --depth_;
  return any;
}

bool ChunkReader::operand_here() {
  const char c = at(pos_);
  if (c == '$') return dollars();
  if (c == '\\') return command();
  if (is_digit(c) || (c == '.' && is_digit(at(pos_ + 1)))) return number();
  if (c == '(' || c == '[') return bracketed();
  if (c == '{') return set();
  if (c == '|') return bars();
  if (is_letter(c)) return letters();
  return false;
}

bool ChunkReader::formula(std::string_view open, std::string_view close) {
  if (!rest().starts_with(open)) return false;
  std::size_t end = text_.find(close, pos_ + open.size());
  while (end != std::string_view::npos && close[0] == '$' && text_[end - 1] == '\\') end = text_.find(close, end + 1);
  if (end == std::string_view::npos) return false;
  const std::string_view contents = text_.substr(pos_ + open.size(), end - pos_ - open.size());
  if (close[0] == '$' && is_prose_between(contents)) return false;
  chunk_.text += contents;
  chunk_.formula = true;
  pos_ = end + close.size();
  return true;
}

bool ChunkReader::dollars() {
  if (formula("$$", "$$") || formula("$", "$")) return true;
  std::size_t next = pos_ + 1;
  if (at(next) == '-') ++next;
  if (!is_digit(at(next)) && at(next) != '.') return false;
  const bool minus = next > pos_ + 1;
  pos_ = next;
  chunk_.text += minus ? "-\\$" : "\\$";
  chunk_.money = true;
  return number();
}

bool ChunkReader::mathematics_inside(std::string_view inside) const {
  std::size_t letters = 0;
  bool any = false;
  for (std::size_t i = 0; i < inside.size(); ++i) {
    letters = is_word_byte(inside[i]) ? letters + 1 : 0;
    if (inside[i] == '\\') {
      while (i + 1 < inside.size() && is_letter(inside[i + 1])) ++i;
    }
    if (letters >= 3 && function_name(inside.substr(i - 2, 3)).empty() &&
        constant_name(inside.substr(i - 2, 3)).empty())
      return false;
    any = any || is_digit(inside[i]) || is_letter(inside[i]);
  }
  return any;
}

bool ChunkReader::bracketed() {
  const char open = at(pos_);
  std::size_t end = std::string_view::npos;
  int depth = 0;
  for (std::size_t i = pos_; i < text_.size() && i < pos_ + 200; ++i) {
    if (text_[i] == '(' || text_[i] == '[') ++depth;
    if ((text_[i] == ')' || text_[i] == ']') && --depth == 0) {
      end = i + 1;
      break;
    }
  }
  if (end == std::string_view::npos) return false;
  const std::string_view inside = text_.substr(pos_ + 1, end - pos_ - 2);
  if (!mathematics_inside(inside)) return false;
  // "(5)" behind a blank in prose may be a remark; "(3, 4)" and "(x+1)" are mathematics.
  if (open == '(' && chunk_.text.empty() && inside.size() == 1 && is_letter(inside[0])) return false;
  take(end - pos_);
  return true;
}

// "{-1, 4}" in plain text.
bool ChunkReader::set() {
  const std::size_t end = closing(pos_, '{', '}');
  if (end == std::string_view::npos || end > pos_ + 200) return false;
  const std::string_view inside = text_.substr(pos_ + 1, end - pos_ - 2);
  if (!mathematics_inside(inside) || inside.find(',') == std::string_view::npos) return false;
  chunk_.text += "\\{" + std::string(inside) + "\\}";
  pos_ = end;
  return true;
}

bool ChunkReader::bars() {
  const std::size_t end = text_.find('|', pos_ + 1);
  if (end == std::string_view::npos || end > pos_ + 40 || !mathematics_inside(text_.substr(pos_ + 1, end - pos_ - 1)))
    return false;
  take(end + 1 - pos_);
  return true;
}

bool ChunkReader::letters() {
  std::size_t end = pos_;
  while (is_letter(at(end))) ++end;
  const std::string_view word = text_.substr(pos_, end - pos_);
  if (static_cast<unsigned char>(at(end)) >= 0x80) return false;
  const bool article = word == "a" || word == "A";
  if (article && counts(rest())) {  // "a dozen", "a hundred"
    const auto number = number_words(rest());
    chunk_.words = true;
    chunk_.text += number->digits;
    pos_ += number->length;
    return true;
  }
  if (word.size() == 1) return variable();
  if (at(end) == '(' && (!function_name(word).empty() || word == "sqrt")) {
    take(end - pos_);
    return bracketed_argument();
  }
  if (word == "pi" && !chunk_.text.empty()) {
    chunk_.text += "\\pi ";
    pos_ = end;
    return true;
  }
  if (const auto number = number_words(rest()); number && number->length > 0) {
    const bool alone = chunk_.text.empty() || chunk_.text == "-";
    chunk_.words = true;
    chunk_.single = alone && number->single;
    chunk_.text += number->digits;
    pos_ += number->length;
    return true;
  }
  return false;
}

bool ChunkReader::bracketed_argument() {
  const std::size_t end = closing(pos_, '(', ')');
  if (end == std::string_view::npos) return false;
  take(end - pos_);
  return true;
}

bool ChunkReader::variable() {
  const char next = at(pos_ + 1);
  if (next == '\'' && is_letter(at(pos_ + 2))) return false;
  if (next == '.' && is_letter(at(pos_ + 2)) && at(pos_ + 3) == '.') return false;  // "i.e."
  if (!chunk_.text.empty() && chunk_.text.back() != ' ') {
    take(1);
    return true;
  }
  const bool subscripted = next == '_';
  std::size_t behind = pos_ + 1;
  if (subscripted) {
    ++behind;
    if (at(behind) == '{') {
      const std::size_t close = closing(behind, '{', '}');
      if (close == std::string_view::npos) return false;
      behind = close;
    } else if (std::isalnum(static_cast<unsigned char>(at(behind))) != 0) {
      ++behind;
    }
  }
  if (at(behind) == '(' && closing(behind, '(', ')') != std::string_view::npos) {
    const std::size_t close = closing(behind, '(', ')');
    if (close < behind + 12 && at(blanks_from(close)) == '=') behind = close;
  }
  const std::size_t sign = blanks_from(behind);
  const bool operation_behind = std::string_view("=<>^+*").find(at(sign)) != std::string_view::npos && at(sign) != '\0';
  const bool relation = text_.substr(std::min(sign, text_.size())).starts_with("\\le") ||
                        text_.substr(std::min(sign, text_.size())).starts_with("\\ge") ||
                        text_.substr(std::min(sign, text_.size())).starts_with("\\ne") ||
                        text_.substr(std::min(sign, text_.size())).starts_with("\\in") ||
                        text_.substr(std::min(sign, text_.size())).starts_with("\\approx");
  const bool difference = (at(sign) == '-' || at(sign) == '/') && is_digit(at(sign + 1)) && sign == behind;
  if (!operation_behind && !relation && !difference && !(in_operation_ && !is_word_byte(next))) return false;
  take(behind - pos_);
  return true;
}

}  // namespace ft::grade
