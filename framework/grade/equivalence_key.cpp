#include <algorithm>

#include "framework/grade/algebra.h"
#include "framework/grade/equivalence.h"
#include "framework/grade/relation.h"
#include "framework/grade/units.h"
#include "framework/grade/vocabulary.h"

namespace ft::grade {
namespace {

bool mentions_infinity(const Node& node) {
  return (node.is(Op::constant) && node.text == "inf") ||
         std::any_of(node.kids.begin(), node.kids.end(), mentions_infinity);
}

}  // namespace

std::string Equivalence::joined_keys(const std::vector<Node>& nodes, bool sorted) {
  std::vector<std::string> keys;
  for (const Node& node : nodes)
    keys.push_back(node.is(Op::list) && !sorted ? "row" + joined_keys(node.kids, false) : key(node));
  if (sorted) std::sort(keys.begin(), keys.end());
  std::string text = "[";
  for (const std::string& one : keys) text += one + ";";
  return text + "]";
}

std::string Equivalence::key(const Node& node) {
  budget_.spend(5);
  if (node.is_scalar()) {
    if (node.is(Op::constant) && node.text == "inf") return "inf";
    if (node.is(Op::negate) && node.kids[0].is(Op::constant) && node.kids[0].text == "inf") return "-inf";
    if (mentions_infinity(node)) throw Undecided{"arithmetic with infinity"};  // 0 times infinity is not 0
    Algebra algebra(budget_);
    return algebra.text(algebra.evaluate(node));
  }
  switch (node.op) {
    case Op::quantity:
      return quantity_key(node);
    case Op::relation:
      return relation_key(node);
    case Op::set: {
      const std::vector<Node> elements = distinct(node.kids);
      return elements.size() == 1 ? key(elements.front()) : "any" + joined_keys(elements, true);
    }
    case Op::list: {
      const std::vector<Node> elements = elements_of(node);
      if (elements.size() == 1) return key(elements.front());
      if (conventions_.lists == Conventions::Lists::in_order) return "in order" + joined_keys(elements, false);
      return "any" + joined_keys(elements, true);
    }
    case Op::bracketed:
      return node.text + joined_keys(node.kids, false);
    case Op::unite:
      return "union" + joined_keys(node.kids, true);
    case Op::intersect:
      return "intersection" + joined_keys(node.kids, true);
    case Op::without:
      return "without" + joined_keys(node.kids, false);
    case Op::matrix:
      return "matrix" + joined_keys(node.kids, false);
    case Op::ratio:
      return "ratio" + joined_keys(node.kids, false);
    case Op::cases:
      return "cases" + joined_keys(node.kids, true);
    case Op::based:
      return "based " + node.text + "_" + node.value.to_string();
    case Op::words:
      return "words " + node.text;
    default:
      throw Undecided{"no key for this kind of answer"};
  }
}

std::string Equivalence::quantity_key(const Node& node) {
  const Unit unit = unit_of(node.text);
  if (unit.dimension == "percent" && conventions_.percent == Conventions::Percent::fraction)
    return key(Node(Op::divide, std::vector<Node>{node.kids[0], Node(Rational(100))}));
  // What never makes a difference does not enter the key. 45% = 45 and 45 degrees = 45, but 45% is not 45 degrees: so
  // the angle has a key of its own.
  if (unit.dimension.empty() || unit.dimension == "percent") return key(node.kids[0]);
  if (unit.dimension == "label") return key(node.kids[0]) + " " + node.text;
  if (!node.kids[0].is_scalar()) return key(node.kids[0]) + " " + unit.dimension + " " + unit.factor.to_string();
  return key(Node(Op::multiply, std::vector<Node>{Node(unit.factor), node.kids[0]})) + " " + unit.dimension;
}

std::string Equivalence::relation_key(const Node& node) {
  if (const auto assignment = assignment_of(node)) return key(*assignment->name) + " = " + key(*assignment->value);
  if (const auto inside = membership_of(node, budget_)) return inside->variable + " in " + key(inside->set);
  if (node.text == "in") return key(node.kids[0]) + " in " + key(node.kids[1]);
  if (!node.kids[0].is_scalar() || !node.kids[1].is_scalar()) return node.text + joined_keys(node.kids, false);
  return relation_normal_form(node, budget_);
}

}  // namespace ft::grade
