// Equality of whole answers: structures piece by piece, scalars by the ladder of rung.h.
//
// The conventions, where a choice had to be made (the first three, and rounding, can be chosen: conventions.h):
//   - "1, 2", "1 and 2" and {1, 2} have no order; (1, 2) has. A list of numbers counts
//     repetitions; a set and a list of points do not.
//   - (0, 1) and [0, 1) differ; so do (1, 3) and {1, 3}.
//   - a percent sign does not change the number: 28% = 28, and 28% is not 0.28.
//   - a unit on one side only is ignored; known units on both sides must agree (5 cm is not 5 m, 10 g = 0.01 kg); words
//     that are no known unit and differ leave the verdict unknown. An angle in degrees equals the bare number and,
//     where the other side has pi in it, the angle in radians.
//   - "x = 5" equals "5", and "y = 2x + 1" equals "2x + 1", but "y = x" is not "x". Equations are equal when one is a
//     multiple of the other. "x in S", "a <= x <= b" and the set or interval itself are equal.
//   - numbers are exact: 0.333 is not 1/3.
//   - words are compared without case; single letters with it.
//   - a number in base 9 equals the same digits in base 9 only.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "framework/grade/conventions.h"
#include "framework/grade/rung.h"

namespace ft::grade {

class Equivalence {
 public:
  Equivalence(const std::vector<std::shared_ptr<const Rung>>& ladder, const Conventions& conventions, Budget& budget)
      : ladder_(ladder), conventions_(conventions), budget_(budget) {}

  // Never throws Undecided: what cannot be decided is unknown, with a reason.
  [[nodiscard]] Judgement compare(const Node& a, const Node& b);

  // Equal keys imply compare() == equal. Throws Undecided where there is no normal form.
  [[nodiscard]] std::string key(const Node& node);

  // The dearest rung that was asked so far.
  [[nodiscard]] std::string_view rung() const {
    return rungs_asked_ == 0 ? "structure" : ladder_[rungs_asked_ - 1]->name();
  }

 private:
  [[nodiscard]] Judgement structures(const Node& a, const Node& b);
  [[nodiscard]] Judgement scalars(const Node& a, const Node& b);
  [[nodiscard]] std::optional<Judgement> residues(const Node& a, const Node& b);
  [[nodiscard]] std::optional<Judgement> vectors(const Node& a, const Node& b);
  [[nodiscard]] bool within_tolerance(const Node& a, const Node& b);
  [[nodiscard]] Judgement percentages(const Node& a, const Node& b);
  [[nodiscard]] Judgement quantities(const Node& a, const Node& b);
  [[nodiscard]] Judgement other_dimensions(const Node& a, const Node& b);  // of quantities
  [[nodiscard]] Judgement relations(const Node& a, const Node& b);
  [[nodiscard]] Judgement relation_and_value(const Node& relation, const Node& value);
  [[nodiscard]] Judgement in_order(const std::vector<Node>& a, const std::vector<Node>& b);
  [[nodiscard]] Judgement in_any_order(const std::vector<Node>& a, const std::vector<Node>& b);
  [[nodiscard]] Judgement ratios(const Node& a, const Node& b);
  [[nodiscard]] Judgement collections(const Node& a, const Node& b);
  [[nodiscard]] std::optional<Judgement> real_sets(const Node& a, const Node& b);
  [[nodiscard]] std::optional<Judgement> named_elements(const Node& list, const Node& tuples);
  [[nodiscard]] std::optional<Judgement> functions(const Node& a, const Node& b);
  [[nodiscard]] std::vector<Node> elements_of(const Node& collection);
  [[nodiscard]] std::vector<Node> distinct(const std::vector<Node>& elements);
  [[nodiscard]] std::string joined_keys(const std::vector<Node>& nodes, bool sorted);
  [[nodiscard]] std::string quantity_key(const Node& node);
  [[nodiscard]] std::string relation_key(const Node& node);

  const std::vector<std::shared_ptr<const Rung>>& ladder_;
  const Conventions& conventions_;
  Budget& budget_;
  std::size_t rungs_asked_ = 0;
  int depth_ = 0;
};

}  // namespace ft::grade
