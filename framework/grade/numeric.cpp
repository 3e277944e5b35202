#include "framework/grade/numeric.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>
#include <set>

#include "framework/grade/wide.h"

namespace ft::grade {
namespace {

using Point = std::map<std::string, Approximate>;

Approximate real(const Wide& value) { return {value, Wide(0), std::fabs(value.high) * 0x1p-104}; }
const Approximate kOne{Wide(1), Wide(0), 0};
const Approximate kImaginary{Wide(0), Wide(1), 0};

class Evaluator {
 public:
  Evaluator(const Point& point, Budget& budget) : point_(point), budget_(budget) {}

  // A part of what was evaluated is too small beside the rest to show in the value: 10^20 + 1, tanh 30, cos 10^-9. Such
  // values agree with their neighbours, which proves nothing.
  [[nodiscard]] bool absorbed() const { return absorbed_; }

  // Throws Undecided for what has no number.
  Approximate operator()(const Node& node) {
    budget_.spend(20);
    switch (node.op) {
      case Op::number:
        return exact(node.value);
      case Op::symbol:
        return point_.at(node.text);
      case Op::constant:
        if (node.text == "pi") return real(wide_pi());
        if (node.text == "e") return real(exp(Wide(1)));
        if (node.text == "i") return kImaginary;
        throw Undecided{"infinity inside a formula"};
      case Op::add: {
        Approximate sum;
        double largest = 0;
        double smallest = std::numeric_limits<double>::infinity();
        for (const Node& kid : node.kids) {
          const Approximate term = (*this)(kid);
          const double size = term.size();
          largest = std::max(largest, size);
          if (size > 0) smallest = std::min(smallest, size);
          sum = sum + term;
        }
        absorbed_ = absorbed_ || smallest < kInvisible * largest;
        return sum;
      }
      case Op::multiply: {
        Approximate product = kOne;
        for (const Node& kid : node.kids) product = product * (*this)(kid);
        return product;
      }
      case Op::divide:
        return (*this)(node.kids[0]) / (*this)(node.kids[1]);
      case Op::negate:
        return -(*this)(node.kids[0]);
      case Op::power:
        return power((*this)(node.kids[0]), node.kids[1]);
      case Op::root:
        return root((*this)(node.kids[0]), (*this)(node.kids[1]));
      case Op::call:
        return call(node);
      case Op::quantity: {
        const Approximate value = (*this)(node.kids[0]);
        return node.text == "degree" ? value * real(wide_pi()) / exact(180) : value;
      }
      default:
        throw Undecided{"a structure inside a formula"};
    }
  }

 private:
  static Approximate exact(const Rational& value) {
    const Wide wide = to_wide(value);
    return {wide, Wide(0),
            value.is_integer() && value.numerator().num_limbs() <= 3 ? 0 : std::fabs(wide.high) * 0x1p-104};
  }

  // The real odd root of a negative real number, as in school; the principal root otherwise.
  static Approximate root(const Approximate& radicand, const Approximate& degree) {
    const double n = degree.real.high;
    if (degree.error == 0 && n == 2 && degree.imaginary.high == 0) return sqrt(radicand);
    const bool odd = degree.error == 0 && n == std::floor(n) && std::fmod(std::fabs(n), 2) == 1;
    const bool negative = std::fabs(radicand.imaginary.high) <= radicand.error && radicand.real.high < 0;
    if (odd && negative) return -pow(-radicand, kOne / degree);
    return pow(radicand, kOne / degree);
  }

  Approximate power(const Approximate& base, const Node& exponent) {
    budget_.spend(kStepsOfPower);
    const Node* value = &exponent;
    bool minus = false;
    for (; value->is(Op::negate); value = &value->kids[0]) minus = !minus;
    if (value->is(Op::divide) && value->kids[0].is(Op::number) && value->kids[1].is(Op::number)) {
      const Rational fraction = value->kids[0].value / value->kids[1].value;
      if (!fraction.denominator().is_odd() || fraction.is_integer()) return pow(base, (*this)(exponent));
      const Approximate rooted = root(base, exact(Rational(fraction.denominator())));
      const Approximate result = pow(rooted, exact(Rational(fraction.numerator())));
      return minus ? kOne / result : result;
    }
    return pow(base, (*this)(exponent));
  }

  Approximate call(const Node& node);
  Approximate unknown_function(const Node& node);
  static Approximate hyperbolic(const std::string& name, const Approximate& x);
  static Approximate inverse(const std::string& name, const Approximate& x);

  static constexpr double kInvisible = 1e-16;
  static constexpr long long kStepsOfPower = 60;
  void note_saturation(const std::string& name, const Approximate& x);

  const Point& point_;
  Budget& budget_;
  bool absorbed_ = false;
};

void Evaluator::note_saturation(const std::string& name, const Approximate& x) {
  const double size = x.size();
  if (size == 0) return;
  const bool hyperbolic = name.ends_with("h") && name != "arsinh" && name != "arcosh";
  const bool exponential = name == "exp";
  const double smallest = exponential ? kInvisible : 1e-8;  // cos x is 1 - x^2/2
  constexpr double kFlat = 15;                              // from where on tanh x is 1 to 13 digits
  const bool linear = name == "abs" || name == "max" || name == "min" || name == "floor" || name == "ceil" ||
                      name == "ln" || name == "log" || name == "lg";
  if (linear) return;
  absorbed_ = absorbed_ || size < smallest || size > 1e15 || (hyperbolic && size > kFlat);
}

Approximate Evaluator::call(const Node& node) {
  const std::string& name = node.text;
  if (node.kids.empty()) throw Undecided{"a function without argument"};
  constexpr long long kStepsOfFunction = 80;  // logarithms and exponentials, to 31 digits
  budget_.spend(kStepsOfFunction);
  const bool letter = name.size() == 1 || name[1] == '_' || name[1] == '\'';
  if (letter) return unknown_function(node);
  const Approximate x = (*this)(node.kids[0]);
  note_saturation(name, x);
  if (name == "sin") return sin(x);
  if (name == "cos") return cos(x);
  if (name == "tan") return sin(x) / cos(x);
  if (name == "cot") return cos(x) / sin(x);
  if (name == "sec") return kOne / cos(x);
  if (name == "csc") return kOne / sin(x);
  if (name == "exp") return exp(x);
  if (name == "ln") return log(x);
  if (name == "log" || name == "lg") return log(x) / log(node.kids.size() == 2 ? (*this)(node.kids[1]) : exact(10));
  if (name == "abs") {
    const double size = x.size();
    if (size == 0) return x;
    const Wide length = sqrt(x.real * x.real + x.imaginary * x.imaginary);
    return {length, Wide(0), x.error + size * 0x1p-98};
  }
  if (name == "max" || name == "min") {
    Approximate best = x;
    for (std::size_t i = 1; i < node.kids.size(); ++i) {
      const Approximate other = (*this)(node.kids[i]);
      if ((other.real.high > best.real.high) == (name == "max")) best = other;
    }
    return best;
  }
  if (name == "floor" || name == "ceil") {
    const double value = x.real.high + x.real.low;
    const double whole = name == "floor" ? std::floor(value) : std::ceil(value);
    const bool clear = x.is_finite() && std::fabs(x.imaginary.high) <= x.error && std::fabs(value) < 0x1p50 &&
                       std::fabs(value - std::round(value)) > 1e-9 + 2 * x.error;
    if (!clear) throw Undecided{"a rounding too close to call"};
    return {Wide(whole), Wide(0), 0};
  }
  if (name.ends_with("h") && !name.starts_with("ar") && name.size() > 1) return hyperbolic(name, x);
  if (name.starts_with("ar")) return inverse(name, x);
  throw Undecided{"no value for the function " + name};
}

// f(x) stands for every function, so for this one too: where two expressions differ for it, they are not identical.
Approximate Evaluator::unknown_function(const Node& node) {
  long long salt = 1;
  for (const char c : node.text) salt = (salt * 31 + c) % 97;
  Approximate value = exact(Rational(BigInt(salt + 3), BigInt(7)));
  for (const Node& kid : node.kids) {
    const Approximate x = (*this)(kid);
    value = value * exp(x / exact(5)) + x * x * exact(Rational(BigInt(2), BigInt(salt + 1))) + exact(1);
  }
  return value;
}

Approximate Evaluator::hyperbolic(const std::string& name, const Approximate& x) {
  const Approximate two = exact(2);
  const Approximate sine = (exp(x) + -exp(-x)) / two;
  const Approximate cosine = (exp(x) + exp(-x)) / two;
  if (name == "sinh") return sine;
  if (name == "cosh") return cosine;
  if (name == "tanh") return sine / cosine;
  if (name == "coth") return cosine / sine;
  if (name == "sech") return kOne / cosine;
  if (name == "csch") return kOne / sine;
  throw Undecided{"no value for the function " + name};
}

// Through logarithms: Abramowitz and Stegun 4.4.26-4.4.28 and 4.6.20-4.6.22.
Approximate Evaluator::inverse(const std::string& name, const Approximate& x) {
  const auto arcsin = [](const Approximate& z) { return -(kImaginary * log(kImaginary * z + sqrt(kOne + -(z * z)))); };
  const auto arctan = [](const Approximate& z) {
    return (log(kOne + kImaginary * z) + -log(kOne + -(kImaginary * z))) / (exact(2) * kImaginary);
  };
  const auto arsinh = [](const Approximate& z) { return log(z + sqrt(z * z + kOne)); };
  const auto arcosh = [](const Approximate& z) { return log(z + sqrt(z + kOne) * sqrt(z + -kOne)); };
  const auto artanh = [](const Approximate& z) { return (log(kOne + z) + -log(kOne + -z)) / exact(2); };
  const Approximate right_angle = real(wide_pi()) / exact(2);
  if (name == "arcsin") return arcsin(x);
  if (name == "arccos") return right_angle + -arcsin(x);
  if (name == "arctan") return arctan(x);
  if (name == "arccot") return right_angle + -arctan(x);
  if (name == "arcsec") return right_angle + -arcsin(kOne / x);
  if (name == "arccsc") return arcsin(kOne / x);
  if (name == "arsinh") return arsinh(x);
  if (name == "arcosh") return arcosh(x);
  if (name == "artanh") return artanh(x);
  if (name == "arcoth") return artanh(kOne / x);
  if (name == "arsech") return arcosh(kOne / x);
  if (name == "arcsch") return arsinh(kOne / x);
  throw Undecided{"no value for the function " + name};
}

void collect_symbols(const Node& node, std::set<std::string>* names) {
  if (node.is(Op::symbol)) names->insert(node.text);
  for (const Node& kid : node.kids) collect_symbols(kid, names);
}

enum class AtPoint { different, agree, undefined, unclear };

AtPoint compare_at(const Node& a, const Node& b, const Point& point, Budget& budget) {
  Evaluator left(point, budget);
  Evaluator right(point, budget);
  const Approximate x = left(a);
  const Approximate y = right(b);
  if (!x.is_finite() || !y.is_finite()) return AtPoint::undefined;
  const Approximate gap = x + -y;
  const double error = gap.error;
  const double size = std::max(x.size(), y.size());
  if (gap.size() > 16 * error && gap.size() > 1e-18 * size) return AtPoint::different;
  if (left.absorbed() || right.absorbed()) return AtPoint::unclear;
  if (gap.size() <= 4 * error && error <= std::max(1e-20 * size, 1e-24)) return AtPoint::agree;
  return AtPoint::unclear;
}

}  // namespace

NumericVerdict compare_numerically(const Node& a, const Node& b, Budget& budget) {
  std::set<std::string> names;
  collect_symbols(a, &names);
  collect_symbols(b, &names);
  // Points of either sign inside and outside the unit interval; the first two are positive throughout.
  int agreed = 0;
  int agreed_elsewhere = 0;
  bool split = false;
  const int points = names.empty() ? 1 : 6;
  for (int p = 0; p < points; ++p) {
    Point point;
    int n = 0;
    for (const std::string& name : names) {
      ++n;
      const int sign = p < 3 ? 1 : ((p + n) % 3 == 0 ? 1 : -1);
      const long long top = p % 3 == 0 ? 22 + 7 * n : p % 3 == 1 ? 5 + 2 * n : 61 + 13 * n;
      const long long bottom = p % 3 == 0 ? 7 + 6 * n : p % 3 == 1 ? 11 + 8 * n : 17 + 3 * n;
      point[name] = real(to_wide(Rational(BigInt(sign * top), BigInt(bottom))));
    }
    switch (compare_at(a, b, point, budget)) {
      case AtPoint::different:
        if (p < 3 || agreed < 2) return NumericVerdict::different;
        split = true;
        break;
      case AtPoint::agree:
        ++(p < 3 ? agreed : agreed_elsewhere);
        break;
      case AtPoint::undefined:
      case AtPoint::unclear:
        break;
    }
  }
  if (names.empty()) return agreed == 1 ? NumericVerdict::equal : NumericVerdict::unclear;
  if (agreed < 2) return NumericVerdict::unclear;
  return split || agreed_elsewhere == 0 ? NumericVerdict::equal_for_positive : NumericVerdict::equal;
}

std::optional<double> relative_difference(const Node& a, const Node& b, Budget& budget) {
  std::set<std::string> names;
  collect_symbols(a, &names);
  collect_symbols(b, &names);
  if (!names.empty()) return std::nullopt;
  try {
    const Point point;
    const Approximate x = Evaluator(point, budget)(a);
    const Approximate y = Evaluator(point, budget)(b);
    const double size = std::max(x.size(), y.size());
    if (!x.is_finite() || !y.is_finite()) return std::nullopt;
    return size == 0 ? 0 : (x + -y).size() / size;
  } catch (const Undecided&) {
    return std::nullopt;
  }
}

std::optional<double> real_value(const Node& node, Budget& budget) {
  std::set<std::string> names;
  collect_symbols(node, &names);
  if (!names.empty()) return std::nullopt;
  try {
    const Point point;
    const Approximate value = Evaluator(point, budget)(node);
    if (!value.is_finite() || std::fabs(value.imaginary.high) > 1e-12 * std::max(1.0, value.size()))
      return std::nullopt;
    return value.real.high;
  } catch (const Undecided&) {
    return std::nullopt;
  }
}

}  // namespace ft::grade
