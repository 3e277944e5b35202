#include <array>
#include <map>

#include "framework/grade/cas_client.h"

namespace ft::grade {
namespace {

struct Unknown {};  // thrown inside this file: not in the helper's language

class Writer {
 public:
  void write(const Node& node) {
    if (out_.size() > kCasLongestProgram) throw Unknown{};
    switch (node.op) {
      case Op::number:
        token(node.value.to_string());
        return;
      case Op::symbol:
        token("x" + std::to_string(index_of(node.text)));
        return;
      case Op::constant:
        if (node.text != "pi" && node.text != "e" && node.text != "i") throw Unknown{};
        token(node.text);
        return;
      case Op::add:
        fold(node, "+");
        return;
      case Op::multiply:
        fold(node, "*");
        return;
      case Op::divide:
        two(node.kids[0], node.kids[1], "/");
        return;
      case Op::power:
        power(node.kids[0], node.kids[1]);
        return;
      case Op::root:
        two(node.kids[0], node.kids[1], "root");
        return;
      case Op::negate:
        one(node.kids[0], "~");
        return;
      case Op::call:
        call(node);
        return;
      case Op::quantity:
        if (node.text != "degree") throw Unknown{};
        one(node.kids[0], "pi * 180 /");
        return;
      default:
        throw Unknown{};
    }
  }

  void next_expression() { out_.back() = '\n'; }
  [[nodiscard]] std::string program() const { return out_; }

 private:
  void token(const std::string& text) { out_ += text + " "; }

  std::size_t index_of(const std::string& name) {
    const auto [place, is_new] = names_.try_emplace(name, names_.size());
    if (names_.size() > static_cast<std::size_t>(kCasMostVariables)) throw Unknown{};
    return place->second;
  }

  void one(const Node& argument, const std::string& operation) {
    write(argument);
    token(operation);
  }

  void two(const Node& a, const Node& b, const std::string& operation) {
    write(a);
    write(b);
    token(operation);
  }

  void fold(const Node& node, const std::string& operation) {
    for (std::size_t i = 0; i < node.kids.size(); ++i) {
      write(node.kids[i]);
      if (i > 0) token(operation);
    }
  }

  // x^(p/q) with odd q is the power of the real root, as in school and in the numeric rung.
  void power(const Node& base, const Node& exponent) {
    const Node* value = &exponent;
    bool minus = false;
    for (; value->is(Op::negate); value = &value->kids[0]) minus = !minus;
    const bool fraction = value->is(Op::divide) && value->kids[0].is(Op::number) && value->kids[1].is(Op::number);
    if (fraction) {
      const Rational quotient = value->kids[0].value / value->kids[1].value;
      if (quotient.denominator().is_odd() && !quotient.is_integer()) {
        two(base, Node(Rational(quotient.denominator())), "root");
        token((minus ? "-" : "") + quotient.numerator().to_string());
        token("^");
        return;
      }
    }
    two(base, exponent, "^");
  }

  void call(const Node& node) {
    // What each function is in the helper's words, behind its argument; the identities are those of numeric.cpp.
    static const std::map<std::string, std::string> kWords{
        {"sin", "sin"},
        {"cos", "cos"},
        {"tan", "tan"},
        {"exp", "exp"},
        {"ln", "ln"},
        {"abs", "abs"},
        {"floor", "floor"},
        {"ceil", "ceil"},
        {"arcsin", "asin"},
        {"arccos", "acos"},
        {"arctan", "atan"},
        {"cot", "tan -1 ^"},
        {"sec", "cos -1 ^"},
        {"csc", "sin -1 ^"},
        {"arccot", "atan ~ pi 2 / +"},
        {"arcsec", "-1 ^ acos"},
        {"arccsc", "-1 ^ asin"},
    };
    if ((node.text == "log" || node.text == "lg") && !node.kids.empty()) {
      one(node.kids[0], "ln");
      one(node.kids.size() == 2 ? node.kids[1] : Node(Rational(10)), "ln");
      token("/");
      return;
    }
    const auto found = kWords.find(node.text);
    if (found == kWords.end() || node.kids.size() != 1) throw Unknown{};
    one(node.kids[0], found->second);
  }

  std::string out_;
  std::map<std::string, std::size_t> names_;
};

}  // namespace

std::optional<std::string> cas_program(const Node& a, const Node& b) {
  try {
    Writer writer;
    writer.write(a);
    writer.next_expression();
    writer.write(b);
    std::string program = writer.program();
    if (program.size() > kCasLongestProgram) return std::nullopt;
    return program;
  } catch (const Unknown&) {
    return std::nullopt;
  } catch (const Undecided&) {  // a division by zero in an exponent
    return std::nullopt;
  }
}

}  // namespace ft::grade
