#include <algorithm>
#include <array>
#include <cctype>

#include "framework/grade/arithmetic.h"
#include "framework/grade/parser_state.h"
#include "framework/grade/parser_words.h"
#include "framework/grade/scale_words.h"
#include "framework/grade/units.h"
#include "framework/grade/vocabulary.h"

namespace ft::grade {
namespace {

bool is_whole(const Node& node) { return node.is(Op::number) && node.value.is_integer(); }

bool is_fraction_command(std::string_view text) {
  return text == "\\frac" || text == "\\dfrac" || text == "\\tfrac" || text == "\\cfrac";
}

// "0.333" and "0.1666" before dots as "0.(3)", "0.1(6)"; "0.2727" as "0.(27)". Empty where no digits are seen to repeat:
// one digit three times, or several twice and nothing before them (2.718281828... repeats nothing).
std::string with_period(const std::string& text) {
  const std::size_t point = text.find('.');
  const std::string places = text.substr(point + 1);
  constexpr std::size_t kLongest = 9;
  for (std::size_t length = 1; length <= kLongest && 2 * length <= places.size(); ++length) {
    const std::string block = places.substr(places.size() - length);
    std::size_t times = 0;
    std::size_t begin = places.size();
    while (begin >= length && places.compare(begin - length, length, block) == 0) {
      begin -= length;
      ++times;
    }
    const bool seen = length == 1 ? times >= 3 && begin <= 3 : times >= 2 && begin == 0;
    if (seen) return text.substr(0, point + 1) + places.substr(0, begin) + "(" + block + ")";
  }
  return {};
}

// "0.5(72)" is 0.5727272...
Rational number_value(const std::string& text, Budget& budget) {
  pay_for_digits(text.size(), budget);
  if (const std::size_t e = text.find('E'); e != std::string::npos) {
    Arithmetic arithmetic(budget);
    return arithmetic.product(number_value(text.substr(0, e), budget),
                              arithmetic.power(10, std::stoll(text.substr(e + 1))));
  }
  const std::size_t open = text.find('(');
  if (open == std::string::npos) return Rational::parse_decimal(text);
  const std::string head = text.substr(0, open);
  const std::string period = text.substr(open + 1, text.size() - open - 2);
  const std::size_t point = head.find('.');
  const Rational scale = pow(Rational(10), static_cast<long long>(head.size() - point - 1));
  const Rational nines = pow(Rational(10), static_cast<long long>(period.size())) - Rational(1);
  const Rational start = point + 1 == head.size() ? Rational::parse_decimal(head + "0") : Rational::parse_decimal(head);
  return start + Rational(BigInt::parse(period)) / (nines * scale);
}

}  // namespace

void Parser::unexpected() const {
  if (at_end()) throw Undecided{"the answer ends too early"};
  throw Undecided{"cannot read '" + peek().text.substr(0, 20) + "'"};
}

void Parser::expect_symbol(std::string_view text) {
  if (!is_symbol(text)) unexpected();
  advance();
}

bool Parser::is_list_separator() const {
  const Token& token = peek();
  if (token.kind == TokenKind::symbol) return token.text == "," || token.text == ";";
  if (token.kind == TokenKind::command) return token.text == "\\&" || token.text == "\\lor" || token.text == "\\land";
  if (token.kind == TokenKind::letters) return token.text == "and" || token.text == "or";
  return token.kind == TokenKind::text && is_separator_word(token.text);
}

std::optional<Node> Parser::only_words() const {
  std::string words;
  bool has_word = false;
  for (std::size_t i = 0; i + 1 < tokens_.size(); ++i) {
    const Token& token = tokens_[i];
    if (token.kind == TokenKind::text) {
      if (is_numeric_text(token.text) || !single_letter(token.text).empty()) return std::nullopt;
      if (!function_name(token.text).empty() || token.style == "operatorname") return std::nullopt;
      has_word = true;
    } else if (token.kind == TokenKind::letters) {
      if (!function_name(token.text).empty() || !constant_name(token.text).empty()) return std::nullopt;
      if (token.text.size() > 3 && is_symbol_command("\\" + token.text)) return std::nullopt;  // "alpha"
      has_word = has_word || token.text.size() >= 4;
    } else if (token.kind != TokenKind::number || !has_word) {
      return std::nullopt;
    }
    words += (token.after_space ? " " : "") + token.text;
  }
  words = plain_words(words);
  if (!has_word || words.empty()) return std::nullopt;
  words = usual_wording(std::move(words));
  if (words == "all real numbers") return Node(Op::symbol, "\\mathbbR");
  if (words == "empty set") return Node(Op::set, std::vector<Node>{});
  return Node(Op::words, words);
}

Node Parser::product() {
  const Depth depth(*this);
  const auto signed_factor = [this] {
    bool minus = false;
    for (; is_symbol("-") || is_symbol("+"); advance()) minus = minus != is_symbol("-");
    Node right = factor();
    return minus ? Node(Op::negate, std::vector<Node>{std::move(right)}) : right;
  };
  const auto times = [](Node left, Node right) {
    if (left.is(Op::multiply)) {
      left.kids.push_back(std::move(right));
      return left;
    }
    return Node(Op::multiply, std::vector<Node>{std::move(left), std::move(right)});
  };
  auto mixed = mixed_number();
  Node left = mixed ? std::move(*mixed) : factor();
  for (int links = 0;; ++links) {
    budget_.spend();
    if (links > kMaxChain && !left.is(Op::multiply)) throw Undecided{"too many divisions in a row"};
    if (is_symbol("*") || is_command("\\cdot") || is_command("\\times") || is_command("\\ast")) {
      advance();
      left = times(std::move(left), signed_factor());
    } else if (is_symbol("/") && left.is(Op::number) && divides_unit()) {
      return left;  // "7/hr": the label begins
    } else if ((is_symbol("/") || is_command("\\div"))) {
      advance();
      left = Node(Op::divide, std::vector<Node>{std::move(left), signed_factor()});
    } else if (is_command("\\mod") || is_command("\\bmod")) {
      advance();
      left = Node(Op::call, "mod", {std::move(left), signed_factor()});
    } else if (auto divisor = modulus()) {
      left = Node(Op::call, kResidue, {std::move(left), std::move(*divisor)});
    } else if (starts_factor()) {
      if (peek().kind == TokenKind::number && left.is(Op::number)) unexpected();
      left = times(std::move(left), factor());
    } else {
      return left;
    }
  }
}

// "/hr", "/day": a unit of several letters, with nothing multiplied behind it.
bool Parser::divides_unit() const {
  const Token& token = peek(1);
  return (token.kind == TokenKind::letters || token.kind == TokenKind::text) && token.text.size() > 1 &&
         is_unit_word(token.text) && function_name(token.text).empty();
}

// What stands in "\\pmod 4", "\\pmod{4}", "(mod 4)", "(\\text{mod } 4)": the divisor of a residue class.
std::optional<Node> Parser::modulus() {
  if (is_command("\\pmod")) {
    advance();
    if (peek().kind == TokenKind::number) return primary();
    return argument();
  }
  const auto is_mod = [](const Token& token) {
    return token.text == "\\mod" || token.text == "\\bmod" ||
           ((token.kind == TokenKind::letters || token.kind == TokenKind::text) && plain_words(token.text) == "mod");
  };
  if (!is_symbol("(") || !is_mod(peek(1))) return std::nullopt;
  advance();
  advance();
  Node divisor = sum();
  expect_symbol(")");
  return divisor;
}

// A word or unit behind a number, not a product of letters.
bool Parser::starts_label() const {
  const std::string& text = peek().text;
  if (peek().kind == TokenKind::text) {
    const std::string letter = single_letter(text);
    if (letter.empty()) {
      const bool unit = peek().style == "operatorname" && function_name(text).empty() && is_unit_word(text);
      return unit || (!is_numeric_text(text) && peek().style != "operatorname");
    }
    // "2\\mathbf{v}" and "2\\text{x}" are products, "5 \\text{ m}" measures.
    static constexpr auto kVariables =
        std::to_array<std::string_view>({"mathbf", "mathit", "bold", "boldsymbol", "bm", "pmb", "mathsf", "mathtt",
                                         "mathnormal", "bf", "operatorname"});
    if (letter == "i" || std::find(kVariables.begin(), kVariables.end(), peek().style) != kVariables.end())
      return false;
    return is_unit_word(spelled_unit(letter));
  }
  if (peek().kind != TokenKind::letters || text.size() == 1) return false;
  if (peek().after_space && text.size() <= 3 && scale_of(text)) return true;                  // "9 mil"
  if (text == "of" && peek().after_space && peek(1).kind == TokenKind::letters) return true;  // "4 of the apples"
  if (static_cast<unsigned char>(text[0]) >= 0x80) return true;
  const bool abbreviated = (text == "min" || text == "sec") && !is_symbol("(", 1) && !is_symbol("{", 1) &&
                           !is_symbol("_", 1) && peek(1).kind != TokenKind::letters;
  if (abbreviated) return true;  // minutes and seconds
  if (!function_name(text).empty() || !constant_name(text).empty() || text == "sqrt") return false;
  const bool each = text == "per" && peek().after_space && peek(1).kind != TokenKind::symbol;
  if (each && peek(1).kind != TokenKind::end) return true;  // "18 per day"
  if (peek().after_space && (text == "AD" || text == "BC" || text == "CE" || text == "BCE")) return true;
  // "5 red balloons"
  const bool noun_behind = peek().after_space && peek(1).kind == TokenKind::letters && peek(1).after_space &&
                           peek(1).text.size() >= 4 && function_name(peek(1).text).empty();
  return text.size() >= 4 || is_plain_unit(text) || noun_behind;
}

bool Parser::starts_factor() const {
  const Token& token = peek();
  if (is_list_separator()) return false;
  switch (token.kind) {
    case TokenKind::number:
      return true;
    case TokenKind::letters:
      return token.text != "U" && !starts_label() && !ratio_word();
    case TokenKind::text:
      return !starts_label();
    case TokenKind::symbol:
      return token.text == "(" || token.text == "[" || token.text == "{" || (token.text == "|" && bars_ == 0);
    case TokenKind::command:
      return is_fraction_command(token.text) || token.text == "\\sqrt" || token.text == "\\binom" ||
             token.text == "\\dbinom" || token.text == "\\tbinom" || token.text == "\\lfloor" ||
             token.text == "\\lceil" || token.text == "\\lvert" || token.text == "\\begin" || token.text == "\\sum" ||
             token.text == "\\prod" || token.text == "\\det" || token.text == "\\neg" || token.text == "\\int" ||
             token.text == "\\lim" || is_symbol_command(token.text) || !function_name(token.text).empty() ||
             !constant_name(token.text).empty();
    case TokenKind::end:
      return false;
  }
  return false;
}

// "2\frac{1}{3}" and "2 1/3": whole plus fraction, where all three are plain whole numbers.
std::optional<Node> Parser::mixed_number() {
  if (peek().kind != TokenKind::number || peek().text.find('.') != std::string::npos) return std::nullopt;
  const auto whole_at = [this](std::size_t ahead) {
    return peek(ahead).kind == TokenKind::number && peek(ahead).text.find('.') == std::string::npos;
  };
  const bool latex = peek(1).kind == TokenKind::command && is_fraction_command(peek(1).text);
  const bool plain = whole_at(1) && peek(1).after_space && is_symbol("/", 2) && whole_at(3);
  if (!latex && !plain) return std::nullopt;
  Node whole(number_value(peek().text, budget_));
  advance();
  if (plain) {
    const Rational top = number_value(peek().text, budget_);
    advance();
    advance();
    const Rational bottom = number_value(peek().text, budget_);
    advance();
    Arithmetic arithmetic(budget_);
    return Node(arithmetic.sum(whole.value, arithmetic.quotient(top, bottom)));
  }
  Node part = postfix(fraction());
  const Op op = part.is(Op::divide) && is_whole(part.kids[0]) && is_whole(part.kids[1]) ? Op::add : Op::multiply;
  return Node(op, std::vector<Node>{std::move(whole), std::move(part)});
}

Node Parser::factor() {
  const Depth depth(*this);
  return postfix(primary());
}

Node Parser::postfix(Node base) {
  for (int links = 0;; ++links) {
    budget_.spend();
    if (links > kMaxChain) throw Undecided{"too many powers in a row"};
    if (links == 0 && ordinal_ending(base)) continue;
    if (is_symbol("!")) {
      advance();
      base = Node(Op::call, "factorial", {std::move(base)});
    } else if (is_command("\\degree")) {
      advance();
      base = Node(Op::quantity, temperature_scale(), {std::move(base)});
    } else if (auto positive = positive_numbers(base)) {
      base = std::move(*positive);
    } else if (is_symbol("_") && base.is(Op::symbol) && base.text.find('_') == std::string::npos) {
      advance();  // "{x}_1"
      base.text += "_" + subscript();
    } else if (is_symbol("^")) {
      if (degree_sign()) {
        base = Node(Op::quantity, temperature_scale(), {std::move(base)});
      } else if (base.is(Op::symbol) && prime_sign()) {
        base.text += "'";
      } else if (auto half = half_of_numbers(base)) {
        base = std::move(*half);
      } else {
        advance();
        base = exponent_of(std::move(base));
      }
    } else if (is_symbol("_") && is_whole(base) && !base.value.is_negative()) {
      advance();
      Node radix = argument();
      const auto number = radix.is(Op::number) ? radix.value.as_long() : std::nullopt;
      if (!number || *number < 2 || *number > 36) throw Undecided{"a base that is no number from 2 to 36"};
      Node based(Op::based, base.value.to_string());
      based.value = radix.value;
      base = *number == 10 ? Node(base.value) : std::move(based);
    } else {
      return base;
    }
  }
}

// "C" or "F" behind a degree sign.
std::string Parser::temperature_scale() {
  const std::string letter = peek().kind == TokenKind::letters || peek().kind == TokenKind::text ? peek().text : "";
  const std::string name = plain_words(letter);
  if (name != "c" && name != "f" && name != "celsius" && name != "fahrenheit") return "degree";
  if (letter == "c" || letter == "f") return "degree";
  advance();
  return name.starts_with('c') ? "celsius" : "fahrenheit";
}

Node Parser::exponent_of(Node base) {
  if (is_command("\\top") || is_command("\\intercal")) {
    advance();
    return {Op::power, std::vector<Node>{std::move(base), Node(Op::symbol, "T")}};
  }
  bool minus = false;
  for (; is_symbol("-") || is_symbol("+"); advance()) minus = minus != is_symbol("-");
  Node exponent = peek().kind == TokenKind::number ? Node(number_value(peek().text, budget_)) : Node();
  if (peek().kind == TokenKind::number) {
    advance();
  } else {
    exponent = argument();
  }
  if (minus) exponent = Node(Op::negate, std::vector<Node>{std::move(exponent)});
  return {Op::power, std::vector<Node>{std::move(base), std::move(exponent)}};
}

Node Parser::primary() {
  const Token& token = peek();
  switch (token.kind) {
    case TokenKind::number: {
      const std::string text = token.text;
      const bool goes_on = text.find('.') != std::string::npos && peek(1).text == "\\dots";
      if (const std::string recurring = goes_on ? with_period(text) : std::string(); !recurring.empty()) {
        advance();
        advance();
        return Node(number_value(recurring, budget_));
      }
      Node number(number_value(text, budget_));
      if (text.find('.') != std::string::npos) number.text = kDecimal;
      advance();
      return number;
    }
    case TokenKind::letters:
      return letters();
    case TokenKind::text:
      return text_primary();
    case TokenKind::command:
      return command();
    case TokenKind::symbol:
      if (token.text == "(" || token.text == "[") return brackets();
      if (token.text == "{") return braces("}");
      if (token.text == "|") return absolute();
      if ((token.text == "_" || token.text == "^") && (is_symbol("{", 1) || peek(1).kind == TokenKind::number)) {
        advance();  // "_{10}C_3", "^{10}C_{3}"
        Node above = argument();
        if (is_symbol("/") && is_symbol("_", 1)) {  // "^3/_4"
          advance();
          advance();
          Node below = argument();
          return {Op::divide, std::vector<Node>{std::move(above), std::move(below)}};
        }
        if (!is_letters("C") && !is_letters("P")) unexpected();
        const std::string name = peek().text;
        advance();
        expect_symbol("_");
        Node below = argument();
        return combinations(name, {std::move(above), std::move(below)});
      }
      break;
    case TokenKind::end:
      break;
  }
  unexpected();
}

}  // namespace ft::grade
