#include "framework/grade/relation.h"

#include <algorithm>

#include "framework/grade/algebra.h"
#include "framework/grade/vocabulary.h"

namespace ft::grade {

bool is_name(const Node& node) {
  switch (node.op) {
    case Op::symbol:
    case Op::words:
      return true;
    case Op::call:
      return !node.kids.empty() && function_name(node.text).empty() && node.text != "factorial" && node.text != "mod" &&
             node.text != kResidue;
    case Op::bracketed:
      return std::all_of(node.kids.begin(), node.kids.end(), is_name);
    case Op::multiply:  // AB, CD: the names of geometry
      return std::all_of(node.kids.begin(), node.kids.end(), [](const Node& kid) {
        return kid.is(Op::symbol) && kid.text.size() == 1 && kid.text[0] >= 'A' && kid.text[0] <= 'Z';
      });
    case Op::divide:
    case Op::ratio:
      return std::all_of(node.kids.begin(), node.kids.end(), is_name);
    default:
      return false;
  }
}

bool has_symbols(const Node& node) {
  if (node.is(Op::symbol) || node.is(Op::words)) return true;
  if (node.is(Op::call) && function_name(node.text).empty() && node.text.size() <= 4 && node.text != "mod" &&
      node.text != "det") {
    return true;
  }
  return std::any_of(node.kids.begin(), node.kids.end(), has_symbols);
}

std::optional<Assignment> assignment_of(const Node& relation) {
  if (!relation.is(Op::relation) || relation.text != "=") return std::nullopt;
  const Node& left = relation.kids[0];
  const Node& right = relation.kids[1];
  if (is_name(left) && !(is_name(right) && left.is(Op::words) == right.is(Op::words))) return Assignment{&left, &right};
  if (is_name(right) && !is_name(left)) return Assignment{&right, &left};
  return std::nullopt;
}

namespace {

// The one variable of a linear polynomial a x + b with rational a and b without variables.
struct Linear {
  std::string variable;
  Rational slope;
  Quotient offset;
};

std::optional<Linear> linear_in_one(const Quotient& difference, const std::vector<std::string>& symbols,
                                    Budget& budget) {
  if (symbols.size() != 1 || !(difference.bottom == Polynomial(Rational(1)))) return std::nullopt;
  Arithmetic arithmetic(budget);
  Linear linear{symbols.front(), 0, {}};
  Polynomial offset;
  for (const auto& [monomial, coefficient] : difference.top.terms()) {
    const bool has = std::any_of(monomial.begin(), monomial.end(),
                                 [&](const auto& f) { return f.first.find(linear.variable) != std::string::npos; });
    if (!has) {
      arithmetic.add(&offset, coefficient, monomial);
    } else if (monomial == Monomial{{linear.variable, 1}}) {
      linear.slope = coefficient;
    } else {
      return std::nullopt;
    }
  }
  if (linear.slope.is_zero()) return std::nullopt;
  linear.offset = {arithmetic.scaled(offset, arithmetic.quotient(1, linear.slope)), Rational(1)};
  return linear;
}

// At most two of them: what is asked is whether there is one.
void collect_symbols(const Node& node, std::vector<std::string>* names) {
  if (names->size() > 1) return;
  if (node.is(Op::symbol) && std::find(names->begin(), names->end(), node.text) == names->end())
    names->push_back(node.text);
  for (const Node& kid : node.kids) collect_symbols(kid, names);
}

Node infinity(bool minus) {
  Node node(Op::constant, "inf");
  return minus ? Node(Op::negate, std::vector<Node>{std::move(node)}) : node;
}

}  // namespace

Node all_but(const std::vector<Node>& points) {
  Node result(Op::unite, std::vector<Node>{});
  for (std::size_t i = 0; i <= points.size(); ++i) {
    result.kids.push_back(
        Node(Op::bracketed, "()",
             {i == 0 ? infinity(true) : points[i - 1], i == points.size() ? infinity(false) : points[i]}));
  }
  return result;
}

namespace {

// "x < c" for a side that is the bare variable: the other side keeps its own tree.
std::optional<Membership> bare_inequality(const Node& relation) {
  const bool closed = relation.text == "<=";
  const Node& left = relation.kids[0];
  const Node& right = relation.kids[1];
  if (relation.text == "!=") {
    const bool forward = left.is(Op::symbol) && !has_symbols(right);
    if (!forward && !(right.is(Op::symbol) && !has_symbols(left))) return std::nullopt;
    return Membership{forward ? left.text : right.text, all_but({forward ? right : left})};
  }
  if (left.is(Op::symbol) && !has_symbols(right)) {
    return Membership{left.text, Node(Op::bracketed, closed ? "(]" : "()", {infinity(true), right})};
  }
  if (right.is(Op::symbol) && !has_symbols(left)) {
    return Membership{right.text, Node(Op::bracketed, closed ? "[)" : "()", {left, infinity(false)})};
  }
  return std::nullopt;
}

// "|x - 2| < 3" is (2 - 3, 2 + 3), "|x| > a" the two rays outside; a positive number at the other side.
std::optional<Membership> distance_inequality(const Node& relation) {
  const auto is_distance = [](const Node& side) {
    if (!side.is(Op::call) || side.text != "abs" || side.kids.size() != 1) return false;
    const Node& inner = side.kids[0];
    if (inner.is(Op::symbol)) return true;
    return inner.is(Op::add) && inner.kids.size() == 2 && inner.kids[0].is(Op::symbol) && !has_symbols(inner.kids[1]);
  };
  const bool inside = is_distance(relation.kids[0]);
  const Node& distance = relation.kids[inside ? 0 : 1];
  const Node& radius = relation.kids[inside ? 1 : 0];
  if (relation.text == "!=" || !is_distance(distance) || has_symbols(radius) || !radius.is(Op::number) ||
      radius.value.is_negative() || radius.value.is_zero())
    return std::nullopt;
  const Node& inner = distance.kids[0];
  const Node& name = inner.is(Op::symbol) ? inner : inner.kids[0];
  const Node centre = inner.is(Op::symbol) ? Node(Rational(0)) : Node(Op::negate, std::vector<Node>{inner.kids[1]});
  const Node low(Op::add, std::vector<Node>{centre, Node(-radius.value)});
  const Node high(Op::add, std::vector<Node>{centre, radius});
  const bool closed = relation.text == "<=";
  if (inside) return Membership{name.text, Node(Op::bracketed, closed ? "[]" : "()", {low, high})};
  Node rays(Op::unite, std::vector<Node>{Node(Op::bracketed, closed ? "(]" : "()", {infinity(true), low}),
                                         Node(Op::bracketed, closed ? "[)" : "()", {high, infinity(false)})});
  return Membership{name.text, std::move(rays)};
}

}  // namespace

std::optional<Membership> membership_of(const Node& relation, Budget& budget) {
  if (!relation.is(Op::relation)) return std::nullopt;
  if (relation.text == "in" && relation.kids[0].is(Op::symbol))
    return Membership{relation.kids[0].text, relation.kids[1]};
  if (relation.text != "<" && relation.text != "<=" && relation.text != "!=") return std::nullopt;
  if (auto bare = bare_inequality(relation)) return bare;
  if (auto within = distance_inequality(relation)) return within;
  if (relation.text == "!=") return std::nullopt;
  std::vector<std::string> symbols;
  collect_symbols(relation, &symbols);
  if (symbols.size() != 1) return std::nullopt;
  Algebra algebra(budget);
  const Quotient left = algebra.evaluate(relation.kids[0]);
  const Quotient right = algebra.evaluate(relation.kids[1]);
  const Quotient difference = algebra.add(left, {Arithmetic(budget).scaled(right.top, -1), right.bottom});
  const auto linear = linear_in_one(difference, symbols, budget);
  if (!linear || !linear->offset.is_rational()) return std::nullopt;
  // slope * (x + offset) < 0
  const Node bound(-linear->offset.rational());
  const bool closed = relation.text == "<=";
  if (linear->slope.is_negative()) {
    return Membership{linear->variable, Node(Op::bracketed, closed ? "[)" : "()", {bound, infinity(false)})};
  }
  return Membership{linear->variable, Node(Op::bracketed, closed ? "(]" : "()", {infinity(true), bound})};
}

std::optional<GeneralTerm> general_term(const Node& node, Budget& budget) {
  std::vector<std::string> symbols;
  collect_symbols(node, &symbols);
  if (!node.is_scalar() || symbols.size() != 1) return std::nullopt;
  const auto linear = linear_in_one(Algebra(budget).evaluate(node), symbols, budget);
  if (!linear || !linear->offset.is_rational()) return std::nullopt;
  return GeneralTerm{linear->slope, Arithmetic(budget).product(linear->offset.rational(), linear->slope)};
}

std::string relation_normal_form(const Node& relation, Budget& budget) {
  Algebra algebra(budget);
  const Quotient left = algebra.evaluate(relation.kids[0]);
  const Quotient right = algebra.evaluate(relation.kids[1]);
  Polynomial difference = algebra.difference(left, right);
  if (difference.is_zero()) return relation.text + " always";
  // Dividing out a common power of a variable would lose or gain solutions, so it stays.
  const Rational leading = difference.terms().begin()->second;
  const bool direction = relation.text == "<" || relation.text == "<=";
  if (direction && !(left.bottom.is_constant() && right.bottom.is_constant()))
    throw Undecided{"an inequality with a fraction"};
  const Rational factor = direction && leading.is_negative() ? -leading : leading;
  Arithmetic arithmetic(budget);
  return relation.text + " " + arithmetic.text(arithmetic.scaled(difference, arithmetic.quotient(1, factor)));
}

}  // namespace ft::grade
