#include "framework/grade/lexer.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <optional>
#include <utility>

#include "framework/grade/ascii.h"
#include "framework/grade/big_int.h"
#include "framework/grade/braces.h"
#include "framework/grade/characters.h"
#include "framework/grade/delimiters.h"
#include "framework/grade/latex_command.h"

namespace ft::grade {
namespace {

constexpr std::size_t kMaxLength = 20000;

std::string to_ascii(std::string_view text) {
  const auto control = [](char c) {
    return static_cast<unsigned char>(c) < 0x20 && c != '\t' && c != '\n' && c != '\r';
  };
  if (std::any_of(text.begin(), text.end(), control)) throw Undecided{"control character in the answer"};
  return plain_characters(text);
}

// Signs of plain text with what they mean.
constexpr auto kPairs = std::to_array<std::pair<std::string_view, std::string_view>>({{"<=", "\\le"},
                                                                                      {"+/-", "\\pm"},
                                                                                      {">=", "\\ge"},
                                                                                      {"!=", "\\ne"},
                                                                                      {"=/=", "\\ne"},
                                                                                      {"<>", "\\ne"},
                                                                                      {"**", "^"},
                                                                                      {"==", "="},
                                                                                      {"...", "\\dots"}});

class Lexer {
 public:
  Lexer(std::string text, const LexOptions& options) : text_(std::move(text)), options_(options) {}

  std::vector<Token> run() {
    while (pos_ < text_.size()) step();
    tokens_.push_back({TokenKind::end, "", space_, ""});
    return std::move(tokens_);
  }

 private:
  [[nodiscard]] char at(std::size_t index) const { return index < text_.size() ? text_[index] : '\0'; }
  [[nodiscard]] bool looking_at(std::string_view what) const {
    return std::string_view(text_).substr(pos_).starts_with(what);
  }

  void emit(TokenKind kind, std::string text, std::string style = {}) {
    if (kind != TokenKind::end && kind == TokenKind::symbol && text.size() == 1) {
      if (text == "(" || text == "[" || text == "{") ++depth_;
      if (text == ")" || text == "]" || text == "}") depth_ = std::max(0, depth_ - 1);
    }
    tokens_.push_back({kind, std::move(text), space_, std::move(style)});
    space_ = false;
  }

  void step() {
    const char c = text_[pos_];
    if (std::isspace(static_cast<unsigned char>(c)) != 0 || c == '$' || c == '~') {
      space_ = space_ || c != '$';
      ++pos_;
    } else if (is_digit(c) || (c == '.' && is_digit(at(pos_ + 1)))) {
      number();
    } else if (is_letter(c) || static_cast<unsigned char>(c) >= 0x80) {
      const std::size_t start = pos_;
      while (is_letter(at(pos_)) || static_cast<unsigned char>(at(pos_)) >= 0x80) ++pos_;
      emit(TokenKind::letters, text_.substr(start, pos_ - start));
    } else if (c == '\\') {
      command();
    } else {
      sign();
    }
  }

  void sign() {
    for (const auto& [plain, meaning] : kPairs) {
      if (!looking_at(plain)) continue;
      pos_ += plain.size();
      emit(meaning.size() == 1 ? TokenKind::symbol : TokenKind::command, std::string(meaning));
      return;
    }
    emit(TokenKind::symbol, std::string(1, text_[pos_++]));
  }

  // The length of a thousands separator at `at_pos` that three digits (and no fourth) follow; 0 where there is none.
  [[nodiscard]] std::size_t separator(std::size_t at_pos) const {
    std::size_t length = 0;
    const std::string_view rest = std::string_view(text_).substr(at_pos);
    for (const std::string_view candidate :
         {"{,}", ",\\! ", ",\\!", ",\\,", "\\,", "\\ ", "\\!,", "{ }", "'", "_", ",", " "}) {
      if (!rest.starts_with(candidate)) continue;
      if (candidate == "," && (!options_.thousands || depth_ > 0)) return 0;
      if (candidate == " " && depth_ > 0) return 0;
      length = candidate.size();
      break;
    }
    if (length == 0) return 0;
    for (std::size_t i = 0; i < 3; ++i) {
      if (!is_digit(at(at_pos + length + i))) return 0;
    }
    return is_digit(at(at_pos + length + 3)) ? 0 : length;
  }

  // The length of ",00,000" behind the first digits of "1,00,000", the groups of South Asia; 0 where there are none.
  [[nodiscard]] std::size_t lakhs(std::string_view first) const {
    if (!options_.thousands || depth_ > 0 || first.empty() || first.size() > 2 || first == "0") return 0;
    std::size_t end = pos_;
    const auto group_of = [&](std::size_t size) {
      if (at(end) != ',') return false;
      for (std::size_t i = 1; i <= size; ++i) {
        if (!is_digit(at(end + i))) return false;
      }
      return !is_digit(at(end + size + 1));
    };
    int pairs = 0;
    for (; group_of(2); end += 3) ++pairs;
    if (pairs == 0 || !group_of(3)) return 0;
    end += 4;
    return at(end) == ',' ? 0 : end - pos_;
  }

  // \overline{72} after a decimal point: digits that repeat.
  [[nodiscard]] bool repeats() const {
    const std::size_t start = pos_ + (looking_at("\\overline{") ? 10 : looking_at("\\bar{") ? 5 : 0);
    if (start == pos_ || !is_digit(at(start))) return false;
    std::size_t i = start;
    while (is_digit(at(i))) ++i;
    return at(i) == '}';
  }

  // The length of "(36)" in "0.(36)" and "0.1(6)", digits that repeat; 0 where something else stands there.
  [[nodiscard]] std::size_t repeats_in_brackets() const {
    if (at(pos_) != '(') return 0;
    std::size_t end = pos_ + 1;
    while (is_digit(at(end))) ++end;
    return end > pos_ + 1 && at(end) == ')' && at(end + 1) != '^' ? end + 1 - pos_ : 0;
  }

  void number() {
    std::string digits;
    while (is_digit(at(pos_))) digits.push_back(text_[pos_++]);
    if (const std::size_t groups = lakhs(digits); groups > 0) {
      for (const std::size_t end = pos_ + groups; pos_ < end; ++pos_) {
        if (is_digit(at(pos_))) digits.push_back(at(pos_));
      }
    } else if (!digits.empty() && digits.size() <= 3 && (digits != "0")) {
      for (std::size_t length = separator(pos_); length > 0; length = separator(pos_)) {
        digits += text_.substr(pos_ + length, 3);
        pos_ += length + 3;
      }
    }
    if (at(pos_) == '.' && is_digit(at(pos_ + 1))) {
      digits.push_back(text_[pos_++]);
      while (is_digit(at(pos_))) digits.push_back(text_[pos_++]);
    } else if (at(pos_) == '.' && !is_letter(at(pos_ + 1)) && at(pos_ + 1) != '.') {
      ++pos_;  // "3." is 3
      if (repeats() || repeats_in_brackets() > 0 || looking_at("\\dot")) digits.push_back('.');
    }
    if (const std::size_t length = repeats_in_brackets(); length > 0 && digits.find('.') != std::string::npos) {
      digits += text_.substr(pos_, length);
      pos_ += length;
    }
    if (digits.find('.') != std::string::npos && repeats()) {
      pos_ += looking_at("\\bar") ? 4 : 9;
      digits += "(" + group().value_or("") + ")";
    }
    const bool decimal = digits.find('.') != std::string::npos;
    if (decimal && at(pos_) == '\\') {
      if (const std::string period = dotted(); !period.empty()) digits += "(" + period + ")";
    }
    emit(TokenKind::number, std::move(digits) + exponent(decimal));
  }

  // "0.\\dot{1}4\\dot{2}", "0.1\\dot 6": the digits between the dots repeat. The position moves behind them.
  std::string dotted() {
    std::string period;
    std::size_t end = pos_;
    int dots = 0;
    while (true) {
      if (std::string_view(text_).substr(end).starts_with("\\dot")) {
        std::size_t digit = end + 4;
        while (at(digit) == ' ' || at(digit) == '{') ++digit;
        if (!is_digit(at(digit)) || ++dots > 2) return {};
        period.push_back(at(digit));
        end = digit + 1;
        if (at(end) == '}') ++end;
      } else if (is_digit(at(end)) && dots == 1 && text_.find("\\dot", end) != std::string::npos) {
        period.push_back(at(end++));
      } else {
        break;
      }
    }
    if (dots > 0) pos_ = end;
    return period;
  }

  // "E2", "E-1" directly behind the digits: scientific notation. A small e as well, where a program would write it so:
  // "1e6", "2.5e-4", "1e+06"; but "2e" and, with LexOptions::euler, "2e-4" hold Euler's number.
  std::string exponent(bool decimal) {
    std::size_t end = pos_;
    const bool small = at(end) == 'e';
    if (at(end) != 'E' && !small) return {};
    ++end;
    const char sign = at(end);
    if (sign == '-' || sign == '+') ++end;
    const std::size_t first = end;
    while (is_digit(at(end))) ++end;
    if (end == first || end - first > 4 || is_letter(at(end)) || at(end) == '^' || at(end) == '_') return {};
    const bool short_sum = small && !decimal && (sign == '-' || sign == '+') && end - first == 1;
    if (short_sum && options_.euler) return {};
    std::string text = "E" + text_.substr(pos_ + 1, end - pos_ - 1);
    pos_ = end;
    return text;
  }

  // The contents of {...} at the position, with braces balanced; nothing where no group stands there.
  std::optional<std::string> group() {
    std::size_t start = pos_;
    while (at(start) == ' ') ++start;
    if (at(start) != '{') return std::nullopt;
    const std::size_t close = closing_brace(text_, start);
    if (close == std::string::npos) return std::nullopt;
    pos_ = close + 1;
    return text_.substr(start + 1, close - start - 1);
  }

  // Commands with arguments that are written anew, or without one of them; false where it is none of these.
  bool arguments_respelled(std::string_view name) {
    if (name == "textcolor" || name == "colorbox") {  // \\textcolor{red}{x}
      (void)group();
      return true;
    }
    if (name == "bbox") {  // \\bbox[5px]{x}
      const std::size_t close = at(pos_) == '[' ? text_.find(']', pos_) : std::string::npos;
      if (close != std::string::npos) pos_ = close + 1;
      return true;
    }
    if (name == "num") {  // \\num{12 345}
      std::string digits = group().value_or("");
      std::erase(digits, ' ');
      text_.insert(pos_, digits);
      return true;
    }
    if (name == "SI" || name == "qty") {  // \\SI{5}{cm}, \\SI{5}{\\metre\\per\\second}
      const std::string amount = group().value_or("");
      const std::string unit = spelled_unit(group().value_or(""));
      text_.insert(pos_, amount + "\\text{" + unit + "}");
      return true;
    }
    return false;
  }

  void command() {
    ++pos_;
    if (!is_letter(at(pos_))) {
      escaped(at(pos_));
      return;
    }
    const std::size_t start = pos_;
    while (is_letter(at(pos_))) ++pos_;
    std::string name = text_.substr(start, pos_ - start);
    if (name.starts_with("quad") && name.size() > 4) {  // "\\quadx": a blank forgotten
      pos_ = start + 4;
      name = "quad";
    }
    const CommandKind kind = command_kind(name);
    if (kind == CommandKind::transparent) return;
    if (kind == CommandKind::ignored_with_group) {
      if (at(pos_) == '*') ++pos_;
      if (!group()) pos_ = behind_length(text_, pos_);
      space_ = true;
      return;
    }
    if (arguments_respelled(name)) return;
    if (const auto usual = usual_name(name)) {
      emit(usual->size() == 1 ? TokenKind::symbol : TokenKind::command, std::string(*usual));
      return;
    }
    if (name == "not" && (looking_at("=") || looking_at(" ="))) {
      pos_ += at(pos_) == ' ' ? 2 : 1;
      emit(TokenKind::command, "\\ne");
      return;
    }
    if (kind == CommandKind::text) {
      text_command(name);
      return;
    }
    if (kind == CommandKind::ignored) {
      if (name == "right" || name == "left" || name == "middle") {
        if (at(pos_) == '.') ++pos_;  // \right. closes nothing
        return;
      }
      space_ = true;
      return;
    }
    emit(TokenKind::command, "\\" + name);
  }

  // \text{...} and its like: words, or mathematics in dress.
  void text_command(const std::string& name) {
    auto contents = group();
    if (!contents || trim(*contents).empty()) {
      space_ = true;
      return;
    }
    const std::size_t first = contents->find_first_not_of(" -$");
    const bool number = first != std::string::npos && is_digit((*contents)[first]);
    const bool money = *contents == "\\$" && is_digit(at(pos_));
    if ((number || money || is_formula_in_dress(*contents, name)) && splices_++ < 50) {  // "\text{5 cm}"
      const bool several = number || contents->find(',') != std::string::npos;
      text_.insert(pos_, several ? " " + *contents + " " : "{" + *contents + "}");
      return;
    }
    for (const std::string_view gap : {"\\,", "\\;", "\\ "}) {  // "m\\,s^{-1}"
      for (std::size_t i = contents->find(gap); i != std::string::npos; i = contents->find(gap))
        contents->replace(i, gap.size(), " ");
    }
    emit(TokenKind::text, std::move(*contents), name);
  }

  void escaped(char c) {
    if (c != '\0') ++pos_;
    switch (c) {
      case '(':
      case ')':
      case '[':
      case ']':
        space_ = true;
        return;  // math delimiters
      case ',':
      case ';':
      case ':':
      case '!':
      case ' ':
      case '\n':
        space_ = space_ || c != '!';
        return;
      case '{':
      case '}':
        depth_ = std::max(0, depth_ + (c == '{' ? 1 : -1));
        break;
      case '*':
        emit(TokenKind::symbol, "*");
        return;
      case '%':
        emit(TokenKind::symbol, "%");
        return;
      case '\0':  // what "\\ " leaves where the blank was trimmed
        space_ = true;
        return;
      case '|':
        emit(TokenKind::symbol, "|");
        return;
      default:
        break;
    }
    emit(TokenKind::command, std::string("\\") + c);
  }

  std::string text_;
  LexOptions options_;
  std::size_t pos_ = 0;
  int depth_ = 0;
  bool space_ = false;
  int splices_ = 0;
  std::vector<Token> tokens_;
};

}  // namespace

std::vector<Token> lex(std::string_view text, const LexOptions& options) {
  if (text.size() > kMaxLength) throw Undecided{"answer too long"};
  std::string ascii = to_ascii(text);
  // A doubled backslash before a letter is a command written by a program that escaped once too often; in a matrix it
  // ends a row, which the parser needs.
  if (ascii.find("\\begin") == std::string::npos || ascii.find("\\\\begin") != std::string::npos) {
    const bool matrix = ascii.find("\\\\begin") != std::string::npos;
    for (std::size_t at = 0; !matrix && (at = ascii.find("\\\\", at)) != std::string::npos;) ascii.erase(at, 1), ++at;
  }
  return Lexer(with_money_marked(std::move(ascii)), options).run();
}

}  // namespace ft::grade
