#include "framework/grade/series.h"

#include <utility>
#include <vector>

#include "framework/grade/algebra.h"
#include "framework/grade/infinity.h"

namespace ft::grade {
namespace {

Node binary(Op op, Node a, Node b) {
  std::vector<Node> kids;
  kids.push_back(std::move(a));
  kids.push_back(std::move(b));
  return {op, std::move(kids)};
}

// "last - first + 1"
Node count_of(const Node& last, long long first) { return binary(Op::add, last, Node(Rational(1 - first))); }

// Newton's forward differences d_j of the values at first, first + 1, ... of a polynomial of degree below their number:
// the sum over n terms is sum_j d_j binom(n, j + 1).
Node newton_sum(const std::vector<Rational>& values, const Node& last, long long first, Budget& budget) {
  Arithmetic arithmetic(budget);
  std::vector<Rational> differences = values;
  const Node count = count_of(last, first);
  std::vector<Node> terms{Node(Rational(0))};
  for (std::size_t j = 0; j < values.size(); ++j) {
    // binom(count, j + 1), written out
    std::vector<Node> factors{Node(differences[0])};
    for (std::size_t i = 0; i <= j; ++i) {
      factors.push_back(binary(Op::divide, binary(Op::add, count, Node(Rational(-static_cast<long long>(i)))),
                               Node(Rational(static_cast<long long>(i) + 1))));
    }
    if (!differences[0].is_zero()) terms.emplace_back(Op::multiply, std::move(factors));
    for (std::size_t i = 0; i + 1 < differences.size(); ++i)
      differences[i] = arithmetic.difference(differences[i + 1], differences[i]);
    differences.pop_back();
  }
  return {Op::add, std::move(terms)};
}

// The degree in the atom `name` of a polynomial that holds nothing else.
std::optional<long long> degree_in(const Quotient& value, const std::string& name) {
  if (!(value.bottom == Polynomial(Rational(1)))) return std::nullopt;
  long long degree = 0;
  for (const auto& [monomial, coefficient] : value.top.terms()) {
    if (monomial.empty()) continue;
    if (monomial.size() > 1 || monomial[0].first != name) return std::nullopt;
    const auto exponent = monomial[0].second.as_long();
    if (!exponent || *exponent < 0 || *exponent > 8) return std::nullopt;
    degree = std::max(degree, *exponent);
  }
  return degree;
}

}  // namespace

Node substituted(Node node, const std::string& name, const Node& value, Budget& budget) {
  constexpr long long kStepsOfNode = 2;
  budget.spend(kStepsOfNode);
  if ((node.is(Op::symbol) || node.is(Op::constant)) && node.text == name) return value;
  if (node.is(Op::symbol) && node.text.ends_with("_" + name) && (value.is(Op::symbol) || value.is(Op::number)))
    node.text.replace(node.text.size() - name.size(), name.size(),
                      value.is(Op::number) ? value.value.to_string() : value.text);
  for (Node& kid : node.kids) kid = substituted(std::move(kid), name, value, budget);
  return node;
}

std::optional<Node> closed_sum(const Node& body, const std::string& name, long long first, const Node& last,
                               Budget& budget) {
  const bool endless = infinite_sign(last, budget) == 1;
  try {
    Algebra algebra(budget);
    const auto at = [&](long long k) { return algebra.evaluate(substituted(body, name, Node(Rational(k)), budget)); };
    const Quotient general = algebra.evaluate(substituted(body, name, Node(Op::symbol, kBoundName), budget));
    if (const auto degree = degree_in(general, kBoundName); degree && !endless) {
      std::vector<Rational> values;
      for (long long k = 0; k <= *degree; ++k) values.push_back(at(first + k).rational());
      return newton_sum(values, last, first, budget);
    }
    // A geometric progression: the next term is the ratio times this one, for every k.
    const Quotient start = at(first);
    const Quotient second = at(first + 1);
    if (!start.is_rational() || !second.is_rational() || start.rational().is_zero()) return std::nullopt;
    Arithmetic arithmetic(budget);
    const Rational ratio = arithmetic.quotient(second.rational(), start.rational());
    const Quotient next = algebra.evaluate(
        substituted(body, name, binary(Op::add, Node(Op::symbol, kBoundName), Node(Rational(1))), budget));
    const Quotient scaled{arithmetic.scaled(general.top, ratio), general.bottom};
    if (ratio == Rational(1) || !algebra.difference(next, scaled).is_zero()) return std::nullopt;
    if (endless) {
      if (!arithmetic.less(ratio, 1) || !arithmetic.less(-1, ratio)) return std::nullopt;
      return Node(arithmetic.quotient(start.rational(), arithmetic.difference(1, ratio)));
    }
    Node power = binary(Op::power, Node(ratio), count_of(last, first));
    return binary(Op::multiply, Node(arithmetic.quotient(start.rational(), arithmetic.difference(ratio, 1))),
                  binary(Op::add, std::move(power), Node(Rational(-1))));
  } catch (const Undecided&) {
    return std::nullopt;
  }
}

}  // namespace ft::grade
