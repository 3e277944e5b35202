#include "framework/grade/equivalence.h"

#include <algorithm>
#include <array>
#include <optional>
#include <utility>

#include "framework/grade/algebra.h"
#include "framework/grade/numeric.h"
#include "framework/grade/real_set.h"
#include "framework/grade/relation.h"
#include "framework/grade/units.h"
#include "framework/grade/vocabulary.h"

namespace ft::grade {
namespace {

Judgement different(std::string reason) { return {Verdict::different, std::move(reason)}; }
Judgement unknown(std::string reason) { return {Verdict::unknown, std::move(reason)}; }

// The same tree, whatever it means.
bool same_form(const Node& a, const Node& b) {
  return a.op == b.op && a.text == b.text && a.value == b.value && a.kids.size() == b.kids.size() &&
         std::equal(a.kids.begin(), a.kids.end(), b.kids.begin(), same_form);
}

bool is_collection(const Node& node) { return node.is(Op::list) || node.is(Op::set); }

bool mentions_pi(const Node& node) {
  return (node.is(Op::constant) && node.text == "pi") || std::any_of(node.kids.begin(), node.kids.end(), mentions_pi);
}

bool is_percentage(const Node& node) { return node.is(Op::quantity) && unit_of(node.text).dimension == "percent"; }

bool is_money(std::string_view dimension) {
  return dimension == "money" || dimension == "euro" || dimension == "gbp" || dimension == "yen" ||
         dimension == "yuan" || dimension == "rupee" || dimension.ends_with(" dollar");
}

bool mentions_decimal(const Node& node) {
  return (node.is(Op::number) && node.text == kDecimal) ||
         std::any_of(node.kids.begin(), node.kids.end(), mentions_decimal);
}

}  // namespace

Judgement Equivalence::compare(const Node& a, const Node& b) {
  if (depth_ > 60) return unknown("nested too deep");
  if (budget_.is_spent()) return unknown("step budget spent");  // without throwing: there may be thousands of pairs
  ++depth_;
  Judgement judgement;
  try {
    budget_.spend(10);
    judgement = structures(a, b);
  } catch (const Undecided& undecided) {
    judgement = unknown(undecided.reason);
  }
  --depth_;
  return judgement;
}

Judgement Equivalence::structures(const Node& a, const Node& b) {
  if (same_form(a, b)) return {Verdict::equal, "the same form"};
  if (a.is(Op::relation) && b.is(Op::relation)) return relations(a, b);
  if (a.is(Op::list)) {
    if (auto judgement = named_elements(a, b)) return *judgement;
  }
  if (b.is(Op::list)) {
    if (auto judgement = named_elements(b, a)) return *judgement;
  }
  if (a.is(Op::relation)) return relation_and_value(a, b);
  if (b.is(Op::relation)) return relation_and_value(b, a);
  if (auto judgement = real_sets(a, b)) return *judgement;
  const auto nothing = [](const Node& x, const Node& y) {  // the set of solutions is empty
    return x.is(Op::set) && x.kids.empty() && y.is(Op::words) && y.text == "no solution";
  };
  if (nothing(a, b) || nothing(b, a)) return {Verdict::equal, "no solution"};
  if (is_collection(a) || is_collection(b)) return collections(a, b);
  if (a.is(Op::quantity) || b.is(Op::quantity)) return quantities(a, b);
  if (a.is_scalar() && b.is_scalar()) return scalars(a, b);
  if (auto judgement = vectors(a, b)) return *judgement;
  if (a.op != b.op) return different("different kinds of answer");
  switch (a.op) {
    case Op::bracketed:
      if (a.text != b.text) return different("different brackets");
      return in_order(a.kids, b.kids);
    case Op::unite:
    case Op::intersect:
      return in_any_order(a.kids, b.kids);
    case Op::without:
    case Op::matrix:
      return in_order(a.kids, b.kids);
    case Op::ratio:
      return ratios(a, b);
    case Op::cases: {
      const auto rest = [](const Node& node) {
        return std::any_of(node.kids.begin(), node.kids.end(), [](const Node& row) {
          return row.kids[1].is(Op::words) && row.kids[1].text == "otherwise";
        });
      };
      Judgement judgement = in_any_order(a.kids, b.kids);
      if (judgement.verdict == Verdict::different && a.kids.size() == b.kids.size() && rest(a) != rest(b))
        return unknown("what 'otherwise' leaves");
      return judgement;
    }
    case Op::based:
      if (a.text == b.text && a.value == b.value) return {Verdict::equal, "digits and base"};
      return different("digits or base");
    case Op::words:
      return a.text == b.text ? Judgement{Verdict::equal, "words"} : different("words");
    default:
      return unknown("no rule for this kind of answer");
  }
}

// A column or a row of a matrix against a tuple: the same vector.
std::optional<Judgement> Equivalence::vectors(const Node& a, const Node& b) {
  if (a.is(Op::bracketed) && b.is(Op::matrix)) return vectors(b, a);
  if (!a.is(Op::matrix) || !b.is(Op::bracketed) || b.text != "()") return std::nullopt;
  if (a.kids.size() == 1) return in_order(a.kids[0].kids, b.kids);
  std::vector<Node> column;
  for (const Node& row : a.kids) {
    if (row.kids.size() != 1) return std::nullopt;
    column.push_back(row.kids[0]);
  }
  return in_order(column, b.kids);
}

// A residue class against another, or against the general term of its members: "1 \\pmod 4" and "4k + 1".
std::optional<Judgement> Equivalence::residues(const Node& a, const Node& b) {
  const auto is_class = [](const Node& node) { return node.is(Op::call) && node.text == kResidue; };
  if (!is_class(a) && !is_class(b)) return std::nullopt;
  if (is_class(a) && is_class(b)) return in_order(a.kids, b.kids);
  const Node& one = is_class(a) ? a : b;
  const auto term = general_term(is_class(a) ? b : a, budget_);
  const Node& member = one.kids[0];
  const Node& divisor = one.kids[1];
  if (!term || !member.is(Op::number) || !divisor.is(Op::number)) return different("a residue class against a value");
  const Rational step = term->step.is_negative() ? -term->step : term->step;
  const bool same = step == divisor.value && ((term->offset - member.value) / divisor.value).is_integer();
  return same ? Judgement{Verdict::equal, "the members of the class"} : different("another class");
}

Judgement Equivalence::scalars(const Node& a, const Node& b) {
  if (auto judgement = residues(a, b)) return *judgement;
  // Sums, limits and integrals that no rung works out: piece by piece.
  if (a.is(Op::call) && b.is(Op::call) && a.text == b.text && a.kids.size() == b.kids.size() && a.kids.size() >= 3) {
    static constexpr auto kBinding = std::to_array<std::string_view>({"sum", "prod", "int", "lim"});
    if (std::find(kBinding.begin(), kBinding.end(), a.text) != kBinding.end() &&
        in_order(a.kids, b.kids).verdict == Verdict::equal)
      return {Verdict::equal, "piece by piece"};
  }
  std::string reason = "no rung could decide";
  std::size_t asked = 0;
  for (const auto& rung : ladder_) {
    rungs_asked_ = std::max(rungs_asked_, ++asked);
    try {
      if (auto judgement = rung->decide(a, b, budget_)) {
        if (judgement->verdict != Verdict::equal && within_tolerance(a, b))
          return {Verdict::equal, "within the tolerance"};
        return *judgement;
      }
    } catch (const Undecided& undecided) {
      reason = undecided.reason;
    }
  }
  return unknown(reason);
}

bool Equivalence::within_tolerance(const Node& a, const Node& b) {
  if (conventions_.tolerance <= 0 || (!mentions_decimal(a) && !mentions_decimal(b))) return false;
  const auto difference = relative_difference(a, b, budget_);
  return difference && *difference <= conventions_.tolerance;
}

// One side or both are percentages, and the sign divides by a hundred.
Judgement Equivalence::percentages(const Node& a, const Node& b) {
  const auto as_fraction = [](const Node& node) {
    if (!is_percentage(node)) return node;
    return Node(Op::divide, std::vector<Node>{node.kids[0], Node(Rational(100))});
  };
  return compare(as_fraction(a), as_fraction(b));
}

namespace {

// "apples", "apple" and "red apples" count the same thing: the last word does.
bool same_thing(std::string_view a, std::string_view b) {
  const auto noun = [](std::string_view label) {
    label = label.substr(label.rfind(' ') + 1);
    static constexpr auto kPlurals =
        std::to_array<std::pair<std::string_view, std::string_view>>({{"people", "person"},
                                                                      {"children", "child"},
                                                                      {"men", "man"},
                                                                      {"women", "woman"},
                                                                      {"mice", "mouse"},
                                                                      {"geese", "goose"},
                                                                      {"teeth", "tooth"},
                                                                      {"dice", "die"},
                                                                      {"vertices", "vertex"},
                                                                      {"loaves", "loaf"},
                                                                      {"knives", "knife"}});
    for (const auto& [plural, singular] : kPlurals) {
      if (label == plural) return singular;
    }
    return label.ends_with('s') ? label.substr(0, label.size() - 1) : label;
  };
  return noun(a) == noun(b);
}

}  // namespace

Judgement Equivalence::other_dimensions(const Node& a, const Node& b) {
  // "$7" an hour: what money is paid for may be left out.
  const auto paid = [](std::string_view label) {
    std::size_t rate = label.size();
    for (const std::string_view word : {" per ", "/", " an ", " a "}) rate = std::min(rate, label.find(word));
    return label.substr(0, rate);
  };
  const std::string_view pay = paid(a.text);
  const std::string_view other_pay = paid(b.text);
  const bool one_rate = (pay.size() < a.text.size()) != (other_pay.size() < b.text.size());
  const Unit sum = unit_of(pay);
  const Unit other_sum = unit_of(other_pay);
  if (one_rate && sum.dimension == other_sum.dimension && sum.factor == other_sum.factor && is_money(sum.dimension))
    return compare(a.kids[0], b.kids[0]);
  // "5 pounds" may be money.
  const auto pounds = [](const Node& node) { return node.text == "pound" || node.text == "pounds"; };
  if ((pounds(a) && b.text == "sterling") || (pounds(b) && a.text == "sterling")) return compare(a.kids[0], b.kids[0]);
  const auto turned = [](const Node& angle) {  // degrees as radians
    return Node(Op::divide, std::vector<Node>{Node(Op::multiply, std::vector<Node>{angle, Node(Op::constant, "pi")}),
                                              Node(Rational(180))});
  };
  if (unit_of(a.text).dimension == "angle" && unit_of(b.text).dimension == "radian")
    return compare(turned(a.kids[0]), b.kids[0]);
  if (unit_of(a.text).dimension == "radian" && unit_of(b.text).dimension == "angle")
    return compare(a.kids[0], turned(b.kids[0]));
  return different("different units");
}

Judgement Equivalence::quantities(const Node& a, const Node& b) {
  if (conventions_.percent != Conventions::Percent::number && is_percentage(a) != is_percentage(b)) {
    Judgement judgement = percentages(a, b);
    if (judgement.verdict == Verdict::equal || conventions_.percent == Conventions::Percent::fraction) return judgement;
  }
  const Node& x = a.is(Op::quantity) ? a.kids[0] : a;
  const Node& y = b.is(Op::quantity) ? b.kids[0] : b;
  if (!a.is(Op::quantity) || !b.is(Op::quantity)) {
    const Judgement plain = compare(x, y);
    const std::string& label = a.is(Op::quantity) ? a.text : b.text;
    const std::string dimension = unit_of(label).dimension;
    if (conventions_.units == Conventions::Units::required && !dimension.empty() && dimension != "percent")
      return different("a unit on one side only");
    if (plain.verdict == Verdict::equal || dimension != "angle") return plain;
    const Node& angle = a.is(Op::quantity) ? x : y;
    const Node& other = a.is(Op::quantity) ? y : x;
    if (!mentions_pi(other) || !angle.is_scalar() || !other.is_scalar()) return plain;
    const Node radians(
        Op::divide,
        std::vector<Node>{Node(Op::multiply, std::vector<Node>{angle, Node(Op::constant, "pi")}), Node(Rational(180))});
    return compare(radians, other);
  }
  const Unit left = unit_of(a.text);
  const Unit right = unit_of(b.text);
  if (left.dimension.empty() || right.dimension.empty()) return compare(x, y);
  // "24 square units" is any area, and no volume.
  const auto any_of_power = [](const Unit& units, const Unit& other) {
    if (!units.dimension.starts_with("unit^")) return false;
    const std::string power = units.dimension.substr(4);
    return other.dimension == "length" + power || (power == "^2" && other.dimension == "acre") ||
           (power == "^3" && other.dimension == "gallon");
  };
  if (any_of_power(left, right) || any_of_power(right, left)) return compare(x, y);
  if (left.dimension == "label" || right.dimension == "label") {
    const Judgement plain = compare(x, y);
    if (same_thing(a.text, b.text) || plain.verdict != Verdict::equal) return plain;
    return unknown("equal numbers of different things");
  }
  if (left.dimension != right.dimension) return other_dimensions(a, b);
  if (left.factor == right.factor) return compare(x, y);
  if (!x.is_scalar() || !y.is_scalar()) return unknown("units on a structure");
  return compare(Node(Op::multiply, std::vector<Node>{Node(left.factor), x}),
                 Node(Op::multiply, std::vector<Node>{Node(right.factor), y}));
}

Judgement Equivalence::relations(const Node& a, const Node& b) {
  const auto left = assignment_of(a);
  const auto right = assignment_of(b);
  if (left && right && compare(*left->name, *right->name).verdict == Verdict::equal) {
    return compare(*left->value, *right->value);
  }
  if (auto judgement = functions(a, b)) return *judgement;
  const auto inside = membership_of(a, budget_);
  const auto also_inside = membership_of(b, budget_);
  if (inside && also_inside) {
    if (inside->variable != also_inside->variable) return different("different variables");
    return compare(inside->set, also_inside->set);
  }
  if (a.text != b.text) return different("different relations");
  if (a.text == "in") return in_order(a.kids, b.kids);
  const bool scalar = std::all_of(a.kids.begin(), a.kids.end(), [](const Node& n) { return n.is_scalar(); }) &&
                      std::all_of(b.kids.begin(), b.kids.end(), [](const Node& n) { return n.is_scalar(); });
  if (!scalar) {
    // "(a, b) = (3, 5)" and "(b, a) = (5, 3)"
    const auto tuples = [](const Node& node) {
      return node.kids[0].is(Op::bracketed) && node.kids[1].is(Op::bracketed) && node.text == "=" &&
             node.kids[0].kids.size() == node.kids[1].kids.size();
    };
    if (tuples(a) && tuples(b)) {
      const auto equations = [](const Node& node) {
        std::vector<Node> list;
        for (std::size_t i = 0; i < node.kids[0].kids.size(); ++i)
          list.emplace_back(Op::relation, "=", std::vector<Node>{node.kids[0].kids[i], node.kids[1].kids[i]});
        return list;
      };
      const Judgement judgement = in_any_order(equations(a), equations(b));
      if (judgement.verdict == Verdict::equal) return judgement;
    }
    const Judgement sides = in_order(a.kids, b.kids);
    return sides.verdict == Verdict::equal ? sides : unknown("an equation between structures");
  }
  const bool same = relation_normal_form(a, budget_) == relation_normal_form(b, budget_);
  return {same ? Verdict::equal : Verdict::different, "normal form of the relation"};
}

// "x = 5" against "5". What is left of "=" must be a name, or a formula that the equation works out.
Judgement Equivalence::relation_and_value(const Node& relation, const Node& value) {
  if (relation.text == "=") {
    if (const auto assignment = assignment_of(relation)) {
      if (assignment->value->is(Op::symbol)) return different("an equation between two letters");
      return compare(*assignment->value, value);
    }
    if (has_symbols(relation.kids[0])) return different("an equation against a value");
    const Judgement holds = compare(relation.kids[0], relation.kids[1]);
    if (holds.verdict == Verdict::different) return different("an equation that does not hold");
    return compare(relation.kids[1], value);
  }
  if (const auto inside = membership_of(relation, budget_)) return compare(inside->set, value);
  if (relation.text == "in" && is_name(relation.kids[0])) return compare(relation.kids[1], value);
  return different("a relation against a value");
}

// Both are sets of reals, and at least one is nothing else.
std::optional<Judgement> Equivalence::real_sets(const Node& a, const Node& b) {
  if (!is_plainly_real_set(a) && !is_plainly_real_set(b)) return std::nullopt;
  const auto may_be = [](const Node& node) {
    const bool interval = node.is(Op::bracketed) && node.kids.size() == 2;
    return interval || node.is(Op::set) || is_plainly_real_set(node);
  };
  if (!may_be(a) || !may_be(b)) return std::nullopt;
  RealSets sets(
      [this](const Node& x, const Node& y) {
        const Judgement judgement = compare(x, y);
        if (judgement.verdict == Verdict::unknown) throw Undecided{judgement.reason};
        return judgement.verdict == Verdict::equal;
      },
      budget_);
  const auto left = sets.pieces_of(a);
  const auto right = sets.pieces_of(b);
  if (!left || !right) return std::nullopt;
  if (sets.equal(*left, *right)) return Judgement{Verdict::equal, "the same set of reals"};
  return different("different sets of reals");
}

namespace {

struct Function {
  std::string name;  // "f"; empty: the letter y, which is any function's
  std::string variable;
  const Node* value = nullptr;
};

// "f(t) = t^2 + 1", "y = x^2 + 1".
std::optional<Function> function_of(const Node& relation) {
  const auto assignment = assignment_of(relation);
  if (!assignment) return std::nullopt;
  const Node& name = *assignment->name;
  if (name.is(Op::symbol) && name.text == "y") return Function{"", "x", assignment->value};
  const bool applied = name.is(Op::call) && name.kids.size() == 1 && name.kids[0].is(Op::symbol);
  return applied ? std::optional(Function{name.text, name.kids[0].text, assignment->value}) : std::nullopt;
}

Node with_variable(Node node, const std::string& name) {
  if (node.is(Op::symbol) && node.text == name) node.text = kBoundName;
  for (Node& kid : node.kids) kid = with_variable(std::move(kid), name);
  return node;
}

}  // namespace

// f(x) = x^2 and f(t) = t^2, or y = x^2; but f and g are different functions.
std::optional<Judgement> Equivalence::functions(const Node& a, const Node& b) {
  const auto left = function_of(a);
  const auto right = function_of(b);
  if (!left || !right || (left->name.empty() && right->name.empty())) return std::nullopt;
  if (!left->name.empty() && !right->name.empty() && left->name != right->name) return std::nullopt;
  return compare(with_variable(*left->value, left->variable), with_variable(*right->value, right->variable));
}

}  // namespace ft::grade
