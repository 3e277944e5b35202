#include "framework/grade/parser.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <optional>
#include <utility>

#include "framework/grade/delimiters.h"
#include "framework/grade/parser_state.h"
#include "framework/grade/relation.h"
#include "framework/grade/vocabulary.h"

namespace ft::grade {

Node Parser::answer() {
  // All words: compared as words.
  if (auto words = only_words()) return std::move(*words);
  std::vector<std::vector<Node>> groups(1);  // separated by ";"
  bool alternatives = true;                  // by "or" only
  bool together = false;                     // by "and" somewhere
  bool any_or = false;
  bool logic = false;  // by \\land or \\lor
  while (!at_end()) {
    groups.back().push_back(element());
    if (is_command("\\over") || is_command("\\choose")) {  // "6 \over 8" without braces
      const bool choose = is_command("\\choose");
      advance();
      std::vector<Node> parts;
      parts.push_back(std::move(groups.back().back()));
      parts.push_back(element());
      groups.back().back() = choose ? Node(Op::call, "binom", std::move(parts)) : Node(Op::divide, std::move(parts));
    }
    if (at_end()) break;
    bool separated = false;
    bool word_last = false;
    while (is_list_separator()) {
      word_last = peek().kind != TokenKind::symbol;
      if (peek().text == ";") groups.emplace_back();
      const std::string word = plain_words(peek().text);
      logic = logic || word == "lor" || word == "land";
      any_or = any_or || word == "or" || word == "lor";
      alternatives = alternatives && (word == "or" || word == "lor");
      together = together || word == "and" || word == "land";
      advance();
      separated = true;
    }
    if (!separated || (word_last && at_end())) unexpected();  // "20 or" is a piece of something
  }
  if (groups.back().empty()) groups.pop_back();
  if (groups.empty()) throw Undecided{"nothing to read"};
  const bool tuples = groups.size() > 1 &&
                      std::any_of(groups.begin(), groups.end(), [](const auto& group) { return group.size() > 1; });
  std::vector<Node> elements;
  const auto relates = [](const Node& node) { return node.is(Op::relation); };
  if (logic && !std::all_of(groups[0].begin(), groups[0].end(), relates)) {
    if ((together && any_or) || groups.size() > 1) throw Undecided{"a formula of logic"};
    return Node(Op::call, together ? "land" : "lor", std::move(groups[0]));
  }
  for (auto& group : groups) {
    if (tuples) {
      elements.emplace_back(Op::bracketed, "()", std::move(group));
    } else {
      for (auto& node : group) elements.push_back(std::move(node));
    }
  }
  Node list = list_of(std::move(elements));
  if (list.is(Op::list) && alternatives) list.text = "or";
  if (list.is(Op::list) && together) list.text = "and";
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
  const bool congruent = is_command("\\equiv");
  while (auto sign = relation_sign()) {
    signs.push_back(*sign);
    sides.push_back(quantity());
  }
  if (signs.empty()) {
    Node& only = sides.front();
    const bool point = only.is(Op::multiply) && only.kids.size() == 2 && only.kids[0].is(Op::symbol) &&
                       only.kids[0].text.size() == 1 &&
                       std::isupper(static_cast<unsigned char>(only.kids[0].text[0])) &&
                       only.kids[1].is(Op::bracketed) && only.kids[1].text == "()";
    if (point) return {Op::relation, "=", std::move(only.kids)};  // "A(1, 2)"
    return std::move(only);
  }
  const auto all = [&](auto&& test) { return std::all_of(signs.begin(), signs.end(), test); };
  if (all([](const std::string& s) { return s == "=" || s == "~"; })) {
    Node& last = sides.back();
    if (congruent && last.is(Op::call) && last.text == "mod") last.text = kResidue;       // "x \\equiv 3 \\mod 7"
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

Node Parser::united() {
  Node node = ratio();
  while (is_command("\\cup") || is_command("\\cap") || is_command("\\setminus") || is_letters("U")) {
    const Op op = is_command("\\cap") ? Op::intersect : is_command("\\setminus") ? Op::without : Op::unite;
    advance();
    const bool braces = is_symbol("{");
    Node right = ratio();
    const bool one = braces && op == Op::without && right.is_scalar();
    if (one) right = Node(Op::set, std::vector<Node>{std::move(right)});
    if (node.is(op) && op != Op::without) {
      node.kids.push_back(std::move(right));
    } else {
      node = Node(op, std::vector<Node>{std::move(node), std::move(right)});
    }
  }
  return node;
}

// "3 to 4", "3 \\text{ to } 4"
bool Parser::ratio_word() const {
  if (peek().kind != TokenKind::letters && peek().kind != TokenKind::text) return false;
  return plain_words(peek().text) == "to" && peek(1).kind == TokenKind::number;
}

Node Parser::ratio() {
  Node node = sum();
  if (!is_symbol(":") && !(node.is(Op::number) && ratio_word())) return node;
  std::vector<Node> parts;
  parts.push_back(std::move(node));
  while (is_symbol(":") || ratio_word()) {
    advance();
    parts.push_back(sum());
  }
  return {Op::ratio, std::move(parts)};
}

Node Parser::sum() {
  const Depth depth(*this);
  std::vector<Node> terms;
  const auto signs = [this] { return is_command("\\pm") || is_command("\\mp"); };
  const auto either = [this](Node left) {
    const bool reversed = is_command("\\mp");
    advance();
    Node right = product();
    return Node(Op::plus_minus,
                std::vector<Node>{std::move(left), reversed ? negated(std::move(right)) : std::move(right)});
  };
  if (signs()) {
    terms.push_back(either(Node(Rational(0))));
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
      const bool set =
          term.is(Op::set) && terms.size() == 1 && terms[0].is(Op::symbol) && terms[0].text.starts_with("\\mathbb");
      if (set && sign) {  // "\mathbb{R} - \{1\}"
        std::vector<Node> sides;
        sides.push_back(std::move(terms[0]));
        sides.push_back(std::move(term));
        terms[0] = Node(Op::without, std::move(sides));
        continue;
      }
      terms.push_back(sign ? negated(std::move(term)) : std::move(term));
    } else if (signs()) {
      Node left = terms.size() == 1 ? std::move(terms.front()) : Node(Op::add, std::move(terms));
      terms.clear();
      terms.push_back(either(std::move(left)));
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
