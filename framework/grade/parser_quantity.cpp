#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "framework/grade/label.h"
#include "framework/grade/number_words.h"
#include "framework/grade/parser_state.h"
#include "framework/grade/units.h"
#include "framework/grade/vocabulary.h"

namespace ft::grade {

Node Parser::negated(Node node) {
  if (node.is(Op::based)) {
    node.text = node.text.starts_with('-') ? node.text.substr(1) : "-" + node.text;
    return node;
  }
  if (node.is(Op::quantity)) {
    node.kids[0] = Node(Op::negate, std::vector<Node>{std::move(node.kids[0])});
    return node;
  }
  return {Op::negate, std::vector<Node>{std::move(node)}};
}

// A set expression or scalar, then what it counts or measures: "$5", "-€3", "5 red apples", "1 hour 30 minutes".
Node Parser::quantity() {
  const bool minus = is_symbol("-") && currency_of(peek(1).text).has_value();
  if (minus) advance();
  const auto currency = peek().kind == TokenKind::command ? currency_of(peek().text) : std::nullopt;
  if (currency) {
    advance();
    Node amount = united();
    if (minus) amount = negated(std::move(amount));
    amount = labelled(std::move(amount), read_label());
    std::string unit(*currency);
    if (amount.is(Op::quantity)) {
      const bool rate =
          amount.text.starts_with("per ") || amount.text.starts_with("an ") || amount.text.starts_with("a ");
      if (rate && unit_of(unit + " " + amount.text).dimension != "label") unit += " " + amount.text;  // "$7 per hour"
      amount = Node(amount.kids[0]);
    }
    return {Op::quantity, std::move(unit), {std::move(amount)}};
  }
  Node node = united();
  node = labelled(std::move(node), read_label());
  return with_smaller_units(std::move(node));
}

// "1 hour 30 minutes", "5 ft 6 in", "3 dollars and 20 cents": one quantity in the larger unit.
Node Parser::with_smaller_units(Node node) {
  for (int links = 0; links < 4 && node.is(Op::quantity); ++links) {
    const Unit large = unit_of(node.text);
    if (large.dimension.empty() || large.dimension == "label" || large.dimension == "percent") return node;
    const std::size_t start = pos_;
    const std::vector<Token> tokens = tokens_;
    if (is_symbol(",")) advance();
    if (is_list_separator() && plain_words(peek().text) == "and") advance();
    if (peek().kind != TokenKind::number) {
      pos_ = start;
      return node;
    }
    Node part = ratio();
    const std::string label = read_label();
    const Unit small = unit_of(label);
    if (label.empty() || small.dimension != large.dimension || !(small.factor < large.factor)) {
      pos_ = start;
      tokens_ = tokens;
      return node;
    }
    Node small_part(Op::multiply, std::vector<Node>{Node(small.factor / large.factor), std::move(part)});
    node.kids[0] = Node(Op::add, std::vector<Node>{std::move(node.kids[0]), std::move(small_part)});
  }
  return node;
}

// "^2", "^{-1}" behind the name of a unit, up to its last token.
std::string Parser::power_of_label() {
  advance();
  const bool group = is_symbol("{");
  if (group) advance();
  std::string power = "^";
  if (is_symbol("-")) {
    power += "-";
    advance();
  }
  if (peek().kind != TokenKind::number) unexpected();
  power += peek().text;
  if (group) {
    advance();
    if (!is_symbol("}")) unexpected();
  }
  return power;
}

// What follows a number as words, joined by blanks: "square inches", "m/s^2", "red apples".
std::string Parser::read_label() {
  std::string label;
  const auto add = [&](std::string_view words) {
    if (!label.empty() && !label.ends_with('/') && !label.ends_with(' ')) label += ' ';
    label += words;
  };
  // "m", "kg m": each symbol by itself, since their case matters.
  const auto spelled = [](const std::string& text) {
    std::string words;
    for (std::size_t at = 0; at < text.size();) {
      const std::size_t end = std::min(text.find_first_of(" /^*", at), text.size());
      words += spelled_unit(text.substr(at, end - at));
      if (end < text.size()) words += text[end];
      at = end + 1;
    }
    return words;
  };
  while (!at_end()) {
    const Token& token = peek();
    const bool half = token.kind == TokenKind::letters && token.text == "and" && fraction_words(1);
    if (is_list_separator() && !half) break;
    const bool scale =
        (label == "degrees" || label == "degree" || label == "deg") && (token.text == "C" || token.text == "F");
    if (scale) {
      label = token.text == "C" ? "celsius" : "fahrenheit";
    } else if (token.kind == TokenKind::text || token.kind == TokenKind::letters) {
      add(plain_words(spelled(token.text)));
    } else if (token.text == "%") {
      add("percent");
    } else if (token.text == "^" && !label.empty()) {
      label += power_of_label();
    } else if (token.text == "." && !label.empty()) {
      // an abbreviation: "sq. units"
    } else if (token.text == "-" && !token.after_space && label.size() > 1 && peek(1).kind == TokenKind::letters &&
               peek(1).text.size() > 1 && !peek(1).after_space) {
      // "kilowatt-hours"
    } else if (token.text == "/" && label.empty() && divides_unit()) {
      label = "per ";
    } else if ((token.text == "/" || token.text == "\\cdot" || token.text == "*") && !label.empty() &&
               (peek(1).kind == TokenKind::text || peek(1).kind == TokenKind::letters)) {
      label += token.text == "/" ? "/" : "*";
    } else if (token.kind == TokenKind::command && currency_of(token.text)) {
      add(*currency_of(token.text));
    } else if (token.text == "\\Omega" || token.text == "\\angstrom") {
      add(spelled_unit(token.text));
    } else if (token.text == "\\permille") {
      add("permille");
    } else {
      break;
    }
    advance();
  }
  return plain_words(label);
}

// "a half", "one quarter" at the token `ahead`.
bool Parser::fraction_words(std::size_t ahead) const {
  if (peek(ahead).kind != TokenKind::letters || peek(ahead + 1).kind != TokenKind::letters) return false;
  const auto number = number_words(peek(ahead).text + " " + peek(ahead + 1).text);
  return number && number->digits.find('/') != std::string::npos;
}

}  // namespace ft::grade
