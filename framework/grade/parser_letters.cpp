// Runs of letters: functions, constants, variables with subscripts and arguments, words; and the primes, powers and
// subscripts that make sets of numbers of letters.
#include <algorithm>
#include <array>
#include <cctype>

#include "framework/grade/ascii.h"
#include "framework/grade/parser_state.h"
#include "framework/grade/parser_words.h"
#include "framework/grade/vocabulary.h"

namespace ft::grade {
namespace {

constexpr auto kSymbolCommands = std::to_array<std::string_view>(
    {"\\alpha",    "\\beta",  "\\gamma",    "\\delta",  "\\epsilon", "\\varepsilon", "\\zeta",  "\\eta",    "\\theta",
     "\\vartheta", "\\iota",  "\\kappa",    "\\lambda", "\\mu",      "\\nu",         "\\xi",    "\\rho",    "\\sigma",
     "\\tau",      "\\phi",   "\\varphi",   "\\chi",    "\\psi",     "\\omega",      "\\Gamma", "\\Delta",  "\\Theta",
     "\\Lambda",   "\\Sigma", "\\Phi",      "\\Psi",    "\\Omega",   "\\ell",        "\\hbar",  "\\mathbb", "\\vec",
     "\\hat",      "\\bar",   "\\triangle", "\\angle",  "\\mathcal"});

}  // namespace

bool is_symbol_command(std::string_view text) {
  return std::find(kSymbolCommands.begin(), kSymbolCommands.end(), text) != kSymbolCommands.end();
}

std::string single_letter(std::string_view text) {
  std::string letters;
  for (const char c : text) {
    if (std::isalpha(static_cast<unsigned char>(c)) != 0)
      letters.push_back(c);
    else if (c != '(' && c != ')' && c != ' ' && c != '.')
      return {};
  }
  return letters.size() == 1 ? letters : std::string();
}

bool is_numeric_text(std::string_view text) {
  const bool digits = std::any_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
  const bool letters =
      std::any_of(text.begin(), text.end(), [](unsigned char c) { return std::isalpha(c) != 0 || c >= 0x80; });
  return digits && (!letters || text.find('\\') != std::string_view::npos);
}

// Consumes "^{\prime}" and "^\prime".
bool Parser::prime_sign() {
  const bool group = is_symbol("{", 1);
  const std::size_t at = group ? 2 : 1;
  if (peek(at).text != "\\prime" || (group && !is_symbol("}", 3))) return false;
  for (std::size_t i = 0; i <= at + (group ? 1 : 0); ++i) advance();
  return true;
}

// \mathbb{R}^+ and \mathbb{R}^{-}: an interval; of Z, Q and N a set with a name.
std::optional<Node> Parser::half_of_numbers(const Node& base) {
  if (!base.is(Op::symbol) || !base.text.starts_with("\\mathbb")) return std::nullopt;
  const bool group = is_symbol("{", 1);
  const std::size_t at = group ? 2 : 1;
  const std::string sign = peek(at).text;
  if (peek(at).kind != TokenKind::symbol || (sign != "+" && sign != "-" && sign != "*")) return std::nullopt;
  if (group ? !is_symbol("}", 3) : peek(2).kind == TokenKind::number || peek(2).kind == TokenKind::letters)
    return std::nullopt;
  for (std::size_t i = 0; i <= at + (group ? 1 : 0); ++i) advance();
  if (base.text != "\\mathbbR" || sign == "*") return Node(Op::symbol, base.text + sign);
  Node infinity(Op::constant, "inf");
  if (sign == "+") return Node(Op::bracketed, "()", {Node(Rational(0)), std::move(infinity)});
  return Node(Op::bracketed, "()", {Node(Op::negate, std::vector<Node>{std::move(infinity)}), Node(Rational(0))});
}

// \mathbb{R}_{>0}, \mathbb{R}_{\ge 0}, \mathbb{R}_+
std::optional<Node> Parser::positive_numbers(const Node& base) {
  const bool whole = base.text == "\\mathbbZ";
  if (!base.is(Op::symbol) || (base.text != "\\mathbbR" && !whole) || !is_symbol("_")) return std::nullopt;
  const bool group = is_symbol("{", 1);
  const std::size_t at = group ? 2 : 1;
  const std::string sign = peek(at).text;
  const bool plus = sign == "+" && (!group || is_symbol("}", 3));
  const bool bound =
      group && peek(3).text == "0" && is_symbol("}", 4) &&
      (sign == ">" || sign == "<" || sign == "\\ge" || sign == "\\geq" || sign == "\\le" || sign == "\\leq");
  if (!plus && !bound) return std::nullopt;
  if (whole && !plus && sign != ">") return std::nullopt;
  for (std::size_t i = 0; i < (plus ? (group ? 4U : 2U) : 5U); ++i) advance();
  if (whole) return Node(Op::symbol, "\\mathbbZ+");
  const bool above = plus || sign == ">" || sign.starts_with("\\ge");
  const bool closed = !plus && sign.size() > 1;
  Node infinity(Op::constant, "inf");
  if (above) return Node(Op::bracketed, closed ? "[)" : "()", {Node(Rational(0)), std::move(infinity)});
  return Node(Op::bracketed, closed ? "(]" : "()",
              {Node(Op::negate, std::vector<Node>{std::move(infinity)}), Node(Rational(0))});
}

// A run of letters: a function, a constant, one variable after the other, or a word.
Node Parser::letters() {
  const std::string run = peek().text;
  if (const std::string name = function_name(run); !name.empty()) {
    advance();
    return name == "abs" || run.size() > 1 ? function(name) : Node(Op::symbol, run);
  }
  if (run == "sqrt") return root();
  if (const std::string name = constant_name(run); !name.empty()) {
    advance();
    return {Op::constant, name};
  }
  if (run.size() >= 2 && is_symbol_command("\\" + run) && run != "bar" && run != "hat" && run != "vec" &&
      run != "angle" && run != "triangle") {
    advance();
    return letter_symbol("\\" + run);
  }
  const bool foreign = std::any_of(run.begin(), run.end(), [](unsigned char c) { return c >= 0x80; });
  if (run.size() >= 4 || foreign) {
    advance();
    return {Op::words, plain_words(run)};
  }
  if (run.size() > 1) {
    Token& token = tokens_[pos_];
    token.text.erase(0, 1);
    token.after_space = false;
    budget_.spend();
    return run[0] == 'e' || run[0] == 'i' ? Node(Op::constant, run.substr(0, 1)) : Node(Op::symbol, run.substr(0, 1));
  }
  advance();
  return letter_symbol(run);
}

// "1" or "{n+1}": what follows "_". Braces keep names with signs in them apart from sums.
std::string Parser::subscript() {
  std::string text;
  if (!is_symbol("{")) {
    const TokenKind kind = peek().kind;
    if (kind != TokenKind::number && kind != TokenKind::letters && kind != TokenKind::command) unexpected();
    text = peek().text;
    advance();
    return text;
  }
  advance();
  for (; !is_symbol("}"); advance()) {
    if (at_end() || is_symbol("{")) unexpected();
    if (!is_symbol("*")) text += peek().text;
  }
  advance();
  const bool simple = std::all_of(text.begin(), text.end(), [](unsigned char c) { return std::isalnum(c) != 0; });
  return simple ? text : "{" + text + "}";
}

// n above k ordered (P) or not (C).
Node Parser::combinations(const std::string& name, std::vector<Node> arguments) {
  Node below = arguments.at(1);
  Node chosen(Op::call, "binom", std::move(arguments));
  if (name == "C") return chosen;
  return Node(Op::multiply, std::vector<Node>{std::move(chosen), Node(Op::call, "factorial", {std::move(below)})});
}

// A single letter with its primes and subscript; f(x) where the letter names a function.
// "C_5^2" and "A_{5}^{2}", as some countries write combinations and arrangements of numbers; nothing for other letters.
std::optional<Node> Parser::indexed_combinations(std::string_view name) {
  if ((name != "C" && name != "A" && name != "P") || !is_symbol("_")) return std::nullopt;
  const auto whole = [&](std::size_t* ahead) -> std::optional<Rational> {
    const bool group = is_symbol("{", *ahead);
    const Token& token = peek(*ahead + (group ? 1 : 0));
    if (token.kind != TokenKind::number || !all_digits(token.text) || token.text.size() > 4) return std::nullopt;
    if (group && !is_symbol("}", *ahead + 2)) return std::nullopt;
    *ahead += group ? 3 : 1;
    return Rational(BigInt::parse(token.text));
  };
  std::size_t ahead = 1;
  const auto all = whole(&ahead);
  if (!all || !is_symbol("^", ahead)) return std::nullopt;
  ++ahead;
  const auto chosen = whole(&ahead);
  if (!chosen || *all < *chosen) return std::nullopt;
  for (std::size_t i = 0; i < ahead; ++i) advance();
  return combinations(name == "C" ? "C" : "P", std::vector<Node>{Node(*all), Node(*chosen)});
}

Node Parser::letter_symbol(std::string name) {
  // "\\angle ABC" is one thing, and not \\angle CAB; its arms have no order.
  const bool corners = peek().kind == TokenKind::letters && peek().text.size() > 1 &&
                       std::all_of(peek().text.begin(), peek().text.end(), [](char c) { return c >= 'A' && c <= 'Z'; });
  if ((name == "\\angle" || name == "\\triangle") && corners) {
    std::string letters = peek().text;
    if (name == "\\triangle") std::sort(letters.begin(), letters.end());
    const std::string back(letters.rbegin(), letters.rend());
    advance();
    return {Op::symbol, name + " " + std::min(letters, back)};
  }
  // t(g(16)) applies t as well.
  const auto applied = [](const Token& token) {
    return token.kind == TokenKind::letters && (token.text == "f" || token.text == "g" || token.text == "h");
  };
  const bool outer = name.size() == 1 && is_symbol("(") && applied(peek(1)) && is_symbol("(", 2);
  // P(x): a polynomial, unless more than a letter stands in the brackets, as in P(1+r).
  const bool polynomial = (name == "P" || name == "Q" || name == "p" || name == "q") && is_symbol("(") &&
                          peek(1).kind == TokenKind::letters && peek(1).text.size() == 1 && is_symbol(")", 2);
  const bool function = applied({TokenKind::letters, name, false, ""}) || outer || polynomial;
  if (auto counted = indexed_combinations(name)) return std::move(*counted);
  std::string primes;
  while (is_symbol("'")) {
    primes.push_back('\'');
    advance();
  }
  if (is_symbol("_")) {
    advance();
    name += "_" + subscript();
    while (is_symbol("'")) {
      primes.push_back('\'');
      advance();
    }
  }
  while (is_symbol("^") && prime_sign()) primes.push_back('\'');
  const bool bare = name.size() == 1 && primes.empty();
  name += primes;
  if (function && (is_symbol("(") || (is_symbol("{") && is_symbol("(", 1)))) {
    const bool wrapped = is_symbol("{");
    if (wrapped) advance();
    expect_symbol("(");
    std::vector<Node> arguments = elements_until(")", ")");
    expect_symbol(")");
    if (wrapped) expect_symbol("}");
    return {Op::call, name, std::move(arguments)};
  }
  if (bare && (name == "C" || name == "P") && is_symbol("(") && peek(1).kind == TokenKind::number &&
      is_symbol(",", 2) && peek(3).kind == TokenKind::number && is_symbol(")", 4)) {
    advance();
    std::vector<Node> arguments = elements_until(")", ")");
    advance();
    return combinations(name, std::move(arguments));
  }
  if (bare && (name == "e" || name == "i")) return {Op::constant, name};
  return {Op::symbol, name};
}

Node Parser::text_primary() {
  const Token token = peek();
  advance();
  if (const std::string name = function_name(plain_words(token.text));
      !name.empty() && (token.style != "text" || is_symbol("("))) {
    return function(name);
  }
  if (const std::string letter = single_letter(token.text); !letter.empty()) return letter_symbol(letter);
  if (is_numeric_text(token.text)) {
    const Depth depth(*this);
    return Parser(lex(token.text, options_), options_, budget_, depth_).answer();
  }
  const std::string words = plain_words(token.text);
  if (words.empty()) unexpected();
  return {Op::words, words};
}

}  // namespace ft::grade
