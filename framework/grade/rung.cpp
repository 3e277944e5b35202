#include "framework/grade/rung.h"

#include <algorithm>

#include "framework/grade/algebra.h"
#include "framework/grade/numeric.h"

namespace ft::grade {
namespace {

bool mentions_infinity(const Node& node) {
  return (node.is(Op::constant) && node.text == "inf") ||
         std::any_of(node.kids.begin(), node.kids.end(), mentions_infinity);
}

// 1 for infinity, -1 for minus infinity, 0 for anything else.
int infinite_sign(const Node& node) {
  if (node.is(Op::constant) && node.text == "inf") return 1;
  if (node.is(Op::negate)) return -infinite_sign(node.kids[0]);
  return 0;
}

class NormalFormRung final : public Rung {
 public:
  [[nodiscard]] std::string_view name() const override { return "exact"; }
  [[nodiscard]] std::optional<Judgement> decide(const Node& a, const Node& b, Budget& budget) const override {
    if (mentions_infinity(a) || mentions_infinity(b)) {
      const int x = infinite_sign(a);
      const int y = infinite_sign(b);
      if (x != 0 && y != 0) return Judgement{x == y ? Verdict::equal : Verdict::different, "infinite"};
      if (x != 0 && !mentions_infinity(b)) return Judgement{Verdict::different, "infinite against finite"};
      if (y != 0 && !mentions_infinity(a)) return Judgement{Verdict::different, "infinite against finite"};
      throw Undecided{"arithmetic with infinity"};
    }
    Algebra algebra(budget);
    const Quotient x = algebra.evaluate(a);
    const Quotient y = algebra.evaluate(b);
    if (x.is_rational() && y.is_rational()) {
      return Judgement{x.rational() == y.rational() ? Verdict::equal : Verdict::different, "rational"};
    }
    const Polynomial difference = algebra.difference(x, y);
    if (difference.is_zero()) return Judgement{Verdict::equal, "normal form"};
    if (algebra.is_decided_by_form(difference)) return Judgement{Verdict::different, "normal form"};
    return std::nullopt;
  }
};

class NumericRung final : public Rung {
 public:
  [[nodiscard]] std::string_view name() const override { return "numeric"; }
  [[nodiscard]] std::optional<Judgement> decide(const Node& a, const Node& b, Budget& budget) const override {
    switch (compare_numerically(a, b, budget)) {
      case NumericVerdict::different:
        return Judgement{Verdict::different, "numeric"};
      case NumericVerdict::equal:
        return Judgement{Verdict::equal, "numeric, 20 digits"};
      case NumericVerdict::equal_for_positive:
        return Judgement{Verdict::unknown, "equal for positive values only"};
      case NumericVerdict::unclear:
        break;
    }
    return std::nullopt;
  }
};

}  // namespace

std::shared_ptr<const Rung> normal_form_rung() { return std::make_shared<NormalFormRung>(); }
std::shared_ptr<const Rung> numeric_rung() { return std::make_shared<NumericRung>(); }

}  // namespace ft::grade
