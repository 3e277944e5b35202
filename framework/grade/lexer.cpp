#include "framework/grade/lexer.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <optional>
#include <utility>

#include "framework/grade/big_int.h"

namespace ft::grade {
namespace {

constexpr std::size_t kMaxLength = 20000;

bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }

// Signs of mathematics in UTF-8 and what they are in LaTeX.
constexpr auto kSigns = std::to_array<std::pair<std::string_view, std::string_view>>({
    {"\xC3\x97", "\\times "},
    {"\xC3\xB7", "\\div "},
    {"\xC2\xB7", "\\cdot "},
    {"\xE2\x8B\x85", "\\cdot "},
    {"\xE2\x88\x92", "-"},
    {"\xE2\x80\x93", "-"},
    {"\xE2\x80\x94", "-"},
    {"\xC2\xB1", "\\pm "},
    {"\xE2\x88\x9E", "\\infty "},
    {"\xCF\x80", "\\pi "},
    {"\xE2\x89\xA4", "\\le "},
    {"\xE2\x89\xA5", "\\ge "},
    {"\xE2\x89\xA0", "\\ne "},
    {"\xE2\x88\x9A", "\\sqrt "},
    {"\xC2\xB0", "^\\circ "},
    {"\xE2\x88\xAA", "\\cup "},
    {"\xE2\x88\xA9", "\\cap "},
    {"\xE2\x88\x85", "\\emptyset "},
    {"\xE2\x88\x88", "\\in "},
    {"\xC2\xB2", "^{2}"},
    {"\xC2\xB3", "^{3}"},
    {"\xC2\xBD", "\\frac{1}{2}"},
    {"\xC2\xBC", "\\frac{1}{4}"},
    {"\xC2\xBE", "\\frac{3}{4}"},
    {"\xC2\xA0", " "},
    {"\xE2\x80\xAF", " "},
    {"\xE2\x80\x89", " "},
    {"\xE2\x82\xAC", "\\$"},
    {"\xC2\xA3", "\\$"},
    {"\xCE\xB8", "\\theta "},
    {"\xCE\xB1", "\\alpha "},
    {"\xCE\xB2", "\\beta "},
    {"\xE2\x89\x88", "\\approx "},
    {"\xEF\xBC\x8C", ","},
    {"\xE2\x88\x97", "*"},
    {"\xE2\x81\x84", "/"},
});

constexpr std::array<std::string_view, 17> kTextCommands{
    "text", "textbf", "textit", "textrm",     "mbox",         "mathrm",     "mathbf", "mathit", "mathsf",
    "bf",   "rm",     "bold",   "textnormal", "operatorname", "boldsymbol", "hbox",   "textsf"};
constexpr std::array<std::string_view, 22> kIgnored{
    "left",  "right",     "displaystyle", "textstyle", "quad",   "qquad", "limits", "bigl",
    "bigr",  "big",       "Big",          "Bigl",      "Bigr",   "bigg",  "Bigg",   "biggl",
    "biggr", "thinspace", "thickspace",   "medspace",  "hspace", "middle"};

template <std::size_t N>
bool among(const std::array<std::string_view, N>& words, std::string_view word) {
  return std::find(words.begin(), words.end(), word) != words.end();
}

std::string to_ascii(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  for (std::size_t i = 0; i < text.size();) {
    const auto byte = static_cast<unsigned char>(text[i]);
    if (byte < 0x80) {
      if (byte < 0x20 && byte != '\t' && byte != '\n' && byte != '\r')
        throw Undecided{"control character in the answer"};
      out.push_back(text[i++]);
      continue;
    }
    const auto sign = std::find_if(kSigns.begin(), kSigns.end(),
                                   [&](const auto& entry) { return text.substr(i).starts_with(entry.first); });
    if (sign == kSigns.end()) {
      out.push_back(text[i++]);  // kept: words of other languages are compared as they are
    } else {
      out += sign->second;
      i += sign->first.size();
    }
  }
  return out;
}

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
    static constexpr std::array<std::pair<std::string_view, std::string_view>, 7> kPairs{
        {{"<=", "\\le"}, {">=", "\\ge"}, {"!=", "\\ne"}, {"=/=", "\\ne"}, {"**", "^"}, {"==", "="}, {"...", "\\dots"}}};
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
    for (const std::string_view candidate : {"{,}", ",\\! ", ",\\!", ",\\,", "\\,", "\\ ", "\\!,", "{ }", ",", " "}) {
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

  // \overline{72} after a decimal point: digits that repeat.
  [[nodiscard]] bool repeats() const {
    const std::size_t start = pos_ + (looking_at("\\overline{") ? 10 : looking_at("\\bar{") ? 5 : 0);
    if (start == pos_ || !is_digit(at(start))) return false;
    std::size_t i = start;
    while (is_digit(at(i))) ++i;
    return at(i) == '}';
  }

  void number() {
    std::string digits;
    while (is_digit(at(pos_))) digits.push_back(text_[pos_++]);
    if (!digits.empty() && digits.size() <= 3 && (digits != "0")) {
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
      if (repeats()) digits.push_back('.');
    }
    if (digits.find('.') != std::string::npos && repeats()) {
      pos_ += looking_at("\\bar") ? 4 : 9;
      digits += "(" + group().value_or("") + ")";
    }
    emit(TokenKind::number, std::move(digits) + exponent());
  }

  // "E2", "E-1" directly behind the digits: scientific notation. A small e is Euler's number.
  std::string exponent() {
    std::size_t end = pos_;
    if (at(end) != 'E') return {};
    ++end;
    if (at(end) == '-' || at(end) == '+') ++end;
    const std::size_t first = end;
    while (is_digit(at(end))) ++end;
    if (end == first || end - first > 4 || is_letter(at(end))) return {};
    std::string text = text_.substr(pos_, end - pos_);
    pos_ = end;
    return text;
  }

  // The contents of {...} at the position, with braces balanced; nothing where no group stands there.
  std::optional<std::string> group() {
    std::size_t start = pos_;
    while (at(start) == ' ') ++start;
    if (at(start) != '{') return std::nullopt;
    int depth = 0;
    for (std::size_t i = start; i < text_.size(); ++i) {
      if (text_[i] == '\\') {
        ++i;
      } else if (text_[i] == '{') {
        ++depth;
      } else if (text_[i] == '}' && --depth == 0) {
        pos_ = i + 1;
        return text_.substr(start + 1, i - start - 1);
      }
    }
    return std::nullopt;
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
    if (name == "boxed" || name == "fbox" || name == "beginboxed" || name == "mathop" || name == "ensuremath") return;
    if (among(kTextCommands, name)) {
      if (auto contents = group()) {
        emit(TokenKind::text, std::move(*contents), name);
        return;
      }
      space_ = true;
      return;
    }
    if (among(kIgnored, name)) {
      if (name == "right" || name == "left" || name == "middle") {
        if (at(pos_) == '.') ++pos_;  // \right. closes nothing
        return;
      }
      space_ = true;
      return;
    }
    emit(TokenKind::command, "\\" + name);
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
      case '%':
        emit(TokenKind::symbol, "%");
        return;
      case '\0':
        throw Undecided{"a backslash at the end"};
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
  return Lexer(std::move(ascii), options).run();
}

namespace {

std::string_view trim(std::string_view text) {
  while (!text.empty() && std::isspace(static_cast<unsigned char>(text.front())) != 0) text.remove_prefix(1);
  while (!text.empty() && std::isspace(static_cast<unsigned char>(text.back())) != 0) text.remove_suffix(1);
  return text;
}

// True where the brace at `open` is closed by the last character of the text.
bool closes_at_end(std::string_view text, std::size_t open) {
  int depth = 0;
  for (std::size_t i = open; i < text.size(); ++i) {
    if (text[i] == '\\') {
      ++i;
    } else if (text[i] == '{') {
      ++depth;
    } else if (text[i] == '}' && --depth == 0) {
      return i + 1 == text.size();
    }
  }
  return false;
}

bool unwrap(std::string_view* text, std::string_view open, std::string_view close) {
  if (text->size() < open.size() + close.size() || !text->starts_with(open) || !text->ends_with(close)) return false;
  const std::string_view inner = text->substr(open.size(), text->size() - open.size() - close.size());
  if (inner.find(open) != std::string_view::npos || inner.find(close) != std::string_view::npos) return false;
  *text = trim(inner);
  return true;
}

}  // namespace

std::string strip_delimiters(std::string_view text) {
  text = trim(text);
  for (bool again = true; again && !text.empty();) {
    again = false;
    if (text.back() == '.' && !text.ends_with("\\.") && !text.ends_with("\\right.") && !text.ends_with("..")) {
      text = trim(text.substr(0, text.size() - 1));
      again = true;
    }
    for (const auto& [open, close] : {std::pair<std::string_view, std::string_view>{"$$", "$$"},
                                      {"$", "$"},
                                      {"\\(", "\\)"},
                                      {"\\[", "\\]"},
                                      {"**", "**"}}) {
      again = unwrap(&text, open, close) || again;
    }
    for (const std::string_view box : {"\\boxed{", "\\fbox{", "\\boxed {"}) {
      if (text.starts_with(box) && closes_at_end(text, box.size() - 1)) {
        text = trim(text.substr(box.size(), text.size() - box.size() - 1));
        again = true;
      }
    }
  }
  return std::string(text);
}

}  // namespace ft::grade
