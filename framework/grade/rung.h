// The ladder of decisions about two scalars, cheap rungs first. A rung decides or passes on to the next.
//
// The built-in rungs are exact normal forms and error-bounded numbers. A prover in a helper process can be put between
// them (Grader's constructor) without anything else changing.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "framework/grade/grade.h"
#include "framework/grade/node.h"

namespace ft::grade {

class Rung {
 public:
  virtual ~Rung() = default;
  [[nodiscard]] virtual std::string_view name() const { return "cas"; }
  // Two scalar trees (Node::is_scalar). Nothing where this rung cannot tell. May throw Undecided, which counts as
  // nothing and whose reason is reported if no later rung decides.
  [[nodiscard]] virtual std::optional<Judgement> decide(const Node& a, const Node& b, Budget& budget) const = 0;
};

// Both trees to a quotient of polynomials over independent atoms: proves equality and, for rational numbers, roots, pi
// and polynomials, inequality.
[[nodiscard]] std::shared_ptr<const Rung> normal_form_rung();
// Values with error bounds at fixed points: proves inequality; accepts equality at 20 digits.
[[nodiscard]] std::shared_ptr<const Rung> numeric_rung();

}  // namespace ft::grade
