// Normal forms of equations and inequalities.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "framework/grade/node.h"

namespace ft::grade {

// "x < 3" and "-x > -3" as "x in (-inf, 3)"; "x != 3" as two intervals; "x in S" as it is. Nothing for relations about
// several variables or powers.
struct Membership {
  std::string variable;
  Node set;
};
[[nodiscard]] std::optional<Membership> membership_of(const Node& relation, Budget& budget);

// A text that is the same for relations which are multiples of each other: both sides on the left, divided by the
// coefficient of the first term (an inequality by its size only). Throws Undecided.
[[nodiscard]] std::string relation_normal_form(const Node& relation, Budget& budget);

// What an equation says about a name: "x = 5", "5 = x", "f(2) = 5". Nothing where neither side is a name.
struct Assignment {
  const Node* name;
  const Node* value;
};
[[nodiscard]] std::optional<Assignment> assignment_of(const Node& relation);

// The real numbers without these, as a union of open intervals. `points` in ascending order.
[[nodiscard]] Node all_but(const std::vector<Node>& points);

// "4k + 1": step and offset of a term that is linear in one letter; nothing for other trees.
struct GeneralTerm {
  Rational step;
  Rational offset;
};
[[nodiscard]] std::optional<GeneralTerm> general_term(const Node& node, Budget& budget);

[[nodiscard]] bool has_symbols(const Node& node);

// Letters, words, f(2), tuples of those, and runs of capitals as in geometry.
[[nodiscard]] bool is_name(const Node& node);

}  // namespace ft::grade
