#include "framework/grade/lexer.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <optional>
#include <utility>

#include "framework/grade/big_int.h"
#include "framework/grade/characters.h"

namespace ft::grade {
namespace {

constexpr std::size_t kMaxLength = 20000;

bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }

constexpr auto kTextCommands = std::to_array<std::string_view>(
    {"text",   "textbf", "textit",     "textrm",       "mbox",       "mathrm", "mathbf", "mathit", "mathsf", "bf",
     "rm",     "bold",   "textnormal", "operatorname", "boldsymbol", "hbox",   "textsf", "texttt", "mathtt", "textup",
     "textsc", "emph",   "textmd",     "mathnormal",   "unit",       "si",     "bm",     "pmb"});
// Without meaning, alone.
constexpr auto kIgnored = std::to_array<std::string_view>(
    {"left",        "right",    "displaystyle", "textstyle",    "scriptstyle",  "scriptscriptstyle",
     "quad",        "qquad",    "limits",       "nolimits",     "bigl",         "bigr",
     "big",         "Big",      "Bigl",         "Bigr",         "bigg",         "Bigg",
     "biggl",       "biggr",    "bigm",         "Biggl",        "Biggr",        "thinspace",
     "thickspace",  "medspace", "middle",       "enspace",      "negthinspace", "nonumber",
     "notag",       "tiny",     "scriptsize",   "footnotesize", "small",        "normalsize",
     "large",       "Large",    "LARGE",        "huge",         "Huge",         "checkmark",
     "blacksquare", "square",   "qed",          "Box",          "strut",        "mathstrut",
     "hfill",       "hline",    "centering",    "bfseries",     "itshape",      "relax",
     "allowbreak",  "noindent", "newline"});
// Without meaning, together with the group behind them.
constexpr auto kIgnoredWithGroup = std::to_array<std::string_view>(
    {"color", "hspace", "vspace", "phantom", "hphantom", "vphantom", "tag", "label", "hskip", "mspace", "kern"});
// Only what is in the last group counts.
constexpr auto kTransparent = std::to_array<std::string_view>(
    {"boxed", "fbox", "beginboxed", "mathop", "mathord", "mathbin", "mathrel", "ensuremath", "framebox", "num", "hl",
     "smash", "mathinner", "displaylines", "ang", "underline"});
// Other names of the same thing.
constexpr auto kAliases = std::to_array<std::pair<std::string_view, std::string_view>>({
    {"lparen", "("},
    {"rparen", ")"},
    {"lbrack", "["},
    {"rbrack", "]"},
    {"vert", "|"},
    {"langle", "("},
    {"rangle", ")"},
    {"lbrace", "\\{"},
    {"rbrace", "\\}"},
    {"sfrac", "\\frac"},
    {"nicefrac", "\\frac"},
    {"flatfrac", "\\frac"},
    {"ldots", "\\dots"},
    {"dotsc", "\\dots"},
    {"cdots", "\\dots"},
    {"dotsb", "\\dots"},
    {"dotsm", "\\dots"},
    {"backslash", "\\setminus"},
    {"smallsetminus", "\\setminus"},
    {"geqq", "\\geq"},
    {"leqq", "\\leq"},
    {"colon", ":"},
    {"bigcup", "\\cup"},
    {"bigcap", "\\cap"},
    {"wedge", "\\land"},
    {"vee", "\\lor"},
    {"lnot", "\\neg"},
    {"tg", "\\tan"},
    {"ctg", "\\cot"},
    {"cotg", "\\cot"},
    {"arctg", "\\arctan"},
    {"thinspace", ","},
    {"slash", "/"},
    {"textbackslash", "\\setminus"},
    {"cong", "\\approx"},
    {"permil", "\\permille"},
    {"textdollar", "\\$"},
    {"Bbb", "\\mathbb"},
    {"dollar", "\\$"},
});

template <std::size_t N>
bool among(const std::array<std::string_view, N>& words, std::string_view word) {
  return std::find(words.begin(), words.end(), word) != words.end();
}

std::string to_ascii(std::string_view text) {
  const auto control = [](char c) {
    return static_cast<unsigned char>(c) < 0x20 && c != '\t' && c != '\n' && c != '\r';
  };
  if (std::any_of(text.begin(), text.end(), control)) throw Undecided{"control character in the answer"};
  return plain_characters(text);
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
    static constexpr std::array<std::pair<std::string_view, std::string_view>, 8> kPairs{{{"<=", "\\le"},
                                                                                          {">=", "\\ge"},
                                                                                          {"!=", "\\ne"},
                                                                                          {"=/=", "\\ne"},
                                                                                          {"<>", "\\ne"},
                                                                                          {"**", "^"},
                                                                                          {"==", "="},
                                                                                          {"...", "\\dots"}}};
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
      if (repeats() || repeats_in_brackets() > 0) digits.push_back('.');
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
    emit(TokenKind::number, std::move(digits) + exponent(decimal));
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
    if (among(kTransparent, name)) return;
    if (among(kIgnoredWithGroup, name)) {
      (void)group();
      space_ = true;
      return;
    }
    if (name == "textcolor" || name == "colorbox") {  // \\textcolor{red}{x}
      (void)group();
      return;
    }
    if (name == "SI" || name == "qty") {  // \\SI{5}{cm}
      const std::string amount = group().value_or("");
      const std::string unit = group().value_or("");
      text_.insert(pos_, amount + "\\text{" + unit + "}");
      return;
    }
    const auto alias = std::find_if(kAliases.begin(), kAliases.end(), [&](const auto& a) { return a.first == name; });
    if (alias != kAliases.end()) {
      emit(alias->second.size() == 1 ? TokenKind::symbol : TokenKind::command, std::string(alias->second));
      return;
    }
    if (among(kTextCommands, name)) {
      if (auto contents = group()) {
        const std::size_t first = contents->find_first_not_of(" -$");
        const bool number = first != std::string::npos && is_digit((*contents)[first]) && splices_++ < 50;
        if (number) {  // "\text{5 cm}"
          text_.insert(pos_, " " + *contents + " ");
          return;
        }
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

// A "$" without a partner is money where an amount follows: "$12".
std::string with_dollars(std::string text) {
  const auto is_bare = [&](std::size_t i) { return text[i] == '$' && (i == 0 || text[i - 1] != '\\'); };
  std::size_t bare = 0;
  for (std::size_t i = 0; i < text.size(); ++i) bare += is_bare(i) ? 1 : 0;
  if (bare % 2 == 0) return text;
  for (std::size_t i = text.size(); i-- > 0;) {
    const bool amount = i + 1 < text.size() && (is_digit(text[i + 1]) || text[i + 1] == '.');
    if (is_bare(i) && amount) text.insert(i, 1, '\\');
  }
  return text;
}

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
  return Lexer(with_dollars(std::move(ascii)), options).run();
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
                                      {"**", "**"},
                                      {"__", "__"},
                                      {"\"", "\""},
                                      {"``", "''"},
                                      {"`", "`"},
                                      {"*", "*"},
                                      {"_", "_"}}) {
      again = unwrap(&text, open, close) || again;
    }
    if (text.size() > 1 && (text.ends_with(':') || text.starts_with(':'))) {
      text = trim(text.ends_with(':') ? text.substr(0, text.size() - 1) : text.substr(1));
      again = true;
    }
    while (text.ends_with("\\") && !text.ends_with("\\\\\\")) {  // what a trimmed "\\ " or a line break leaves
      text = trim(text.substr(0, text.size() - 1));
      again = true;
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
