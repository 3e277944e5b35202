#include "framework/grade/structure.h"

#include <algorithm>
#include <map>
#include <optional>
#include <string>
#include <utility>

#include "framework/grade/algebra.h"
#include "framework/grade/infinity.h"
#include "framework/grade/relation.h"
#include "framework/grade/series.h"

namespace ft::grade {
namespace {

Node binary(Op op, Node a, Node b) { return {op, std::vector<Node>{std::move(a), std::move(b)}}; }

std::size_t columns(const Node& matrix) { return matrix.kids.front().kids.size(); }

// Throws where rows differ in length: such a thing is no matrix to calculate with.
void check_shape(const Node& matrix) {
  for (const Node& row : matrix.kids) {
    if (row.kids.size() != columns(matrix)) throw Undecided{"a matrix with uneven rows"};
  }
}

template <typename Entry>
Node build(std::size_t rows, std::size_t cols, const Entry& entry) {
  if (rows * cols > 400) throw Undecided{"a matrix too large"};
  Node result(Op::matrix, std::vector<Node>{});
  for (std::size_t i = 0; i < rows; ++i) {
    std::vector<Node> row;
    for (std::size_t j = 0; j < cols; ++j) row.push_back(entry(i, j));
    result.kids.emplace_back(Op::list, std::move(row));
  }
  return result;
}

const Node& at(const Node& matrix, std::size_t i, std::size_t j) { return matrix.kids.at(i).kids.at(j); }

long long count_nodes(const Node& node) {
  long long count = 1;
  for (const Node& kid : node.kids) count += count_nodes(kid);
  return count;
}

// Paid for: what is calculated with matrices that hold formulas doubles with each step.
Node copy_of(const Node& node, Budget& budget) {
  constexpr long long kStepsOfNode = 2;
  budget.spend(kStepsOfNode * count_nodes(node));
  return node;
}

Node copy_of_entry(const Node& matrix, std::size_t i, std::size_t j, Budget& budget) {
  return copy_of(at(matrix, i, j), budget);
}

Node sum_of(const Node& a, const Node& b, Budget& budget) {
  check_shape(a);
  check_shape(b);
  if (a.kids.size() != b.kids.size() || columns(a) != columns(b)) throw Undecided{"matrices of different shapes"};
  return build(a.kids.size(), columns(a), [&](std::size_t i, std::size_t j) {
    return binary(Op::add, copy_of_entry(a, i, j, budget), copy_of_entry(b, i, j, budget));
  });
}

Node scaled(const Node& matrix, const Node& factor, Op op, Budget& budget) {
  check_shape(matrix);
  return build(matrix.kids.size(), columns(matrix), [&](std::size_t i, std::size_t j) {
    return binary(op, copy_of_entry(matrix, i, j, budget), copy_of(factor, budget));
  });
}

Node product_of(const Node& a, const Node& b, Budget& budget) {
  check_shape(a);
  check_shape(b);
  if (columns(a) != b.kids.size()) throw Undecided{"matrices that do not fit"};
  return build(a.kids.size(), columns(b), [&](std::size_t i, std::size_t j) {
    std::vector<Node> terms;
    for (std::size_t k = 0; k < columns(a); ++k)
      terms.push_back(binary(Op::multiply, copy_of_entry(a, i, k, budget), copy_of_entry(b, k, j, budget)));
    return terms.size() == 1 ? std::move(terms.front()) : Node(Op::add, std::move(terms));
  });
}

Node minor_of(const Node& matrix, std::size_t row, std::size_t column, Budget& budget) {
  return build(matrix.kids.size() - 1, columns(matrix) - 1, [&](std::size_t i, std::size_t j) {
    return copy_of_entry(matrix, i + (i >= row ? 1 : 0), j + (j >= column ? 1 : 0), budget);
  });
}

Node determinant(const Node& matrix, Budget& budget) {
  check_shape(matrix);
  const std::size_t n = matrix.kids.size();
  if (n != columns(matrix) || n > 5) throw Undecided{"the determinant of a large or uneven matrix"};
  if (n == 1) return copy_of_entry(matrix, 0, 0, budget);
  std::vector<Node> terms;
  for (std::size_t j = 0; j < n; ++j) {
    Node rest = determinant(minor_of(matrix, 0, j, budget), budget);
    Node term = binary(Op::multiply, copy_of_entry(matrix, 0, j, budget), std::move(rest));
    terms.push_back(j % 2 == 0 ? std::move(term) : Node(Op::negate, std::vector<Node>{std::move(term)}));
  }
  return {Op::add, std::move(terms)};
}

Node inverse(const Node& matrix, Budget& budget) {
  const Node whole = determinant(matrix, budget);
  const std::size_t n = matrix.kids.size();
  if (n > 3) throw Undecided{"the inverse of a large matrix"};
  return build(n, n, [&](std::size_t i, std::size_t j) {
    Node cofactor = n == 1 ? Node(Rational(1)) : determinant(minor_of(matrix, j, i, budget), budget);
    if ((i + j) % 2 == 1) cofactor = Node(Op::negate, std::vector<Node>{std::move(cofactor)});
    return binary(Op::divide, std::move(cofactor), copy_of(whole, budget));
  });
}

Node matrix_power(const Node& matrix, const Node& exponent, Budget& budget) {
  check_shape(matrix);
  if (exponent.is(Op::symbol) && exponent.text == "T") {
    return build(columns(matrix), matrix.kids.size(),
                 [&](std::size_t i, std::size_t j) { return copy_of_entry(matrix, j, i, budget); });
  }
  const bool minus = exponent.is(Op::negate);
  const Node& size = minus ? exponent.kids[0] : exponent;
  const auto times = size.is(Op::number) ? size.value.as_long() : std::nullopt;
  if (!times || *times < 1 || *times > 6) throw Undecided{"a power of a matrix"};
  Node result = minus ? inverse(matrix, budget) : matrix;
  const Node base = result;
  for (long long i = 1; i < *times; ++i) result = product_of(result, base, budget);
  return result;
}

Node with_matrices(Node node, Budget& budget) {
  const bool any = std::any_of(node.kids.begin(), node.kids.end(), [](const Node& kid) { return kid.is(Op::matrix); });
  if (!any) return node;
  switch (node.op) {
    case Op::negate:
      return scaled(node.kids[0], Node(Rational(-1)), Op::multiply, budget);
    case Op::divide:
      if (node.kids[1].is(Op::matrix)) throw Undecided{"division by a matrix"};
      return scaled(node.kids[0], node.kids[1], Op::divide, budget);
    case Op::power:
      if (node.kids[1].is(Op::matrix)) throw Undecided{"a matrix as exponent"};
      return matrix_power(node.kids[0], node.kids[1], budget);
    case Op::call:
      if (node.text == "det" && node.kids.size() == 1) return determinant(node.kids[0], budget);
      return node;
    case Op::add:
    case Op::multiply: {
      Node result = node.kids[0];
      for (std::size_t i = 1; i < node.kids.size(); ++i) {
        const Node& next = node.kids[i];
        if (node.is(Op::add)) {
          if (!result.is(Op::matrix) || !next.is(Op::matrix)) throw Undecided{"a matrix plus a number"};
          result = sum_of(result, next, budget);
        } else if (result.is(Op::matrix)) {
          result = next.is(Op::matrix) ? product_of(result, next, budget) : scaled(result, next, Op::multiply, budget);
        } else {
          result = next.is(Op::matrix) ? scaled(next, result, Op::multiply, budget)
                                       : binary(Op::multiply, std::move(result), next);
        }
      }
      return result;
    }
    default:
      return node;
  }
}

// i and e, which number the terms of a sum as other letters do.
bool is_letter_constant(const Node& node) { return node.is(Op::constant) && (node.text == "i" || node.text == "e"); }

// Whether what `substituted` replaces is there.
bool mentions(const Node& node, const std::string& name) {
  return ((node.is(Op::symbol) || node.is(Op::constant)) && node.text == name) ||
         (node.is(Op::symbol) && node.text.ends_with("_" + name)) ||
         std::any_of(node.kids.begin(), node.kids.end(), [&](const Node& kid) { return mentions(kid, name); });
}

// "sum" and "prod" calls carry lower relation, upper bound, body; short ranges are written out, and sums over powers
// of the variable worked out.
Node with_range(Node node, Budget& budget) {
  const Node& lower = node.kids[0];
  if (!lower.is(Op::relation) || lower.text != "=" ||
      !(lower.kids[0].is(Op::symbol) || is_letter_constant(lower.kids[0])))
    return node;
  const std::string name = lower.kids[0].text;
  constexpr long long kTooFar = 1'000'000'000;
  const auto whole = [&](const Node& bound) -> std::optional<long long> {
    if (infinite_sign(bound, budget) != 0) return std::nullopt;
    const Quotient value = Algebra(budget).evaluate(bound);
    const auto number = value.is_rational() ? value.rational().as_long() : std::nullopt;
    return number && *number > -kTooFar && *number < kTooFar ? number : std::nullopt;
  };
  const auto first = whole(lower.kids[1]);
  const auto last = whole(node.kids[1]);
  if (!first || !last || *last - *first > 200) {
    if (first && node.text == "sum") {
      if (auto closed = closed_sum(node.kids[2], name, *first, node.kids[1], budget)) return std::move(*closed);
    }
    // Left as it stands, its variable renamed: sums over k and over i are the same.
    Node body = substituted(node.kids[2], name, Node(Op::symbol, kBoundName), budget);
    return {Op::call, node.text, {lower.kids[1], node.kids[1], std::move(body)}};
  }
  const long long count = *last - *first + 1;
  const bool is_sum = node.text == "sum";
  if (count > 0 && !mentions(node.kids[2], name)) {
    return {is_sum ? Op::multiply : Op::power, {std::move(node.kids[2]), Node(Rational(count))}};
  }
  constexpr long long kFew =
      8;  // terms that are sooner written out than looked for a formula; a sum of sums has their square
  if (is_sum && count > kFew) {
    if (auto closed = closed_sum(node.kids[2], name, *first, node.kids[1], budget)) return std::move(*closed);
  }
  std::vector<Node> parts{Node(Rational(is_sum ? 0 : 1))};
  for (long long i = *first; i <= *last; ++i)
    parts.push_back(substituted(node.kids[2], name, Node(Rational(i)), budget));
  return {is_sum ? Op::add : Op::multiply, std::move(parts)};
}

// A member of the class between 0 and its divisor: "5 \pmod 4" is "1 \pmod 4".
Node with_smallest_member(Node node, Budget& budget) {
  const Quotient member = Algebra(budget).evaluate(node.kids[0]);
  const Quotient divisor = Algebra(budget).evaluate(node.kids[1]);
  if (!member.is_rational() || !divisor.is_rational() || !member.rational().is_integer() ||
      !divisor.rational().is_integer() || divisor.rational().is_zero())
    return node;
  Arithmetic arithmetic(budget);
  const Rational size = divisor.rational().is_negative() ? -divisor.rational() : divisor.rational();
  const Rational turns = arithmetic.whole_part(arithmetic.quotient(member.rational(), size));
  node.kids[0] = Node(arithmetic.difference(member.rational(), arithmetic.product(turns, size)));
  node.kids[1] = Node(size);
  return node;
}

// "x < 1 or x > 5": membership of a union; "x > 1 and x < 5": of an intersection.
Node with_alternatives(Node node, Budget& budget) {
  std::string variable;
  const bool any = node.text == "or";
  Node sets(any ? Op::unite : Op::intersect, std::vector<Node>{});
  for (const Node& kid : node.kids) {
    const bool inequality = kid.is(Op::relation) && kid.text != "=";
    if (!any && !inequality) return node;
    auto inside = membership_of(kid, budget);
    if (!inside || (!variable.empty() && variable != inside->variable)) return node;
    variable = inside->variable;
    sets.kids.push_back(std::move(inside->set));
  }
  return {Op::relation, "in", {Node(Op::symbol, variable), std::move(sets)}};
}

// "R without {1, 5}" for rational points.
Node with_points_removed(Node node) {
  std::vector<Node> points = node.kids[1].kids;
  const auto rational = [](const Node& point) {
    return point.is(Op::number) || (point.is(Op::negate) && point.kids[0].is(Op::number));
  };
  if (!std::all_of(points.begin(), points.end(), rational)) return node;
  const auto value = [](const Node& point) { return point.is(Op::number) ? point.value : -point.kids[0].value; };
  std::sort(points.begin(), points.end(), [&](const Node& a, const Node& b) { return value(a) < value(b); });
  return all_but(points);
}

// Unions, intersections and differences of finite sets of rational numbers or letters.
Node with_finite_sets(Node node, Budget& budget) {
  if (!std::all_of(node.kids.begin(), node.kids.end(), [](const Node& kid) { return kid.is(Op::set); })) return node;
  std::map<std::string, Node> elements;
  for (std::size_t i = 0; i < node.kids.size(); ++i) {
    std::map<std::string, Node> own;
    for (const Node& element : node.kids[i].kids) {
      if (!element.is_scalar()) return node;
      Algebra algebra(budget);
      const Quotient value = algebra.evaluate(element);
      // Equal elements must share a key and different ones must not: sure for rational numbers and single letters.
      if (!value.is_rational() && !element.is(Op::symbol)) return node;
      own.emplace(algebra.text(value), element);
    }
    if (i == 0 || node.is(Op::unite)) {
      elements.insert(own.begin(), own.end());
    } else {
      std::erase_if(elements, [&](const auto& entry) { return own.contains(entry.first) == node.is(Op::without); });
    }
  }
  Node result(Op::set, std::vector<Node>{});
  for (auto& [key, element] : elements) result.kids.push_back(std::move(element));
  return result;
}

bool has_plus_minus(const Node& node) {
  return node.is(Op::plus_minus) || std::any_of(node.kids.begin(), node.kids.end(), has_plus_minus);
}

Node with_sign(Node node, bool minus) {
  for (Node& kid : node.kids) kid = with_sign(std::move(kid), minus);
  if (!node.is(Op::plus_minus)) return node;
  if (minus) node.kids[1] = Node(Op::negate, std::vector<Node>{std::move(node.kids[1])});
  node.op = Op::add;
  return node;
}

int count_plus_minus(const Node& node) {
  int count = node.is(Op::plus_minus) ? 1 : 0;
  for (const Node& kid : node.kids) count += count_plus_minus(kid);
  return count;
}

// Takes the lowest bit of `signs` for each +- in order.
Node with_signs(Node node, unsigned* signs) {
  for (Node& kid : node.kids) kid = with_signs(std::move(kid), signs);
  if (!node.is(Op::plus_minus)) return node;
  const bool minus = (*signs & 1U) != 0;
  *signs >>= 1U;
  if (minus) node.kids[1] = Node(Op::negate, std::vector<Node>{std::move(node.kids[1])});
  node.op = Op::add;
  return node;
}

}  // namespace

Node worked_out(Node node, Budget& budget) {
  budget.spend();
  for (Node& kid : node.kids) kid = worked_out(std::move(kid), budget);
  if (node.is(Op::power) && node.kids[0].is(Op::bracketed) && node.kids[1].is(Op::symbol) && node.kids[1].text == "T") {
    Node column(Op::matrix, std::vector<Node>{});  // "[1, 2]^T"
    for (Node& kid : node.kids[0].kids) column.kids.emplace_back(Op::list, std::vector<Node>{std::move(kid)});
    return column;
  }
  node = with_matrices(std::move(node), budget);
  if (node.is(Op::call) && (node.text == "sum" || node.text == "prod") && node.kids.size() == 3 &&
      node.kids[0].is(Op::relation))
    return with_range(std::move(node), budget);
  if (node.is(Op::list) && node.kids.size() > 1) {
    const bool relations =
        std::all_of(node.kids.begin(), node.kids.end(), [](const Node& kid) { return kid.is(Op::relation); });
    return relations ? with_alternatives(std::move(node), budget) : node;
  }
  if (node.is(Op::without) && node.kids[0].is(Op::symbol) && node.kids[0].text == "\\mathbbR" &&
      node.kids[1].is(Op::set)) {
    return with_points_removed(std::move(node));
  }
  if (node.is(Op::unite) || node.is(Op::intersect) || node.is(Op::without))
    return with_finite_sets(std::move(node), budget);
  if (node.is(Op::call) && node.text == kResidue && node.kids.size() == 2)
    return with_smallest_member(std::move(node), budget);
  return at_infinity(std::move(node), budget);
}

Node without_plus_minus(Node node) {
  if (!has_plus_minus(node)) return node;
  if (!node.is(Op::list) && !node.is(Op::set)) {
    Node minus = with_sign(node, true);
    return {Op::list, std::vector<Node>{with_sign(std::move(node), false), std::move(minus)}};
  }
  std::vector<Node> elements;
  for (Node& kid : node.kids) {
    Node expanded = without_plus_minus(std::move(kid));
    if (expanded.is(Op::list)) {
      for (Node& element : expanded.kids) elements.push_back(std::move(element));
    } else {
      elements.push_back(std::move(expanded));
    }
  }
  node.kids = std::move(elements);
  return node;
}

std::optional<Node> with_independent_signs(const Node& node) {
  const int count = count_plus_minus(node);
  if (count < 2 || count > 4 || node.is(Op::list) || node.is(Op::set)) return std::nullopt;
  Node list(Op::list, std::vector<Node>{});
  for (unsigned signs = 0; signs < 1U << static_cast<unsigned>(count); ++signs) {
    unsigned left = signs;
    list.kids.push_back(with_signs(node, &left));
  }
  return list;
}

}  // namespace ft::grade
