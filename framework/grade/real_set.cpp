#include "framework/grade/real_set.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>

#include "framework/grade/numeric.h"

namespace ft::grade {
namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();

bool is_infinite(const Node& node) {
  return (node.is(Op::constant) && node.text == "inf") || (node.is(Op::negate) && is_infinite(node.kids[0]));
}

bool is_reals(const Node& node) { return node.is(Op::symbol) && node.text == "\\mathbbR"; }

Bound infinite_bound(bool minus) {
  Node node(Op::constant, "inf");
  if (minus) node = Node(Op::negate, std::vector<Node>{std::move(node)});
  return {std::move(node), minus ? -kInfinity : kInfinity, false};
}

}  // namespace

bool is_plainly_real_set(const Node& node) {
  if (is_reals(node)) return true;
  if (node.is(Op::unite) || node.is(Op::intersect) || node.is(Op::without)) {
    return std::any_of(node.kids.begin(), node.kids.end(), [](const Node& kid) {
      return is_plainly_real_set(kid) || (kid.is(Op::bracketed) && kid.kids.size() == 2);
    });
  }
  if (!node.is(Op::bracketed) || node.kids.size() != 2) return false;
  return node.text == "(]" || node.text == "[)" || is_infinite(node.kids[0]) || is_infinite(node.kids[1]);
}

std::optional<Bound> RealSets::bound_of(const Node& node, bool closed) {
  if (is_infinite(node)) return infinite_bound(node.is(Op::negate));
  const auto value = real_value(node, budget_);
  if (!value) return std::nullopt;
  return Bound{node, *value, closed};
}

// -1, 0, 1. Bounds whose values are close are the same or not as `same_` says.
int RealSets::compare(const Bound& a, const Bound& b) {
  budget_.spend();
  if (std::isinf(a.value) || std::isinf(b.value)) return a.value < b.value ? -1 : a.value > b.value ? 1 : 0;
  const double gap = std::fabs(a.value - b.value);
  if (gap > 1e-9 * std::max({1.0, std::fabs(a.value), std::fabs(b.value)})) return a.value < b.value ? -1 : 1;
  if (same_(a.node, b.node)) return 0;
  if (a.value == b.value) throw Undecided{"bounds too close to tell apart"};
  return a.value < b.value ? -1 : 1;
}

// Sorted, and those that overlap or touch made one. Empty pieces vanish.
std::vector<Piece> RealSets::joined(std::vector<Piece> pieces) {
  std::erase_if(pieces, [&](const Piece& piece) {
    const int order = compare(piece.low, piece.high);
    return order > 0 || (order == 0 && !(piece.low.closed && piece.high.closed));
  });
  if (pieces.size() > 200) throw Undecided{"a union of too many pieces"};
  // Insertion, since an undecided comparison may throw at any point.
  std::vector<Piece> sorted;
  for (Piece& piece : pieces) {
    auto place = sorted.begin();
    for (; place != sorted.end(); ++place) {
      const int order = compare(piece.low, place->low);
      if (order < 0 || (order == 0 && piece.low.closed && !place->low.closed)) break;
    }
    sorted.insert(place, std::move(piece));
  }
  std::vector<Piece> result;
  for (Piece& piece : sorted) {
    if (!result.empty()) {
      Piece& last = result.back();
      const int gap = compare(piece.low, last.high);
      if (gap < 0 || (gap == 0 && (piece.low.closed || last.high.closed))) {
        const int end = compare(piece.high, last.high);
        if (end > 0)
          last.high = std::move(piece.high);
        else if (end == 0)
          last.high.closed = last.high.closed || piece.high.closed;
        continue;
      }
    }
    result.push_back(std::move(piece));
  }
  return result;
}

// Of joined pieces.
std::vector<Piece> RealSets::complement(const std::vector<Piece>& pieces) {
  std::vector<Piece> result;
  Bound low = infinite_bound(true);
  for (const Piece& piece : pieces) {
    Bound high = piece.low;
    high.closed = !piece.low.closed && !std::isinf(piece.low.value);
    result.push_back({std::move(low), std::move(high)});
    low = piece.high;
    low.closed = !piece.high.closed && !std::isinf(piece.high.value);
  }
  result.push_back({std::move(low), infinite_bound(false)});
  return joined(std::move(result));
}

std::optional<std::vector<Piece>> RealSets::pieces_of(const Node& node) {
  budget_.spend(5);
  if (is_reals(node)) return std::vector<Piece>{{infinite_bound(true), infinite_bound(false)}};
  if (node.is(Op::set)) {
    std::vector<Piece> points;
    for (const Node& kid : node.kids) {
      auto point = bound_of(kid, true);
      if (!point || std::isinf(point->value)) return std::nullopt;
      points.push_back({*point, *point});
    }
    return joined(std::move(points));
  }
  if (node.is(Op::bracketed) && node.kids.size() == 2) {
    auto low = bound_of(node.kids[0], node.text[0] == '[');
    auto high = bound_of(node.kids[1], node.text[1] == ']');
    if (!low || !high) return std::nullopt;
    if (std::isinf(low->value)) low->closed = false;
    if (std::isinf(high->value)) high->closed = false;
    return joined({{std::move(*low), std::move(*high)}});
  }
  if (!node.is(Op::unite) && !node.is(Op::intersect) && !node.is(Op::without)) return std::nullopt;
  std::vector<std::vector<Piece>> parts;
  for (const Node& kid : node.kids) {
    auto pieces = pieces_of(kid);
    if (!pieces) return std::nullopt;
    parts.push_back(std::move(*pieces));
  }
  const bool meets = !node.is(Op::unite);
  std::vector<Piece> all;
  for (std::size_t i = 0; i < parts.size(); ++i) {
    // Intersections by De Morgan's rule.
    const bool outside = node.is(Op::intersect) || (node.is(Op::without) && i == 0);
    for (const Piece& piece : outside ? complement(parts[i]) : parts[i]) all.push_back(piece);
  }
  std::vector<Piece> result = joined(std::move(all));
  return meets ? complement(result) : result;
}

bool RealSets::equal(const std::vector<Piece>& a, const std::vector<Piece>& b) {
  if (a.size() != b.size()) return false;
  for (std::size_t i = 0; i < a.size(); ++i) {
    const auto same = [&](const Bound& x, const Bound& y) { return x.closed == y.closed && compare(x, y) == 0; };
    if (!same(a[i].low, b[i].low) || !same(a[i].high, b[i].high)) return false;
  }
  return true;
}

}  // namespace ft::grade
