// The parser's class; parser.cpp reads structures and sums, parser_quantity.cpp what they count or measure,
// parser_scalar.cpp products and what is below them, parser_command.cpp what starts with a backslash,
// parser_environment.cpp what stands between \begin and \end.
#pragma once

#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "framework/grade/lexer.h"
#include "framework/grade/node.h"

namespace ft::grade {

class Parser {
 public:
  static constexpr int kMaxDepth = 120;
  static constexpr int kMaxChain = 40;  // of operators that nest to the left: they deepen the tree, not the descent

  // `depth`: how deep the caller already is, where the contents of a \\text{...} are read.
  Parser(std::vector<Token> tokens, const LexOptions& options, Budget& budget, int depth = 0)
      : tokens_(std::move(tokens)), options_(options), budget_(budget), depth_(depth) {}

  // The whole text. Throws Undecided.
  [[nodiscard]] Node answer();

 private:
  // Counts how deep the descent is, so that "((((..." ends with a reason and not with the stack.
  class Depth {
   public:
    explicit Depth(Parser& parser) : parser_(parser) {
      parser_.budget_.spend();
      if (++parser_.depth_ > kMaxDepth) throw Undecided{"nested too deep"};
    }
    ~Depth() { --parser_.depth_; }
    Depth(const Depth&) = delete;
    Depth& operator=(const Depth&) = delete;

   private:
    Parser& parser_;
  };

  [[nodiscard]] const Token& peek(std::size_t ahead = 0) const {
    return tokens_[pos_ + ahead < tokens_.size() ? pos_ + ahead : tokens_.size() - 1];
  }
  void advance() {
    budget_.spend();
    if (pos_ + 1 < tokens_.size()) ++pos_;
  }
  [[nodiscard]] bool at_end() const { return peek().kind == TokenKind::end; }
  [[nodiscard]] bool is_symbol(std::string_view text, std::size_t ahead = 0) const {
    return peek(ahead).kind == TokenKind::symbol && peek(ahead).text == text;
  }
  [[nodiscard]] bool is_command(std::string_view text) const {
    return peek().kind == TokenKind::command && peek().text == text;
  }
  [[nodiscard]] bool is_letters(std::string_view text) const {
    return peek().kind == TokenKind::letters && peek().text == text;
  }
  [[noreturn]] void unexpected() const;
  void expect_symbol(std::string_view text);
  [[nodiscard]] bool is_list_separator() const;

  // parser.cpp
  std::optional<Node> only_words() const;
  static Node list_of(std::vector<Node> elements);
  Node element();
  static Node relation(const std::string& sign, Node left, Node right);
  std::optional<std::string> relation_sign();
  Node united();
  [[nodiscard]] bool ratio_word() const;
  Node ratio();
  Node sum();

  // parser_quantity.cpp
  static Node negated(Node node);
  Node quantity();
  std::string read_label();
  std::string power_of_label();
  [[nodiscard]] bool fraction_words(std::size_t ahead) const;
  Node with_smaller_units(Node node);

  // parser_scalar.cpp
  Node product();
  std::optional<Node> modulus();
  [[nodiscard]] bool divides_unit() const;
  [[nodiscard]] bool starts_factor() const;
  [[nodiscard]] bool starts_label() const;
  std::optional<Node> mixed_number();
  Node factor();
  Node postfix(Node base);
  bool ordinal_ending(const Node& base);
  std::optional<Node> positive_numbers(const Node& base);
  Node exponent_of(Node base);
  bool degree_sign();
  std::string temperature_scale();
  bool prime_sign();
  std::optional<Node> half_of_numbers(const Node& base);
  static Node combinations(const std::string& name, std::vector<Node> arguments);
  Node primary();
  Node letters();
  Node letter_symbol(std::string name);
  std::optional<Node> indexed_combinations(std::string_view name);
  std::string subscript();
  Node text_primary();
  Node command();
  std::optional<Node> command_with_contents(const std::string& text);
  std::optional<Node> named_vector();
  Node argument();
  Node fraction();
  Node root();
  Node function(const std::string& name);
  Node function_argument();
  Node brackets();
  Node braces(std::string_view close);
  Node absolute();
  Node enclosed(std::string_view close, const std::string& name);
  Node bound();
  Node range();
  std::vector<Node> elements_until(std::string_view close_a, std::string_view close_b);

  // parser_environment.cpp
  Node environment();
  std::string environment_name();
  Node matrix(const std::string& environment);
  Node cases(const std::string& environment);
  Node lines(const std::string& environment);
  void skip_row_space();
  std::vector<Token> tokens_until(std::initializer_list<std::string_view> ends);
  Node parsed(std::vector<Token> tokens);
  std::optional<Node> set_builder();
  Node integral();
  Node limit();

  std::vector<Token> tokens_;
  LexOptions options_;
  Budget& budget_;
  std::size_t pos_ = 0;
  int depth_;
  int bars_ = 0;         // open |...|
  bool braced_ = false;  // the environment that follows stands behind a brace that nothing closes
};

}  // namespace ft::grade
