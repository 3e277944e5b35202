// What stands between \begin and \end, and other constructs that bind a variable or a condition: matrices, cases, lines
// of aligned equations, set builders, integrals and limits.
#include <algorithm>
#include <array>
#include <utility>

#include "framework/grade/parser_state.h"
#include "framework/grade/vocabulary.h"

namespace ft::grade {
namespace {

Token end_token() { return {TokenKind::end, "", false, ""}; }

bool is_relation(const Token& token) {
  static constexpr auto kSigns =
      std::to_array<std::string_view>({"=", "<", ">", "\\le", "\\leq", "\\ge", "\\geq", "\\approx"});
  return std::find(kSigns.begin(), kSigns.end(), token.text) != kSigns.end();
}

Node renamed(Node node, const std::string& name) {
  if (node.is(Op::symbol) && node.text == name) node.text = kBoundName;
  for (Node& kid : node.kids) kid = renamed(std::move(kid), name);
  return node;
}

}  // namespace

// The name in braces behind \begin or \end, with its star.
std::string Parser::environment_name() {
  advance();
  expect_symbol("{");
  std::string name;
  for (; !is_symbol("}"); advance()) {
    if (at_end()) unexpected();
    if (!is_symbol("*")) name += peek().text;
  }
  advance();
  return name;
}

Node Parser::environment() {
  const Depth depth(*this);
  const std::string name = environment_name();
  const bool braced = std::exchange(braced_, false);
  static constexpr auto kLines =
      std::to_array<std::string_view>({"aligned", "align", "gathered", "gather", "equation", "split", "alignedat",
                                       "eqnarray", "multline", "displaymath", "math", "center", "flalign"});
  if (name == "array" || name == "alignedat" || name == "tabular") {
    if (is_symbol("[")) {
      while (!is_symbol("]") && !at_end()) advance();
      expect_symbol("]");
    }
    if (is_symbol("{")) {
      while (!is_symbol("}") && !at_end()) advance();
      expect_symbol("}");
    }
  }
  if (name == "cases" || name == "dcases" || name == "rcases" || (name == "array" && braced)) return cases(name);
  if (std::find(kLines.begin(), kLines.end(), name) != kLines.end()) return lines(name);
  if (name.find("matrix") == std::string::npos && name != "array") {
    throw Undecided{"cannot read environment " + name.substr(0, 20)};
  }
  return matrix(name);
}

// Skips "[4pt]" behind the end of a row.
void Parser::skip_row_space() {
  if (!is_symbol("[") || peek(1).kind != TokenKind::number || peek(2).kind != TokenKind::letters || !is_symbol("]", 3))
    return;
  for (int i = 0; i < 4; ++i) advance();
}

// \begin{pmatrix} a & b \\ c & d \end{pmatrix} and its relatives. An array whose second column says "if" is cases.
Node Parser::matrix(const std::string& environment) {
  if (environment == "array") {
    for (std::size_t i = pos_; i < tokens_.size() && tokens_[i].text != "\\end"; ++i) {
      const bool condition = tokens_[i].text == "&" && i + 1 < tokens_.size() && tokens_[i + 1].kind == TokenKind::text;
      if (condition) return cases(environment);
    }
  }
  Node result(Op::matrix, std::vector<Node>{});
  std::vector<Node> row;
  while (true) {
    if (is_command("\\\\") || is_command("\\end")) {
      const bool end = is_command("\\end");
      if (!row.empty()) result.kids.emplace_back(Op::list, std::move(row));
      row.clear();
      if (!end) {
        advance();
        skip_row_space();
        continue;
      }
      if (environment_name() != environment) throw Undecided{"environments that do not match"};
      break;
    }
    row.push_back(element());
    if (is_symbol("&"))
      advance();
    else if (!is_command("\\\\") && !is_command("\\end"))
      unexpected();
  }
  if (result.kids.empty()) throw Undecided{"an empty matrix"};
  if (environment == "vmatrix") return {Op::call, "det", {std::move(result)}};
  // An array without brackets that holds one thing only places it.
  const bool one = result.kids.size() == 1 && result.kids[0].kids.size() == 1;
  if (one && (environment == "array" || environment == "matrix")) return std::move(result.kids[0].kids[0]);
  return result;
}

// The tokens up to one of the ends at the same depth of braces and environments, which stays.
std::vector<Token> Parser::tokens_until(std::initializer_list<std::string_view> ends) {
  std::vector<Token> taken;
  int depth = 0;
  for (; !at_end(); advance()) {
    const std::string& text = peek().text;
    const bool structural = peek().kind == TokenKind::symbol || peek().kind == TokenKind::command;
    if (structural && depth == 0 && std::find(ends.begin(), ends.end(), text) != ends.end()) break;
    if (structural && (text == "{" || text == "(" || text == "[" || text == "\\begin" || text == "\\{")) ++depth;
    if (structural && (text == "}" || text == ")" || text == "]" || text == "\\end" || text == "\\}")) --depth;
    taken.push_back(peek());
  }
  return taken;
}

// A part of the answer that is one by itself.
Node Parser::parsed(std::vector<Token> tokens) {
  const Depth depth(*this);
  while (!tokens.empty() && tokens.back().kind == TokenKind::symbol &&
         (tokens.back().text == "," || tokens.back().text == ";" || tokens.back().text == "."))
    tokens.pop_back();
  if (tokens.empty()) throw Undecided{"an empty part"};
  tokens.push_back(end_token());
  return Parser(std::move(tokens), options_, budget_, depth_).answer();
}

namespace {

// The relation that holds where this one does not, of real numbers.
std::optional<Node> negation_of(const Node& relation) {
  if (!relation.is(Op::relation)) return std::nullopt;
  static constexpr auto kOpposites = std::to_array<std::pair<std::string_view, std::string_view>>(
      {{"<", "<="}, {"<=", "<"}, {"=", "!="}, {"!=", "="}});
  for (const auto& [sign, opposite] : kOpposites) {
    if (relation.text != sign) continue;
    Node node(Op::relation, std::string(opposite), relation.kids);
    if (sign[0] == '<') std::swap(node.kids[0], node.kids[1]);
    return node;
  }
  return std::nullopt;
}

// Of two cases, "otherwise" is what the other one leaves.
void say_otherwise(std::vector<Node>* rows) {
  if (rows->size() != 2) return;
  for (std::size_t i = 0; i < 2; ++i) {
    Node& own = (*rows)[i].kids[1];
    if (!own.is(Op::words) || own.text != "otherwise") continue;
    if (auto left = negation_of((*rows)[1 - i].kids[1])) own = std::move(*left);
    return;
  }
}

}  // namespace

// Values with their conditions: "x & \text{if } x \ge 0 \\ -x & \text{otherwise}".
Node Parser::cases(const std::string& environment) {
  Node result(Op::cases, std::vector<Node>{});
  bool conditions = false;
  while (true) {
    if (is_command("\\end")) {
      if (environment_name() != environment) throw Undecided{"environments that do not match"};
      break;
    }
    if (is_command("\\\\")) {
      advance();
      skip_row_space();
      continue;
    }
    Node value = parsed(tokens_until({"&", "\\\\", "\\end", ","}));
    while (is_symbol(",") || is_symbol("&")) advance();
    std::vector<Token> condition = tokens_until({"\\\\", "\\end"});
    std::erase_if(condition, [](const Token& token) {
      static constexpr auto kWords =
          std::to_array<std::string_view>({"if", "for", "when", "where", "if,", "&", "se", "si"});
      const std::string words = token.kind == TokenKind::text ? plain_words(token.text) : token.text;
      return std::find(kWords.begin(), kWords.end(), words) != kWords.end();
    });
    conditions = conditions || !condition.empty();
    Node when = condition.empty() ? Node(Op::words, "otherwise") : parsed(std::move(condition));
    if (when.is(Op::words) && (when.text == "else" || when.text.starts_with("otherwise"))) when.text = "otherwise";
    result.kids.push_back(Node(Op::list, std::vector<Node>{std::move(value), std::move(when)}));
  }
  if (result.kids.empty()) throw Undecided{"no cases"};
  say_otherwise(&result.kids);
  const bool equations =
      std::all_of(result.kids.begin(), result.kids.end(), [](const Node& row) { return row.kids[0].is(Op::relation); });
  if (conditions || !equations) return result;
  std::vector<Node> system;  // "x = 1 \\\\ y = 2"
  for (Node& row : result.kids) system.push_back(std::move(row.kids[0]));
  return system.size() == 1 ? std::move(system.front()) : Node(Op::list, "and", std::move(system));
}

// Lines of equations: one below the other, "&" only aligns. A line that starts with "=" goes on with the one before.
Node Parser::lines(const std::string& environment) {
  std::vector<Token> all;
  while (true) {
    std::vector<Token> line = tokens_until({"\\\\", "\\end"});
    std::erase_if(line, [](const Token& token) { return token.kind == TokenKind::symbol && token.text == "&"; });
    if (!line.empty()) {
      const bool separated = !all.empty() && all.back().text != "," && !is_relation(line.front());
      if (separated) all.push_back({TokenKind::symbol, ",", false, ""});
      all.insert(all.end(), line.begin(), line.end());
    }
    if (is_command("\\\\")) {
      advance();
      skip_row_space();
      continue;
    }
    if (!is_command("\\end") || environment_name() != environment) throw Undecided{"environments that do not match"};
    break;
  }
  return parsed(std::move(all));
}

// "x \mid x > 2" behind "\{": the condition, which says the same. Nothing where it is no set builder.
std::optional<Node> Parser::set_builder() {
  const std::size_t start = pos_;
  std::vector<Token> left = tokens_until({"\\mid", "|", ":", "\\}", ","});
  const bool divided = is_command("\\mid") || is_symbol("|") || is_symbol(":");
  const bool variable = !left.empty() && left.front().kind == TokenKind::letters && left.front().text.size() == 1;
  const auto of_numbers = [&](std::string_view letter) {  // "x \\in \\mathbb{R}", "x \\in \\mathbb R"
    const std::size_t braces = left.size() == 6 ? 1 : 0;
    return (left.size() == 6 || left.size() == 4) && left[1].text == "\\in" && left[2].text == "\\mathbb" &&
           left[3 + braces].text == letter;
  };
  const bool reals = of_numbers("R");
  const bool integers = of_numbers("Z");
  if (!divided || !variable || (left.size() != 1 && !reals && !integers)) {
    pos_ = start;
    return std::nullopt;
  }
  advance();
  std::vector<Token> condition = tokens_until({"\\}"});
  if (at_end()) unexpected();
  advance();
  Node node = parsed(std::move(condition));
  const auto about = [&](const Node& relation) {
    const auto is_letter_of_set = [&](const Node& side) {
      return side.is(Op::symbol) && side.text == left.front().text;
    };
    const auto is_variable = [&](const Node& side) {
      return is_letter_of_set(side) ||
             (side.is(Op::call) && side.text == "abs" && side.kids.size() == 1 && is_letter_of_set(side.kids[0]));
    };
    return relation.is(Op::relation) && relation.text != "=" &&
           std::any_of(relation.kids.begin(), relation.kids.end(), is_variable);
  };
  if (integers) {
    const Node& bound = node.is(Op::relation) && node.kids.size() == 2 ? node.kids[0] : node;
    const bool positive = about(node) && bound.is(Op::number) &&
                          ((node.text == "<" && bound.value.is_zero()) || (node.text == "<=" && bound.value.is_one()));
    if (positive) return Node(Op::symbol, "\\mathbbZ+");
    throw Undecided{"a set builder over the integers"};
  }
  const bool list = node.is(Op::list) && std::all_of(node.kids.begin(), node.kids.end(), about);
  if (!list && !about(node)) throw Undecided{"a set builder"};
  return node;
}

// \int_a^b f dx, \int f dx: the bounds where there are some, the integrand and the variable, as they stand.
Node Parser::integral() {
  const Depth depth(*this);
  advance();
  std::vector<Node> parts;
  bool upper_first = false;
  while (is_symbol("_") || is_symbol("^")) {
    upper_first = parts.empty() ? is_symbol("^") : upper_first;
    advance();
    bool minus = false;
    for (; is_symbol("-"); advance()) minus = !minus;
    Node limit = bound();
    parts.push_back(minus ? Node(Op::negate, std::vector<Node>{std::move(limit)}) : std::move(limit));
  }
  if (upper_first && parts.size() == 2) std::swap(parts[0], parts[1]);
  std::vector<Token> body;
  std::string variable;
  while (!at_end() && variable.empty()) {
    Token token = peek();
    const bool letters = token.kind == TokenKind::letters;
    const bool upright = token.kind == TokenKind::text && plain_words(token.text) == "d";
    if ((upright || (letters && token.text == "d")) && peek(1).kind == TokenKind::letters && peek(1).text.size() == 1) {
      advance();
      variable = peek().text;
    } else if (letters && token.text.size() >= 2 && token.text[token.text.size() - 2] == 'd' &&
               function_name(token.text).empty() && token.text.size() <= 4) {
      variable = token.text.back();
      token.text.resize(token.text.size() - 2);
      if (!token.text.empty()) body.push_back(token);
    } else {
      body.push_back(token);
    }
    advance();
  }
  if (variable.empty()) throw Undecided{"an integral without its variable"};
  Node integrand = body.empty() ? Node(Rational(1)) : parsed(std::move(body));
  if (parts.size() == 2) {
    parts.push_back(renamed(std::move(integrand), variable));
  } else if (parts.empty()) {
    parts.push_back(std::move(integrand));
    parts.emplace_back(Op::symbol, variable);
  } else {
    throw Undecided{"an integral with one bound"};
  }
  return {Op::call, "int", std::move(parts)};
}

// \lim_{x \to a} f: the point and the function, as they stand.
Node Parser::limit() {
  const Depth depth(*this);
  advance();
  if (!is_symbol("_") || !is_symbol("{", 1)) throw Undecided{"a limit without its point"};
  advance();
  advance();
  const std::vector<Token> name = tokens_until({"\\to", "\\rightarrow", "}"});
  if (name.size() != 1 || is_symbol("}") || name[0].kind != TokenKind::letters)
    throw Undecided{"a limit without its point"};
  advance();
  Node point = parsed(tokens_until({"}"}));
  expect_symbol("}");
  Node body = product();
  return {Op::call, "lim", {std::move(point), renamed(std::move(body), name[0].text)}};
}

}  // namespace ft::grade
