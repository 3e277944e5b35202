#include "framework/grade/algebra.h"

#include <algorithm>
#include <utility>

namespace ft::grade {

std::string Algebra::text(const Quotient& quotient) {
  if (quotient.bottom == Polynomial(Rational(1))) return arithmetic_.text(quotient.top);
  return "(" + arithmetic_.text(quotient.top) + ")/(" + arithmetic_.text(quotient.bottom) + ")";
}

const Algebra::Atom& Algebra::remember(const std::string& name, Kind kind, const Quotient& base) {
  return atoms_.try_emplace(name, Atom{kind, base}).first->second;
}

Algebra::Kind Algebra::kind_of(const std::string& name) const {
  const auto found = atoms_.find(name);
  return found == atoms_.end() ? Kind::other : found->second.kind;
}

Polynomial Algebra::named(const std::string& name, Kind kind, const Rational& exponent, const Quotient& base) {
  remember(name, kind, base);
  return Polynomial::atom(name, exponent);
}

bool Algebra::is_decided_by_form(const Polynomial& polynomial) const {
  bool pi = false;
  bool euler = false;
  for (const auto& [monomial, coefficient] : polynomial.terms()) {
    for (const auto& [atom, exponent] : monomial) {
      switch (kind_of(atom)) {
        case Kind::variable:
        case Kind::imaginary:
        case Kind::prime:
          break;
        case Kind::pi:
          pi = true;
          break;
        case Kind::euler:
          euler = true;
          break;
        default:
          return false;
      }
    }
  }
  return !(pi && euler);  // nobody knows whether pi and e are independent
}

// Nothing in the factor can be taken together: letters, pi and their like, with an exponent that is not huge.
bool Algebra::is_reduced(const std::pair<std::string, Rational>& factor) const {
  const Kind kind = kind_of(factor.first);
  return kind != Kind::imaginary && kind != Kind::prime && kind != Kind::radical && kind != Kind::magnitude &&
         factor.second.numerator().num_limbs() < 2;
}

Polynomial Algebra::reduced(const Rational& coefficient, const Monomial& monomial) {
  if (std::all_of(monomial.begin(), monomial.end(), [&](const auto& factor) { return is_reduced(factor); })) {
    Polynomial term;
    arithmetic_.add(&term, coefficient, monomial);
    return term;
  }
  Polynomial factor = Rational(1);
  Rational number = coefficient;
  Monomial rest;
  bool expanded = false;
  for (const auto& [atom, exponent] : monomial) {
    const Rational whole = arithmetic_.whole_part(exponent);
    const auto turns = whole.as_long();
    if (!turns) throw Undecided{"exponent too large"};
    const Rational fraction = arithmetic_.difference(exponent, whole);
    switch (kind_of(atom)) {
      case Kind::imaginary: {
        if (!fraction.is_zero()) {
          rest.emplace_back(atom, exponent);
          break;
        }
        const long long quarter = ((*turns % 4) + 4) % 4;
        if (quarter >= 2) number = -number;
        if (quarter % 2 == 1) rest.emplace_back(atom, 1);
        break;
      }
      case Kind::prime:
        number = arithmetic_.product(number, arithmetic_.power(Rational(BigInt::parse(atom.substr(1))), *turns));
        if (!fraction.is_zero()) rest.emplace_back(atom, fraction);
        break;
      case Kind::radical:
        // r(P)^(5/2) = P^2 r(P)^(1/2); only where P is a polynomial, so that the result is one.
        if (*turns > 0 && atoms_.at(atom).base.bottom == Polynomial(Rational(1))) {
          factor = multiply(factor, power(atoms_.at(atom).base.top, *turns));
          expanded = true;
          if (!fraction.is_zero()) rest.emplace_back(atom, fraction);
        } else {
          rest.emplace_back(atom, exponent);
        }
        break;
      case Kind::magnitude: {
        const Quotient& inner = atoms_.at(atom).base;
        const long long even = *turns - (((*turns % 2) + 2) % 2);
        if (fraction.is_zero() && even > 0 && inner.bottom == Polynomial(Rational(1))) {
          factor = multiply(factor, power(inner.top, even));
          expanded = true;
          if (even != *turns) rest.emplace_back(atom, 1);
        } else {
          rest.emplace_back(atom, exponent);
        }
        break;
      }
      default:
        rest.emplace_back(atom, exponent);
    }
  }
  Polynomial term;
  arithmetic_.add(&term, number, rest);
  return expanded ? multiply(term, factor) : term;
}

Polynomial Algebra::multiply(const Polynomial& a, const Polynomial& b) {
  Polynomial product;
  for (const auto& [left, x] : a.terms()) {
    for (const auto& [right, y] : b.terms()) {
      arithmetic_.add(&product, reduced(arithmetic_.product(x, y), arithmetic_.product(left, right)));
    }
  }
  return product;
}

Polynomial Algebra::power(const Polynomial& base, long long exponent) {
  Polynomial result = Rational(1);
  Polynomial square = base;
  for (; exponent > 0; exponent >>= 1) {
    if ((exponent & 1) != 0) result = multiply(result, square);
    if (exponent > 1) square = multiply(square, square);
  }
  return result;
}

Quotient Algebra::add(const Quotient& a, const Quotient& b) {
  Polynomial top;
  if (a.bottom == b.bottom) {
    arithmetic_.add(&top, a.top);
    arithmetic_.add(&top, b.top);
    return simplified(std::move(top), a.bottom);
  }
  top = multiply(a.top, b.bottom);
  arithmetic_.add(&top, multiply(b.top, a.bottom));
  return simplified(std::move(top), multiply(a.bottom, b.bottom));
}

Quotient Algebra::multiply(const Quotient& a, const Quotient& b) {
  return simplified(multiply(a.top, b.top), multiply(a.bottom, b.bottom));
}

Quotient Algebra::divide(const Quotient& a, const Quotient& b) {
  return simplified(multiply(a.top, b.bottom), multiply(a.bottom, b.top));
}

Quotient Algebra::scaled(const Quotient& quotient, const Rational& factor) {
  return {arithmetic_.scaled(quotient.top, factor), quotient.bottom};
}

Polynomial Algebra::difference(const Quotient& a, const Quotient& b) {
  Polynomial difference = multiply(a.top, b.bottom);
  arithmetic_.subtract(&difference, multiply(b.top, a.bottom));
  return difference;
}

Quotient Algebra::simplified(Polynomial top, Polynomial bottom) {
  if (bottom.is_zero()) throw Undecided{"division by zero"};
  if (top.is_zero()) return {};
  if (!bottom.is_monomial()) {
    while (bottom.terms().size() > 1 && rationalise(&top, &bottom)) budget_.spend();
    if (bottom.is_zero()) throw Undecided{"division by zero"};
  }
  if (!bottom.is_monomial()) {
    Polynomial quotient;
    if (divide_exactly(top, bottom, &quotient)) return {quotient, Rational(1)};
    if (divide_exactly(bottom, top, &quotient)) {
      top = Rational(1);
      bottom = quotient;
    }
  }
  if (bottom.is_monomial()) {
    const auto& [monomial, coefficient] = *bottom.terms().begin();
    const Polynomial inverse = reduced(arithmetic_.quotient(1, coefficient), arithmetic_.power(monomial, -1));
    return {multiply(top, inverse), Rational(1)};
  }
  const Rational factor = arithmetic_.quotient(1, bottom.terms().begin()->second);
  return {arithmetic_.scaled(top, factor), arithmetic_.scaled(bottom, factor)};
}

// One step towards a denominator without i and without square roots of primes: multiplies both by the conjugate with
// respect to one of them. False where there is none.
bool Algebra::rationalise(Polynomial* top, Polynomial* bottom) {
  const Rational half(BigInt(1), BigInt(2));
  if (bottom->terms().size() > 16) return false;
  std::string chosen;
  for (const auto& [monomial, coefficient] : bottom->terms()) {
    for (const auto& [atom, exponent] : monomial) {
      const Kind kind = kind_of(atom);
      if (kind != Kind::imaginary && kind != Kind::prime) continue;
      if (kind == Kind::prime && exponent != half) return false;
      if (chosen.empty() || atom < chosen) chosen = atom;
    }
  }
  if (chosen.empty()) return false;
  Polynomial conjugate;
  for (const auto& [monomial, coefficient] : bottom->terms()) {
    const bool has = std::any_of(monomial.begin(), monomial.end(), [&](const auto& f) { return f.first == chosen; });
    arithmetic_.add(&conjugate, has ? -coefficient : coefficient, monomial);
  }
  *top = multiply(*top, conjugate);
  *bottom = multiply(*bottom, conjugate);
  return true;
}

// Long division by leading terms; true where nothing remains.
bool Algebra::divide_exactly(const Polynomial& top, const Polynomial& bottom, Polynomial* quotient) {
  if (bottom.terms().empty() || top.terms().size() < 1) return false;
  // Leading term: the largest exponent of the first atom of the divisor that is a variable, ties by the map's order.
  const auto leading = [&](const Polynomial& p, const std::string& atom) {
    const auto degree = [&](const Monomial& monomial) {
      for (const auto& [name, exponent] : monomial) {
        if (name == atom) return exponent;
      }
      return Rational(0);
    };
    auto best = p.terms().begin();
    Rational highest = degree(best->first);
    for (auto term = p.terms().begin(); term != p.terms().end(); ++term) {
      budget_.spend(static_cast<long long>(term->first.size()));
      Rational own = degree(term->first);
      if (!arithmetic_.less(highest, own)) continue;
      best = term;
      highest = std::move(own);
    }
    return std::pair{*best, highest};
  };
  std::string atom;
  for (const auto& [monomial, coefficient] : bottom.terms()) {
    for (const auto& [name, exponent] : monomial) {
      if (kind_of(name) == Kind::variable && exponent.is_integer()) atom = atom.empty() ? name : std::min(atom, name);
    }
  }
  if (atom.empty()) return false;
  const auto [head, head_degree] = leading(bottom, atom);
  Polynomial rest = top;
  for (int step = 0; step < 64 && !rest.is_zero(); ++step) {
    const auto [next, degree] = leading(rest, atom);
    if (arithmetic_.less(degree, head_degree)) return false;
    const Polynomial part = reduced(arithmetic_.quotient(next.second, head.second),
                                    arithmetic_.product(next.first, arithmetic_.power(head.first, -1)));
    arithmetic_.add(quotient, part);
    arithmetic_.subtract(&rest, multiply(part, bottom));
  }
  return rest.is_zero();
}

Quotient Algebra::evaluate(const Node& node) {
  budget_.spend();
  const auto kid = [&](std::size_t i) { return evaluate(node.kids.at(i)); };
  switch (node.op) {
    case Op::number:
      return {node.value, Rational(1)};
    case Op::symbol:
      return {named(node.text, Kind::variable), Rational(1)};
    case Op::constant: {
      const Kind kind = node.text == "pi"  ? Kind::pi
                        : node.text == "e" ? Kind::euler
                        : node.text == "i" ? Kind::imaginary
                                           : Kind::other;
      return {named("@" + node.text, kind), Rational(1)};
    }
    case Op::add: {
      Quotient sum;
      for (const Node& term : node.kids) sum = add(sum, evaluate(term));
      return sum;
    }
    case Op::multiply: {
      Quotient product = {Rational(1), Rational(1)};
      for (const Node& factor : node.kids) product = multiply(product, evaluate(factor));
      return product;
    }
    case Op::divide:
      return divide(kid(0), kid(1));
    case Op::power:
      return power(kid(0), kid(1));
    case Op::root: {
      const Quotient degree = kid(1);
      const Quotient radicand = kid(0);
      return power(radicand, divide({Rational(1), Rational(1)}, degree));
    }
    case Op::negate:
      return multiply({Rational(-1), Rational(1)}, kid(0));
    case Op::call:
      return call(node);
    case Op::quantity:
      if (node.text == "degree") {
        return scaled(multiply(kid(0), {named("@pi", Kind::pi), Rational(1)}), Rational(BigInt(1), BigInt(180)));
      }
      return kid(0);
    case Op::words:
      throw Undecided{"words inside a formula"};
    default:
      throw Undecided{"a structure inside a formula"};
  }
}

}  // namespace ft::grade
