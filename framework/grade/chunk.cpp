#include "framework/grade/chunk.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <utility>

#include "framework/grade/number_words.h"
#include "framework/grade/scale_words.h"
#include "framework/grade/spacing.h"
#include "framework/grade/units.h"
#include "framework/grade/vocabulary.h"

namespace ft::grade {
namespace {

bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }
bool is_word_byte(char c) { return is_letter(c) || static_cast<unsigned char>(c) >= 0x80; }

std::string_view trim(std::string_view text) {
  const auto blank = [](char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r'; };
  while (!text.empty() && blank(text.front())) text.remove_prefix(1);
  while (!text.empty() && blank(text.back())) text.remove_suffix(1);
  return text;
}

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

constexpr auto kOperatorWords = std::to_array<std::pair<std::string_view, std::string_view>>(
    {{"plus ", "+"}, {"minus ", "-"}, {"times ", "\\cdot "}, {"divided by ", "/"}, {"multiplied by ", "\\cdot "}});

// Commands between two operands.
constexpr auto kOperatorCommands = std::to_array<std::string_view>(
    {"times",    "cdot",     "div",   "pm",     "mp",    "le",  "leq",   "ge",       "geq", "lt",
     "gt",       "ne",       "neq",   "approx", "equiv", "cup", "cap",   "setminus", "in",  "ast",
     "leqslant", "geqslant", "simeq", "choose", "bmod",  "mod", "ldots", "dots"});

// One grammar, whose rules call each other: longer than a file should be, and not to be read in two.
class Reader {
 public:
  Reader(std::string_view text, std::size_t at, const ChunkOptions& options)
      : text_(text), pos_(at), options_(options) {
    chunk_.begin = at;
  }

  std::optional<Chunk> run() {
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

 private:
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

  void sign() {
    for (const std::string_view word : {"minus ", "negative ", "Minus ", "Negative "}) {
      if (!rest().starts_with(word)) continue;
      const char next = at(pos_ + word.size());
      if (!is_digit(next) && next != '$' && next != '\\') return;
      pos_ += word.size();
      chunk_.text += '-';
      return;
    }
    while (at(pos_) == '-' || at(pos_) == '+') take(1);
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

  // The end of what starts with `open` at `from` and is balanced; npos where it never closes.
  [[nodiscard]] std::size_t closing(std::size_t from, char open, char close) const {
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

  bool operand() {
    constexpr int kDeepest = 50;  // "\\sin \\sin \\sin ..." of a text that went astray
    if (depth_ == kDeepest) return false;
    ++depth_;
    const bool any = operand_here();
    --depth_;
    return any;
  }

  bool operand_here() {
    const char c = at(pos_);
    if (c == '$') return dollars();
    if (c == '\\') return command();
    if (is_digit(c) || (c == '.' && is_digit(at(pos_ + 1)))) return number();
    if (c == '(' || c == '[') return bracketed();
    if (c == '|') return bars();
    if (is_letter(c)) return letters();
    return false;
  }

  bool formula(std::string_view open, std::string_view close) {
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

  bool dollars() {
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

  bool command() {
    if (formula("\\(", "\\)") || formula("\\[", "\\]")) return true;
    if (rest().starts_with("\\$")) {
      take(2);
      chunk_.money = true;
      return operand();
    }
    std::size_t end = pos_ + 1;
    while (is_letter(at(end))) ++end;
    const std::string_view name = text_.substr(pos_ + 1, end - pos_ - 1);
    if (name.empty()) {
      if (at(pos_ + 1) == '{') {  // a set
        const std::size_t close = text_.find("\\}", pos_);
        if (close == std::string_view::npos) return false;
        take(close + 2 - pos_);
        return true;
      }
      return false;
    }
    static constexpr auto kNone = std::to_array<std::string_view>(
        {"boxed",  "fbox",           "begin",   "end",    "item",        "section", "therefore",  "because", "text",
         "textbf", "Rightarrow",     "implies", "quad",   "qquad",       "n",       "rightarrow", "to",      "item",
         "hline",  "Longrightarrow", "iff",     "square", "blacksquare", "Box",     "checkmark",  "qed"});
    if (name == "begin") {
      const std::size_t close = text_.find("\\end{", pos_);
      const std::size_t brace = close == std::string_view::npos ? close : text_.find('}', close);
      if (brace == std::string_view::npos) return false;
      take(brace + 1 - pos_);
      return true;
    }
    if (std::find(kNone.begin(), kNone.end(), name) != kNone.end()) return false;
    if (trim(chunk_.text).empty() && (name == "times" || name == "cdot" || name == "div" || name == "approx"))
      return false;
    const bool root = name == "sqrt";
    const bool money = currency_of(text_.substr(pos_, end - pos_)).has_value();
    take(end - pos_);
    static constexpr auto kTwoArguments =
        std::to_array<std::string_view>({"frac", "dfrac", "tfrac", "cfrac", "binom", "dbinom", "tbinom"});
    if (std::find(kTwoArguments.begin(), kTwoArguments.end(), name) != kTwoArguments.end()) {
      if (!argument() || !argument()) return false;
      while (is_digit(at(pos_))) take(1);
      return true;
    }
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

  // What a function stands before: "\sin x", "\sin^2 y", "\log_2 8".
  void applied() {
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

  // One argument of a command, in braces or the next token: "{15}", "4", "\pi", "x".
  bool argument() {
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

  bool number() {
    const std::size_t begin = pos_;
    const auto run = [&] {
      while (is_digit(at(pos_))) take(1);
    };
    run();
    const std::size_t first = pos_ - begin;
    const auto group = [&](std::size_t from) {
      return is_digit(at(from)) && is_digit(at(from + 1)) && is_digit(at(from + 2)) && !is_digit(at(from + 3));
    };
    if (options_.decimal_comma) {
      while (first <= 3 && at(pos_) == '.' && group(pos_ + 1)) {
        ++pos_;
        run();
      }
      while (first <= 3 && at(pos_) == ' ' && group(pos_ + 1)) {
        ++pos_;
        run();
      }
      if (at(pos_) == ',' && is_digit(at(pos_ + 1))) {
        ++pos_;
        chunk_.text += '.';
        run();
      } else if (at(pos_) == '.' && is_digit(at(pos_ + 1)) && !group(pos_ + 1)) {  // as in other languages all the same
        take(1);
        run();
      }
    } else {
      for (bool again = true; again;) {
        again = false;
        for (const std::string_view comma : {",", "{,}", "\\,", ",\\!"}) {
          if (first > 3 || !rest().starts_with(comma) || !group(pos_ + comma.size())) continue;
          pos_ += comma.size();
          run();
          again = true;
          break;
        }
      }
      if (at(pos_) == ',' && first <= 2 && is_digit(at(pos_ + 1)) && is_digit(at(pos_ + 2)) && at(pos_ + 3) == ',' &&
          group(pos_ + 4)) {
        ++pos_;  // 1,00,000
        run();
        ++pos_;
        run();
      }
      while (first <= 3 && at(pos_) == ' ' && group(pos_ + 1) && at(pos_ + 4) != ',' && text_[begin] != '0') {
        ++pos_;
        run();
      }
      if (at(pos_) == '.' && is_digit(at(pos_ + 1))) {
        take(1);
        run();
        const std::size_t next = blanks_from(pos_ + 3);
        if (rest().starts_with("...") && std::string_view("\\*+-/=").find(at(next)) != std::string_view::npos &&
            at(next) != '\0')
          pos_ += 3;  // "0.333... * 60"
      }
    }
    bool colons = false;
    for (int i = 0; i < 2; ++i) {  // "4:51:06", "4\!:\!51", "1 : 2"
      const std::size_t colon = behind_spacing(text_, pos_);
      const std::size_t next = behind_spacing(text_, colon + 1);
      const bool even = (colon > pos_) == (next > colon + 1);  // "Day 1: 20 apples" is none
      if (at(colon) != ':' || !is_digit(at(next)) || !even) break;
      chunk_.text += ':';
      pos_ = next;
      run();
      colons = true;
    }
    if (colons) {
      if (const auto half = time_of_day(); half > 0) take(half);
    }
    if ((at(pos_) == 'e' || at(pos_) == 'E') && !is_letter(at(pos_ + 1))) {
      std::size_t end = pos_ + 1;
      if (at(end) == '-' || at(end) == '+') ++end;
      if (is_digit(at(end))) {
        take(end - pos_);
        run();
      }
    }
    const std::string_view behind = rest();
    for (const std::string_view ending : {"st", "nd", "rd", "th"}) {
      if (!behind.starts_with(ending) || is_letter(at(pos_ + 2))) continue;
      chunk_.ordinal = true;
      take(2);
      break;
    }
    return true;
  }

  // " p.m." behind a time.
  [[nodiscard]] std::size_t time_of_day() const {
    for (const std::string_view half : {" a.m.", " p.m.", " AM", " PM", " am", " pm", "am", "pm", "AM", "PM"}) {
      if (rest().starts_with(half) && !is_letter(at(pos_ + half.size()))) return half.size();
    }
    return 0;
  }

  // Brackets around mathematics, without words.
  [[nodiscard]] bool mathematics_inside(std::string_view inside) const {
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

  bool bracketed() {
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

  bool bars() {
    const std::size_t end = text_.find('|', pos_ + 1);
    if (end == std::string_view::npos || end > pos_ + 40 || !mathematics_inside(text_.substr(pos_ + 1, end - pos_ - 1)))
      return false;
    take(end + 1 - pos_);
    return true;
  }

  // A variable, a function with its argument, a constant, or a number in words.
  bool letters() {
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
    if ((!function_name(word).empty() || word == "sqrt") && at(end) == '(') {
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

  // The article before a number: "a dozen" and "a hundred", not "a boy".
  [[nodiscard]] static bool counts(std::string_view text) {
    const auto number = number_words(text);
    if (!number) return false;
    if (number->length > 2) return true;
    std::size_t end = 2;
    while (end < text.size() && is_letter(text[end])) ++end;
    return text.size() > 2 && scale_of(text.substr(2, end - 2)).has_value() &&
           Rational(1) < *scale_of(text.substr(2, end - 2));
  }

  bool bracketed_argument() {
    const std::size_t end = closing(pos_, '(', ')');
    if (end == std::string_view::npos) return false;
    take(end - pos_);
    return true;
  }

  // A single letter counts where mathematics goes on behind it: "x = 5", "n^2", "f(x) = ...".
  bool variable() {
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
    const bool operation_behind =
        std::string_view("=<>^+*").find(at(sign)) != std::string_view::npos && at(sign) != '\0';
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

  bool postfix() {
    const char c = at(pos_);
    if (c == '^' || c == '_') {
      std::size_t end = pos_ + 1;
      if (at(end) == '{') {
        const std::size_t close = closing(end, '{', '}');
        if (close == std::string_view::npos) return false;
        end = close;
      } else if (at(end) == '(') {
        const std::size_t close = closing(end, '(', ')');
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
    const bool factorial =
        c == '!' && at(pos_ + 1) != '!' &&
        ((at(pos_ + 1) == ' ' && at(pos_ + 2) >= 'a' && at(pos_ + 2) <= 'z') ||
         std::string_view("/*)=$\\+-^").find(at(pos_ + 1)) != std::string_view::npos ||
         (at(pos_ + 1) == ' ' && std::string_view("=*/+-\\").find(at(pos_ + 2)) != std::string_view::npos)) &&
        at(pos_ + 1) != '\0';
    if (factorial) {
      take(1);
      return true;
    }
    return false;
  }

  // What stands against an operand multiplies it, or completes a mixed number.
  bool adjoining() {
    const char c = at(pos_);
    if (chunk_.ordinal) return false;
    const Chunk saved = chunk_;
    const std::size_t before = pos_;
    const auto undo = [&] {
      chunk_ = saved;
      pos_ = before;
      return false;
    };
    if (joining_group(text_, blanks_from(pos_)).second > blanks_from(pos_)) return false;
    if (c == '\\' && is_letter(at(pos_ + 1)) && !is_operator_command()) {
      chunk_.text += rest().starts_with("\\text") ? "" : " ";
      if (rest().starts_with("\\text{") || rest().starts_with("\\mathrm{")) {
        const std::size_t close = closing(pos_ + 5, '{', '}');
        if (close == std::string_view::npos) return undo();
        take(close - pos_);
        return true;
      }
      if (currency_of(command_here())) {  // "5€"
        chunk_.text += command_here();
        pos_ += command_here().size();
        return true;
      }
      return command() || undo();
    }
    if (c == '$' && chunk_.formula && at(pos_ + 1) != ' ' && formula("$", "$")) return true;
    if (c == '(' && !chunk_.words) {
      const bool product = before > 0 && text_[before - 1] != ' ';
      return (product && bracketed()) || undo();
    }
    if (is_letter(c) && !chunk_.words && !chunk_.formula && !is_word_byte(at(pos_ + 1)) && at(pos_ + 1) != '\'') {
      // "5x"; but "5 m", "5m^2" measure, unless they are calculated with.
      if (std::string_view("mgshlLkKNJWVACF").find(c) != std::string_view::npos) {
        const std::size_t next = blanks_from(pos_ + 1);
        const bool power =  // "m^2" and "m^3" measure
            at(pos_ + 1) == '^' &&
            (std::string_view("hlLkKNJWVACF").find(c) != std::string_view::npos ||
             std::string_view("23").find(at(pos_ + (at(pos_ + 2) == '{' ? 3U : 2U))) == std::string_view::npos);
        const bool calculates =
            power || (std::string_view("+*=<>").find(at(next)) != std::string_view::npos && at(next) != '\0');
        if (!calculates) return false;
      }
      take(1);
      return true;
    }
    if (chunk_.text == "-" || chunk_.text == "+") return operand() || undo();
    if (c != ' ') {
      if (is_digit(c) && chunk_.formula) return operand() || undo();
      if (rest().starts_with("sqrt(") || (rest().starts_with("pi") && !is_letter(at(pos_ + 2))))
        return operand() || undo();
      return false;
    }
    const std::size_t next = blanks_from(pos_);
    const std::string_view behind = text_.substr(next);
    // "1 1/2"
    if (is_digit(at(next)) && !chunk_.formula && !chunk_.words) {
      std::size_t end = next;
      while (is_digit(at(end))) ++end;
      if (at(end) == '/' && is_digit(at(end + 1)) && end - next <= 3) {
        chunk_.text += ' ';
        pos_ = next;
        while (is_digit(at(pos_))) take(1);
        take(1);
        while (is_digit(at(pos_))) take(1);
        return true;
      }
    }
    for (const std::string_view factor : {"\\frac", "\\sqrt", "\\pi", "\\dfrac", "\\tfrac", "\\text{", "\\mathrm{"}) {
      if (!behind.starts_with(factor)) continue;
      pos_ = next;
      chunk_.text += ' ';
      if (factor.ends_with('{')) {
        const std::size_t close = closing(pos_ + factor.size() - 1, '{', '}');
        if (close == std::string_view::npos) return undo();
        take(close - pos_);
        return true;
      }
      return command() || undo();
    }
    if (behind.starts_with('\\') && behind.size() > 1 && is_letter(behind[1])) {  // "2 \sin x", "3 \theta"
      pos_ = next;
      if (is_operator_command() || currency_of(command_here())) return undo();
      chunk_.text += ' ';
      return command() || undo();
    }
    if (behind.starts_with("^\\circ")) {
      pos_ = next;
      take(6);
      return true;
    }
    if (behind.starts_with("sqrt(") || (behind.starts_with("pi") && !is_word_byte(at(next + 2)))) {
      pos_ = next;
      return operand() || undo();
    }
    return applied_word(next) || undo();
  }

  // "5 log 2", "2 arctan 3", "3 sin(x)" in words.
  bool applied_word(std::size_t begin) {
    std::size_t end = begin;
    while (at(end) >= 'a' && at(end) <= 'z') ++end;
    const std::string_view word = text_.substr(std::min(begin, text_.size()), end - begin);
    static constexpr auto kFunctions = std::to_array<std::string_view>(
        {"sin", "cos", "tan", "cot", "log", "ln", "exp", "sqrt", "arcsin", "arccos", "arctan", "sinh", "cosh", "tanh"});
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

  [[nodiscard]] std::string_view command_here() const {
    std::size_t end = pos_ + 1;
    while (is_letter(at(end))) ++end;
    return text_.substr(pos_, end - pos_);
  }
  [[nodiscard]] bool is_operator_command() const {
    const std::string_view name = command_here().substr(1);
    return std::find(kOperatorCommands.begin(), kOperatorCommands.end(), name) != kOperatorCommands.end();
  }

  // A letter that is no part of a command.
  [[nodiscard]] bool has_variable() const {
    const std::string& text = chunk_.text;
    for (std::size_t i = 0; i < text.size(); ++i) {
      if (!is_letter(text[i])) continue;
      const bool lone = (i == 0 || (!is_letter(text[i - 1]) && text[i - 1] != '\\')) &&
                        (i + 1 == text.size() || !is_letter(text[i + 1]));
      if (lone) return true;
    }
    return false;
  }

  // An operator and what it applies to; nothing is taken where no operand follows.
  bool operation() {
    const Chunk saved = chunk_;
    const std::size_t before = pos_;
    const auto undo = [&] {
      chunk_ = saved;
      pos_ = before;
      in_operation_ = false;
      return false;
    };
    const std::size_t at_sign = blanks_from(pos_);
    const bool spaced = at_sign > pos_;
    pos_ = at_sign;
    bool words = false;
    for (const auto& [word, meaning] : kOperatorWords) {
      if (!spaced || !rest().starts_with(word)) continue;
      pos_ += word.size();
      chunk_.text += " " + std::string(meaning) + " ";
      words = true;
      break;
    }
    if (!words) {
      const char c = at(pos_);
      if (c == '\\' && is_letter(at(pos_ + 1)) && is_operator_command()) {
        chunk_.text += ' ';
        take(command_here().size());
        chunk_.text += ' ';
      } else if (std::string_view("+-*/=<>").find(c) != std::string_view::npos && c != '\0') {
        if (c == '-' && at(pos_ + 1) == '-') return undo();
        const bool close_behind = at(pos_ + 1) != ' ';
        if (c == '-' && spaced && close_behind && !has_variable()) return undo();  // "5 -3" may be a list
        if (c == '-' && !spaced && !close_behind) return undo();
        if (c == '*' && at(pos_ + 1) == '*') take(1);
        take(1);
        if (c != '*' && (c == '<' || c == '>' || c == '=') && at(pos_) == '=') take(1);
      } else {
        return undo();
      }
    }
    pos_ = blanks_from(pos_);
    in_operation_ = true;
    while (at(pos_) == '-' || at(pos_) == '+') take(1);
    if (!operand()) return undo();
    in_operation_ = false;
    chunk_.calculation = true;
    chunk_.single = false;
    return true;
  }

  std::string_view text_;
  std::size_t pos_;
  ChunkOptions options_;
  Chunk chunk_;
  bool in_operation_ = false;
  int depth_ = 0;  // of operands in operands
};

}  // namespace

std::optional<Chunk> chunk_at(std::string_view text, std::size_t at, const ChunkOptions& options) {
  return Reader(text, at, options).run();
}

}  // namespace ft::grade
