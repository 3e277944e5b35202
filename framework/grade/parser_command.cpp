#include <algorithm>

#include "framework/grade/parser_state.h"
#include "framework/grade/units.h"
#include "framework/grade/vocabulary.h"

namespace ft::grade {

Node Parser::command() {
  const std::string text = peek().text;
  if (auto structure = command_with_contents(text)) return std::move(*structure);
  if (text == "\\dots") {
    advance();
    return {Op::words, "..."};
  }
  if (const std::string name = constant_name(text); !name.empty()) {
    advance();
    return {Op::constant, name};
  }
  if (text == "\\emptyset" || text == "\\varnothing") {
    advance();
    return Node(Op::set, std::vector<Node>{});
  }
  if (currency_of(text)) {  // "2\$" and the like: money, whatever stands around it
    advance();
    return primary();
  }
  if (text == "\\overrightarrow" || text == "\\vec") {
    if (auto named = named_vector()) return std::move(*named);
  }
  if (text == "\\overline" || text == "\\mathbb" || text == "\\vec" || text == "\\hat" || text == "\\bar" ||
      text == "\\mathcal") {
    advance();
    const Node inner = argument();
    const bool unit = text == "\\hat" && (inner.text == "i" || inner.text == "j" || inner.text == "k");
    if (unit) return inner;  // as \mathbf{i}
    if (inner.is(Op::symbol)) return {Op::symbol, (text == "\\overline" ? "\\bar" : text) + inner.text};
    throw Undecided{"cannot read " + text};
  }
  if (starts_factor()) {  // a Greek letter
    advance();
    return letter_symbol(text);
  }
  unexpected();
}

// Commands that apply to what follows or enclose it; nothing for others.
std::optional<Node> Parser::command_with_contents(const std::string& text) {
  if (text == "\\frac" || text == "\\dfrac" || text == "\\tfrac" || text == "\\cfrac") return fraction();
  if (text == "\\sqrt") return root();
  if (text == "\\{") return braces("\\}");
  if (text == "\\lfloor") return enclosed("\\rfloor", "floor");
  if (text == "\\lceil") return enclosed("\\rceil", "ceil");
  if (text == "\\lvert") return enclosed("\\rvert", "abs");
  if (text == "\\begin") return environment();
  if (text == "\\int") return integral();
  if (text == "\\lim") return limit();
  if (text == "\\sum" || text == "\\prod") return range();
  if (text == "\\neg" || text == "\\det") {
    advance();
    return Node(Op::call, text.substr(1), {factor()});
  }
  if (text == "\\binom" || text == "\\dbinom" || text == "\\tbinom") {
    advance();
    Node top = argument();
    Node bottom = argument();
    return Node(Op::call, "binom", {std::move(top), std::move(bottom)});
  }
  if (const std::string name = function_name(text); !name.empty()) {
    advance();
    return function(name);
  }
  return std::nullopt;
}

// "\vec{AB}", "\overrightarrow{AB}": two points, one arrow.
std::optional<Node> Parser::named_vector() {
  const bool group = is_symbol("{", 1) && peek(2).kind == TokenKind::letters && is_symbol("}", 3);
  if (!group || peek(2).text.size() != 2) return std::nullopt;
  const std::string points = peek(2).text;
  const auto capital = [](char c) { return c >= 'A' && c <= 'Z'; };
  if (!std::all_of(points.begin(), points.end(), capital)) return std::nullopt;
  for (int i = 0; i < 4; ++i) advance();
  return Node(Op::symbol, "\\vec" + points);
}

// The argument of a command: a group, or what LaTeX takes without braces, which is one digit of a number.
Node Parser::argument() {
  const Depth depth(*this);
  if (peek().kind == TokenKind::number) {
    Token& token = tokens_[pos_];
    if (token.text.find_first_not_of("0123456789") != std::string::npos) unexpected();
    const Node digit(Rational(BigInt::parse(token.text.substr(0, 1))));
    if (token.text.size() == 1) {
      advance();
    } else {
      token.text.erase(0, 1);
      token.after_space = false;
      budget_.spend();
    }
    return digit;
  }
  return primary();
}

Node Parser::fraction() {
  advance();
  Node top = argument();
  Node bottom = argument();
  return {Op::divide, std::vector<Node>{std::move(top), std::move(bottom)}};
}

Node Parser::root() {
  advance();
  Node degree(Rational(2));
  if (is_symbol("[")) {
    advance();
    degree = sum();
    expect_symbol("]");
  }
  Node radicand;
  if (peek().kind == TokenKind::number) {  // \sqrt10 is meant as the root of ten
    radicand = primary();
  } else {
    radicand = argument();
  }
  return {Op::root, std::vector<Node>{std::move(radicand), std::move(degree)}};
}

// \sin^2 x, \log_2(8), \max(1, 2), arcsin x.
Node Parser::function(const std::string& name) {
  const Depth depth(*this);
  std::optional<Node> power;
  std::optional<Node> base;
  while (is_symbol("^") || is_symbol("_")) {
    const bool is_power = is_symbol("^");
    advance();
    bool minus = false;
    for (; is_symbol("-"); advance()) minus = !minus;
    Node value = argument();
    if (minus) value = Node(Op::negate, std::vector<Node>{std::move(value)});
    (is_power ? power : base) = std::move(value);
  }
  std::vector<Node> arguments;
  const bool joined = name == "log" && !base && peek().kind == TokenKind::number && !peek().after_space;
  if (joined && is_symbol("(", 1)) base = primary();  // "log2(5)"
  const bool of_set = name == "max" || name == "min" || name == "gcd" || name == "lcm";
  if (is_symbol("(")) {
    advance();
    arguments = elements_until(")", ")");
    expect_symbol(")");
  } else if (of_set && is_command("\\{")) {
    advance();
    arguments = elements_until("\\}", "\\}");
    advance();
  } else if (is_symbol("{")) {
    advance();
    arguments = elements_until("}", "}");
    expect_symbol("}");
    if (arguments.empty()) unexpected();
  } else {
    arguments.push_back(function_argument());
  }
  if (arguments.empty()) unexpected();
  if (base) {
    if (name != "log") throw Undecided{"a subscript on " + name};
    arguments.push_back(std::move(*base));
  }
  const bool inverse = power && power->is(Op::negate) && power->kids[0].is(Op::number) && power->kids[0].value.is_one();
  if (inverse && function_name("arc" + name).empty()) throw Undecided{"the inverse of " + name};
  Node call(Op::call, inverse ? function_name("arc" + name) : name, std::move(arguments));
  if (!power || inverse) return call;
  return {Op::power, std::vector<Node>{std::move(call), std::move(*power)}};
}

// What a function without parentheses applies to: factors up to a sign, an operator or the next function.
Node Parser::function_argument() {
  Node argument = factor();
  while (starts_factor() && !is_symbol("(") && !is_symbol("[") && function_name(peek().text).empty()) {
    Node next = factor();
    if (argument.is(Op::multiply))
      argument.kids.push_back(std::move(next));
    else
      argument = Node(Op::multiply, std::vector<Node>{std::move(argument), std::move(next)});
  }
  return argument;
}

std::vector<Node> Parser::elements_until(std::string_view close_a, std::string_view close_b) {
  const int bars = std::exchange(bars_, 0);
  std::vector<Node> elements;
  const auto closes = [&] { return peek().text == close_a || peek().text == close_b; };
  while (!closes()) {
    elements.push_back(element());
    if (closes()) break;
    if (is_command("\\choose") || is_command("\\over")) {
      const bool choose = is_command("\\choose");
      advance();
      Node bottom = element();  // may throw: before the pieces are put together
      std::vector<Node> parts;
      parts.push_back(std::move(elements.back()));
      parts.push_back(std::move(bottom));
      elements.back() = choose ? Node(Op::call, "binom", std::move(parts)) : Node(Op::divide, std::move(parts));
      continue;
    }
    if (!is_list_separator()) unexpected();
    advance();
    if (closes()) unexpected();
  }
  bars_ = bars;
  return elements;
}

// Parentheses around one thing only group it; around several they make a tuple or an interval.
Node Parser::brackets() {
  const Depth depth(*this);
  std::string pair = peek().text;
  advance();
  std::vector<Node> elements = elements_until(")", "]");
  pair += peek().text;
  advance();
  if (elements.empty()) throw Undecided{"empty brackets"};
  const bool rows =
      pair == "[]" && std::all_of(elements.begin(), elements.end(), [&](const Node& row) {
        return row.is(Op::bracketed) && row.text == "[]" && row.kids.size() == elements.front().kids.size();
      });
  if (rows) {  // "[[1, 2], [3, 4]]"
    for (Node& row : elements) row = Node(Op::list, std::move(row.kids));
    return Node(Op::matrix, std::move(elements));
  }
  if (elements.size() == 1) {
    if (pair != "()" && pair != "[]") throw Undecided{"brackets that do not match"};
    return std::move(elements.front());
  }
  return {Op::bracketed, pair, std::move(elements)};
}

// "{...}" groups one thing and is a set of several; "\{...\}" is always a set.
Node Parser::braces(std::string_view close) {
  const Depth depth(*this);
  advance();
  if (close != "}" && is_command("\\begin")) {  // \left\{ \begin{array} ... \right.
    braced_ = true;
    return environment();
  }
  if (close != "}") {
    if (auto built = set_builder()) return std::move(*built);
  }
  std::vector<Node> elements = elements_until(close, close);
  advance();
  if (close == "}" && elements.empty() && (is_symbol("_") || is_symbol("^"))) return primary();  // "{}_{10}C_3"
  if (close == "}" && elements.empty()) throw Undecided{"an empty group"};
  if (close == "}" && elements.size() == 1) return std::move(elements.front());
  return {Op::set, std::move(elements)};
}

Node Parser::absolute() {
  const Depth depth(*this);
  advance();
  ++bars_;
  Node inner = sum();
  --bars_;
  expect_symbol("|");
  return {Op::call, "abs", {std::move(inner)}};
}

Node Parser::enclosed(std::string_view close, const std::string& name) {
  const Depth depth(*this);
  advance();
  Node inner = sum();
  if (!is_command(close)) unexpected();
  advance();
  return {Op::call, name, {std::move(inner)}};
}

// What LaTeX raises or lowers without braces: of "n_{k=1}" the letter alone.
Node Parser::bound() {
  if (peek().kind != TokenKind::letters || peek().text.size() != 1) return argument();
  const std::string letter = peek().text;
  advance();
  return letter_symbol(letter);
}

// \sum_{k=1}^{n} body and \prod: a call with the lower relation, the upper bound and the body.
Node Parser::range() {
  const Depth depth(*this);
  const std::string name = peek().text.substr(1);
  advance();
  std::optional<Node> lower;
  std::optional<Node> upper;
  while (is_symbol("_") || is_symbol("^")) {
    const bool below = is_symbol("_");
    advance();
    if (is_symbol("{")) {
      advance();
      std::vector<Node> inside = elements_until("}", "}");
      expect_symbol("}");
      if (inside.size() != 1) unexpected();
      (below ? lower : upper) = std::move(inside.front());
    } else {
      (below ? lower : upper) = bound();
    }
  }
  if (!lower || !upper) throw Undecided{"a sum without bounds"};
  Node body = product();
  return {Op::call, name, {std::move(*lower), std::move(*upper), std::move(body)}};
}

// Consumes "th" in "12th", "12^{th}", "12^{\text{th}}": what fits the number, so that "2rd" stays a product.
bool Parser::ordinal_ending(const Node& base) {
  if (!base.is(Op::number) || !base.value.is_integer() || base.value.is_negative()) return false;
  const std::size_t raised = is_symbol("^") ? (is_symbol("{", 1) ? 2 : 1) : 0;
  const Token& token = peek(raised);
  if (token.kind != TokenKind::letters && token.kind != TokenKind::text) return false;
  if (raised == 0 && token.after_space) return false;
  const std::string digits = base.value.to_string();
  const bool teen = digits.size() > 1 && digits[digits.size() - 2] == '1';
  const char last = teen ? '0' : digits.back();
  if (token.text != (last == '1' ? "st" : last == '2' ? "nd" : last == '3' ? "rd" : "th")) return false;
  if (raised == 2 && !is_symbol("}", 3)) return false;
  for (std::size_t i = 0; i <= raised + (raised == 2 ? 1 : 0); ++i) advance();
  return true;
}

// Consumes "^\circ", "^{\circ}", "^\degree".
bool Parser::degree_sign() {
  const auto is_degree = [](const Token& token) { return token.text == "\\circ" || token.text == "\\degree"; };
  if (is_degree(peek(1))) {
    advance();
    advance();
    return true;
  }
  if (is_symbol("{", 1) && is_degree(peek(2)) && is_symbol("}", 3)) {
    for (int i = 0; i < 4; ++i) advance();
    return true;
  }
  return false;
}

}  // namespace ft::grade
