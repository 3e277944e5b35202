#include "framework/grade/infinity.h"

#include <algorithm>
#include <array>
#include <string_view>
#include <utility>

#include "framework/grade/algebra.h"
#include "framework/grade/numeric.h"

namespace ft::grade {
namespace {

// 1 and -1 for the two infinities themselves, 0 for everything else.
int sign_of(const Node& node) {
  if (node.is(Op::constant)) return node.text == "inf" ? 1 : 0;
  return node.is(Op::negate) ? -sign_of(node.kids[0]) : 0;
}

std::optional<Rational> rational_of(const Node& node, Budget& budget) {
  try {
    const Quotient value = Algebra(budget).evaluate(node);
    if (value.is_rational()) return value.rational();
  } catch (const Undecided&) {
    // No number.
  }
  return std::nullopt;
}

// The sign of a number that need not be rational; nothing where it is zero, no number or too close to call.
std::optional<int> number_sign(const Node& node, Budget& budget) {
  const auto value = real_value(node, budget);
  if (!value || (*value < 1e-12 && *value > -1e-12)) return std::nullopt;
  return *value > 0 ? 1 : -1;
}

Node infinity(int sign) {
  Node node(Op::constant, "inf");
  return sign > 0 ? node : Node(Op::negate, std::vector<Node>{std::move(node)});
}

Node number(long long value) { return Node(Rational(value)); }

Node half_pi(int sign) {
  Node half(Op::divide, std::vector<Node>{Node(Op::constant, "pi"), number(2)});
  return sign > 0 ? half : Node(Op::negate, std::vector<Node>{std::move(half)});
}

// base^exponent with an infinite exponent: to infinity or to zero as the base is above or below one.
std::optional<Node> infinite_power(const Node& base, int sign, Budget& budget) {
  const auto value = real_value(base, budget);
  if (!value || *value <= 1e-9 || (*value > 1 - 1e-9 && *value < 1 + 1e-9)) return std::nullopt;
  return (*value > 1) == (sign > 0) ? infinity(1) : number(0);
}

std::optional<Node> function_at(const std::string& name, int sign) {
  static constexpr auto kGrowing = std::to_array<std::string_view>({"sinh", "arsinh"});
  static constexpr auto kVanishing = std::to_array<std::string_view>({"sech", "csch", "arcoth", "arcsch", "arccot"});
  if (std::find(kGrowing.begin(), kGrowing.end(), name) != kGrowing.end()) return infinity(sign);
  if (name == "tanh" || name == "coth") return number(sign);
  if (name == "arctan") return half_pi(sign);
  if (name == "arcsec") return half_pi(1);
  if (name == "arccsc") return number(0);
  if (std::find(kVanishing.begin(), kVanishing.end(), name) != kVanishing.end())
    return name == "arccot" && sign < 0 ? std::nullopt : std::optional(number(0));  // 0 or pi: both are taught
  if (name == "abs" || name == "cosh") return infinity(1);
  if (name == "exp") return sign > 0 ? infinity(1) : number(0);
  if (name == "ln" || name == "log" || name == "lg" || name == "arcosh")
    return sign > 0 ? std::optional(infinity(1)) : std::nullopt;
  return std::nullopt;
}

// ln 0, and logarithms to a number as base.
std::optional<Node> logarithm_at(const Node& node, Budget& budget) {
  const auto base = node.kids.size() == 2 ? real_value(node.kids[1], budget) : std::optional<double>(10);
  if (!base || *base <= 1e-9 || (*base > 1 - 1e-9 && *base < 1 + 1e-9)) return std::nullopt;
  const int way = *base > 1 ? 1 : -1;
  if (sign_of(node.kids[0]) > 0) return infinity(way);
  if (node.kids[0].is(Op::number) && node.kids[0].value.is_zero()) return infinity(-way);
  return std::nullopt;
}

}  // namespace

std::optional<int> infinite_sign(const Node& node, Budget& budget) {
  if (node.is(Op::constant)) return node.text == "inf" ? 1 : 0;
  if (node.is(Op::negate)) return -sign_of(node);
  if (std::none_of(node.kids.begin(), node.kids.end(), [](const Node& kid) { return sign_of(kid) != 0; })) return 0;
  if (node.is(Op::add)) {
    int sign = 0;
    for (const Node& kid : node.kids) {
      const int own = sign_of(kid);
      if (own == 0) continue;
      if (sign != 0 && sign != own) return std::nullopt;
      sign = own;
    }
    return sign;
  }
  if (node.is(Op::multiply) || (node.is(Op::divide) && sign_of(node.kids[0]) != 0 && sign_of(node.kids[1]) == 0)) {
    int sign = 1;
    for (const Node& kid : node.kids) {
      const auto own = sign_of(kid) != 0 ? std::optional(sign_of(kid)) : number_sign(kid, budget);
      if (!own) return std::nullopt;
      sign *= *own;
    }
    return sign;
  }
  const bool root = node.is(Op::root);
  if ((node.is(Op::power) || root) && sign_of(node.kids[0]) != 0) {
    auto exponent = rational_of(node.kids[1], budget);
    if (!exponent || exponent->is_negative() || exponent->is_zero()) return std::nullopt;
    if (sign_of(node.kids[0]) > 0) return 1;
    if (root) return exponent->is_integer() && exponent->numerator().is_odd() ? std::optional(-1) : std::nullopt;
    if (!exponent->denominator().is_odd()) return std::nullopt;
    return exponent->numerator().is_odd() ? -1 : 1;
  }
  return std::nullopt;
}

Node at_infinity(Node node, Budget& budget) {
  const bool logarithm = node.is(Op::call) && (node.text == "ln" || node.text == "log" || node.text == "lg");
  const bool any = std::any_of(node.kids.begin(), node.kids.end(), [](const Node& kid) { return sign_of(kid) != 0; });
  const bool of_zero = logarithm && !node.kids.empty() && node.kids[0].is(Op::number) && node.kids[0].value.is_zero();
  if ((!any && !of_zero) || node.is(Op::negate)) return node;
  if (logarithm) {
    auto value = logarithm_at(node, budget);
    return value ? std::move(*value) : node;
  }
  if (node.is(Op::call)) {
    auto value = node.kids.size() == 1 ? function_at(node.text, sign_of(node.kids[0])) : std::nullopt;
    return value ? std::move(*value) : node;
  }
  if (node.is(Op::divide) && sign_of(node.kids[1]) != 0 && sign_of(node.kids[0]) == 0)
    return real_value(node.kids[0], budget) ? number(0) : node;
  if (node.is(Op::power) && sign_of(node.kids[1]) != 0 && sign_of(node.kids[0]) == 0) {
    auto value = infinite_power(node.kids[0], sign_of(node.kids[1]), budget);
    return value ? std::move(*value) : node;
  }
  if (node.is(Op::power) && sign_of(node.kids[0]) != 0) {
    const auto exponent = rational_of(node.kids[1], budget);
    if (exponent && exponent->is_negative()) return number(0);
  }
  if (!node.is(Op::add) && !node.is(Op::multiply) && !node.is(Op::divide) && !node.is(Op::power) && !node.is(Op::root))
    return node;
  const auto sign = infinite_sign(node, budget);
  return sign && *sign != 0 ? infinity(*sign) : node;
}

}  // namespace ft::grade
