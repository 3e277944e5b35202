// What an answer says, as a tree: the parser builds it, the normal form and the numeric rung read it.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "framework/grade/budget.h"
#include "framework/grade/rational.h"

namespace ft::grade {

enum class Op {
  // Scalars.
  number,      // value; text: kDecimal where it was written with a decimal point
  symbol,      // text: "x", "x_{1}", "f'", "\\theta"
  constant,    // text: "pi", "e", "i", "inf"
  add,         // kids
  multiply,    // kids
  divide,      // kids[0] / kids[1]
  power,       // kids[0] ^ kids[1]
  root,        // kids[1]-th root of kids[0]; real for an odd root of a negative number
  negate,      // kids[0]
  call,        // text: the function's name; kids: arguments
  plus_minus,  // kids[0] +- kids[1]
  // Structures.
  bracketed,  // text: the two brackets, "(]"; kids: elements of a tuple or the ends of an interval
  list,       // kids in any order
  set,        // kids in any order, each counted once
  unite,      // union of kids
  intersect,  // intersection of kids
  without,    // kids[0] without kids[1]
  matrix,     // kids: rows, each a list
  relation,   // text: "=", "<", "<=", "!=", "in"; kids[0] relation kids[1]
  ratio,      // kids[0] : kids[1] : ...
  based,      // text: digits; value: the base
  words,      // text in lower case, blanks collapsed
  quantity,   // kids[0] with a unit or label; text: the label
  cases,      // kids: lists of a value and its condition, a relation or words
};

inline constexpr const char* kDecimal = ".";
// The call of a residue class: its member and its divisor, "1 \pmod 4".
inline constexpr const char* kResidue = "residue";
// The variable of a sum, a limit or an integral, whatever its letter was.
inline constexpr const char* kBoundName = "\\bound";

struct Node {
  Op op = Op::number;
  std::string text;
  Rational value;
  std::vector<Node> kids;

  Node() = default;
  Node(Op kind, std::vector<Node> children) : op(kind), kids(std::move(children)) {}
  Node(Op kind, std::string name, std::vector<Node> children = {})
      : op(kind), text(std::move(name)), kids(std::move(children)) {}
  explicit Node(Rational number) : value(std::move(number)) {}

  [[nodiscard]] bool is(Op kind) const { return op == kind; }
  [[nodiscard]] bool is_scalar() const { return op <= Op::plus_minus; }
};

}  // namespace ft::grade
