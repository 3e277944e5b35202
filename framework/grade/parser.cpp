#include "framework/grade/parser.h"

#include <algorithm>
#include <array>
#include <optional>
#include <utility>

#include "framework/grade/parser_state.h"
#include "framework/grade/relation.h"
#include "framework/grade/vocabulary.h"

namespace ft::grade {
namespace {

Node negated(Node node) {
  if (node.is(Op::based)) {
    node.text = node.text.starts_with('-') ? node.text.substr(1) : "-" + node.text;
    return node;
  }
  return {Op::negate, std::vector<Node>{std::move(node)}};
}

}  // namespace

Node Parser::answer() {
  // All words: compared as words.
  if (auto words = only_words()) return std::move(*words);
  std::vector<std::vector<Node>> groups(1);  // separated by ";"
  bool alternatives = true;                  // by "or" only
  while (!at_end()) {
    groups.back().push_back(element());
    if (at_end()) break;
    bool separated = false;
    while (is_list_separator()) {
      if (peek().text == ";") groups.emplace_back();
      alternatives = alternatives && plain_words(peek().text) == "or";
      advance();
      separated = true;
    }
    if (!separated) unexpected();
  }
  if (groups.back().empty()) groups.pop_back();
  if (groups.empty()) throw Undecided{"nothing to read"};
  const bool tuples = groups.size() > 1 &&
                      std::any_of(groups.begin(), groups.end(), [](const auto& group) { return group.size() > 1; });
  std::vector<Node> elements;
  for (auto& group : groups) {
    if (tuples) {
      elements.emplace_back(Op::bracketed, "()", std::move(group));
    } else {
      for (auto& node : group) elements.push_back(std::move(node));
    }
  }
  Node list = list_of(std::move(elements));
  if (list.is(Op::list) && alternatives) list.text = "or";
  return list;
}

// "x = 1, 2" names every element.
Node Parser::list_of(std::vector<Node> elements) {
  if (elements.size() == 1) return std::move(elements.front());
  const Node& first = elements.front();
  if (first.is(Op::relation) && first.text == "=" && first.kids[0].is(Op::symbol)) {
    const Node name = first.kids[0];
    const bool bare =
        std::none_of(elements.begin() + 1, elements.end(), [](const Node& n) { return n.is(Op::relation); });
    if (bare) {
      for (std::size_t i = 1; i < elements.size(); ++i) {
        elements[i] = Node(Op::relation, "=", {name, std::move(elements[i])});
      }
    }
  }
  return Node(Op::list, std::move(elements));
}

Node Parser::element() {
  const Depth depth(*this);
  std::vector<Node> sides;
  std::vector<std::string> signs;
  if (is_command("\\approx")) advance();
  sides.push_back(quantity());
  while (auto sign = relation_sign()) {
    signs.push_back(*sign);
    sides.push_back(quantity());
  }
  if (signs.empty()) return std::move(sides.front());
  const auto all = [&](auto&& test) { return std::all_of(signs.begin(), signs.end(), test); };
  if (all([](const std::string& s) { return s == "=" || s == "~"; })) {
    if (!is_name(sides.front()) && signs.back() == "~") return std::move(sides.front());  // "x/3 ~ 0.577" rounds it
    return {Op::relation, "=", {std::move(sides.front()), std::move(sides.back())}};
  }
  if (signs.size() == 1) return relation(signs[0], std::move(sides[0]), std::move(sides[1]));
  const bool rising = all([](const std::string& s) { return s == "<" || s == "<="; });
  const bool falling = all([](const std::string& s) { return s == ">" || s == ">="; });
  if (signs.size() != 2 || (!rising && !falling)) throw Undecided{"a chain of relations"};
  if (falling) {
    std::swap(sides[0], sides[2]);
    std::swap(signs[0], signs[1]);
  }
  if (!is_name(sides[1])) throw Undecided{"a chain of inequalities about more than a variable"};
  std::string brackets;
  brackets.push_back(signs[0].size() == 1 ? '(' : '[');
  brackets.push_back(signs[1].size() == 1 ? ')' : ']');
  Node interval(Op::bracketed, brackets, {std::move(sides[0]), std::move(sides[2])});
  return {Op::relation, "in", {std::move(sides[1]), std::move(interval)}};
}

// ">" becomes "<" with its sides exchanged, so that there is one direction only.
Node Parser::relation(const std::string& sign, Node left, Node right) {
  if (sign == ">") return {Op::relation, "<", {std::move(right), std::move(left)}};
  if (sign == ">=") return {Op::relation, "<=", {std::move(right), std::move(left)}};
  return {Op::relation, sign, {std::move(left), std::move(right)}};
}

std::optional<std::string> Parser::relation_sign() {
  static constexpr std::array<std::pair<std::string_view, std::string_view>, 17> kSigns{{{"=", "="},
                                                                                         {"<", "<"},
                                                                                         {">", ">"},
                                                                                         {"\\lt", "<"},
                                                                                         {"\\gt", ">"},
                                                                                         {"\\le", "<="},
                                                                                         {"\\leq", "<="},
                                                                                         {"\\ge", ">="},
                                                                                         {"\\geq", ">="},
                                                                                         {"\\ne", "!="},
                                                                                         {"\\neq", "!="},
                                                                                         {"\\in", "in"},
                                                                                         {"\\approx", "~"},
                                                                                         {"\\leqslant", "<="},
                                                                                         {"\\geqslant", ">="},
                                                                                         {"\\simeq", "~"},
                                                                                         {"\\equiv", "="}}};
  if (peek().kind != TokenKind::symbol && peek().kind != TokenKind::command) return std::nullopt;
  for (const auto& [token, sign] : kSigns) {
    if (peek().text == token) {
      advance();
      return std::string(sign);
    }
  }
  return std::nullopt;
}

// A set expression or scalar, then what it counts or measures.
Node Parser::quantity() {
  bool dollars = false;
  if (is_command("\\$")) {
    advance();
    dollars = true;
  } else if (is_symbol("-") && peek(1).text == "\\$") {
    advance();
    advance();
    Node amount = negated(ratio());
    return {Op::quantity, "dollar", {std::move(amount)}};
  }
  Node node = united();
  std::string label = read_label();
  if (const auto power = scale_word(&label)) {
    node = Node(Op::multiply, std::vector<Node>{std::move(node), Node(pow(Rational(10), *power))});
  }
  if (dollars) label = "dollar";
  if (label.empty()) return node;
  return {Op::quantity, std::move(label), {std::move(node)}};
}

std::string Parser::read_label() {
  std::string label;
  while (!at_end() && !is_list_separator()) {
    const Token& token = peek();
    if (token.kind == TokenKind::text || token.kind == TokenKind::letters) {
      label += " " + token.text;
    } else if (token.text == "%") {
      label += " percent";
    } else if (token.text == "^" && !label.empty()) {
      advance();
      label += "^" + peek().text;
      if (peek().text == "{") {
        advance();
        label.back() = peek().text.empty() ? ' ' : peek().text[0];
        advance();
        if (!is_symbol("}")) unexpected();
      }
    } else if (token.text == "." && !label.empty()) {
      // an abbreviation: "sq. units"
    } else if (token.text == "/" && !label.empty()) {
      label += "/";
    } else if (token.text == "\\$") {
      // "5\$"
      label += " dollar";
    } else {
      break;
    }
    advance();
  }
  return plain_words(label.empty() ? label : label.substr(1));
}

Node Parser::united() {
  Node node = ratio();
  while (is_command("\\cup") || is_command("\\cap") || is_command("\\setminus") || is_letters("U")) {
    const Op op = is_command("\\cap") ? Op::intersect : is_command("\\setminus") ? Op::without : Op::unite;
    advance();
    Node right = ratio();
    if (node.is(op) && op != Op::without) {
      node.kids.push_back(std::move(right));
    } else {
      node = Node(op, std::vector<Node>{std::move(node), std::move(right)});
    }
  }
  return node;
}

Node Parser::ratio() {
  Node node = sum();
  if (!is_symbol(":")) return node;
  std::vector<Node> parts;
  parts.push_back(std::move(node));
  while (is_symbol(":")) {
    advance();
    parts.push_back(sum());
  }
  return {Op::ratio, std::move(parts)};
}

Node Parser::sum() {
  const Depth depth(*this);
  std::vector<Node> terms;
  if (is_command("\\pm")) {
    advance();
    terms.push_back(Node(Op::plus_minus, std::vector<Node>{Node(Rational(0)), product()}));
  } else {
    bool minus = false;
    for (; is_symbol("-") || is_symbol("+"); advance()) minus = minus != is_symbol("-");
    Node first = product();
    terms.push_back(minus ? negated(std::move(first)) : std::move(first));
  }
  while (true) {
    if (is_symbol("+") || is_symbol("-")) {
      const bool minus = is_symbol("-");
      advance();
      bool sign = minus;
      for (; is_symbol("-") || is_symbol("+"); advance()) sign = sign != is_symbol("-");
      Node term = product();
      terms.push_back(sign ? negated(std::move(term)) : std::move(term));
    } else if (is_command("\\pm")) {
      advance();
      Node left = terms.size() == 1 ? std::move(terms.front()) : Node(Op::add, std::move(terms));
      terms.clear();
      terms.push_back(Node(Op::plus_minus, std::vector<Node>{std::move(left), product()}));
    } else {
      break;
    }
  }
  return terms.size() == 1 ? std::move(terms.front()) : Node(Op::add, std::move(terms));
}

Node parse(std::string_view answer, const LexOptions& options, Budget& budget) {
  const std::vector<Token> tokens = lex(strip_delimiters(answer), options);
  budget.spend(static_cast<long long>(tokens.size()));
  return Parser(tokens, options, budget).answer();
}

}  // namespace ft::grade
