// Sets of real numbers as disjoint pieces in rising order, so that sets that are written differently can be compared:
// [1,2] u [2,4] is [1,4], R without 0 is (-inf,0) u (0,inf).
//
// Bounds stay the trees that they were. Which of two is larger is decided by their values where these are clearly
// apart; where they are close, `same` decides (by the grader's ladder).
#pragma once

#include <functional>
#include <optional>
#include <vector>

#include "framework/grade/node.h"

namespace ft::grade {

struct Bound {
  Node node;
  double value = 0;  // +-infinity for an infinite one
  bool closed = false;
};

struct Piece {
  Bound low;
  Bound high;  // not below low; a single point has two closed equal bounds
};

// True where the tree is a set of reals by its form: a union, an interval with infinity or unequal brackets, R itself.
// (1, 2) and [1, 2] alone are not: they may be points or lists.
[[nodiscard]] bool is_plainly_real_set(const Node& node);

class RealSets {
 public:
  using Same = std::function<bool(const Node&, const Node&)>;  // throws Undecided where it cannot tell
  RealSets(Same same, Budget& budget) : same_(std::move(same)), budget_(budget) {}

  // Nothing where the tree is no set of reals with bounds that have a value.
  [[nodiscard]] std::optional<std::vector<Piece>> pieces_of(const Node& node);
  [[nodiscard]] bool equal(const std::vector<Piece>& a, const std::vector<Piece>& b);

 private:
  [[nodiscard]] std::optional<Bound> bound_of(const Node& node, bool closed);
  [[nodiscard]] int compare(const Bound& a, const Bound& b);
  [[nodiscard]] std::vector<Piece> joined(std::vector<Piece> pieces);
  [[nodiscard]] std::vector<Piece> complement(const std::vector<Piece>& pieces);

  Same same_;
  Budget& budget_;
};

}  // namespace ft::grade
