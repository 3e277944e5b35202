#include "framework/grade/equivalence.h"

#include <algorithm>
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

bool mentions_decimal(const Node& node) {
  return (node.is(Op::number) && node.text == kDecimal) ||
         std::any_of(node.kids.begin(), node.kids.end(), mentions_decimal);
}

}  // namespace

Judgement Equivalence::compare(const Node& a, const Node& b) {
  if (depth_ > 60) return unknown("nested too deep");
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
  if (is_collection(a) || is_collection(b)) return collections(a, b);
  if (a.is(Op::quantity) || b.is(Op::quantity)) return quantities(a, b);
  if (a.is_scalar() && b.is_scalar()) return scalars(a, b);
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
    case Op::cases:
      return in_any_order(a.kids, b.kids);
    case Op::based:
      if (a.text == b.text && a.value == b.value) return {Verdict::equal, "digits and base"};
      return different("digits or base");
    case Op::words:
      return a.text == b.text ? Judgement{Verdict::equal, "words"} : different("words");
    default:
      return unknown("no rule for this kind of answer");
  }
}

Judgement Equivalence::scalars(const Node& a, const Node& b) {
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
    return label.ends_with('s') ? label.substr(0, label.size() - 1) : label;
  };
  return noun(a) == noun(b);
}

}  // namespace

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
  if (left.dimension == "label" || right.dimension == "label") {
    const Judgement plain = compare(x, y);
    if (same_thing(a.text, b.text) || plain.verdict != Verdict::equal) return plain;
    return unknown("equal numbers of different things");
  }
  if (left.dimension != right.dimension) {
    // "5 pounds" may be money.
    const auto pounds = [](const Node& node) { return node.text == "pound" || node.text == "pounds"; };
    if ((pounds(a) && b.text == "sterling") || (pounds(b) && a.text == "sterling")) return compare(x, y);
    const auto turned = [](const Node& angle) {  // degrees as radians
      return Node(Op::divide, std::vector<Node>{Node(Op::multiply, std::vector<Node>{angle, Node(Op::constant, "pi")}),
                                                Node(Rational(180))});
    };
    if (left.dimension == "angle" && right.dimension == "radian") return compare(turned(x), y);
    if (left.dimension == "radian" && right.dimension == "angle") return compare(x, turned(y));
    return different("different units");
  }
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

// "x=1, y=2": the values in the order of their names; nothing where they are not assignments to different letters in
// the order of the alphabet.
std::optional<std::vector<Node>> values_by_name(const std::vector<Node>& elements) {
  std::vector<Node> values;
  std::string last;
  for (const Node& element : elements) {
    const auto assignment = assignment_of(element);
    if (!assignment || !assignment->name->is(Op::symbol) || assignment->name->text <= last) return std::nullopt;
    last = assignment->name->text;
    values.push_back(*assignment->value);
  }
  return values.size() < 2 ? std::nullopt : std::optional(std::move(values));
}

}  // namespace

// "a=3, b=5" against (3, 5); "x=1, y=2 or x=3, y=4" against (1, 2), (3, 4).
std::optional<Judgement> Equivalence::named_elements(const Node& list, const Node& tuples) {
  if (tuples.is(Op::bracketed) && tuples.text == "()" && tuples.kids.size() == list.kids.size()) {
    if (const auto values = values_by_name(list.kids)) return in_order(*values, tuples.kids);
    return std::nullopt;
  }
  if (tuples.is(Op::relation) && tuples.text == "=" && tuples.kids[0].is(Op::bracketed) &&
      tuples.kids[1].is(Op::bracketed)) {
    const Node& names = tuples.kids[0];
    const Node& values = tuples.kids[1];
    if (names.kids.size() != values.kids.size() || names.kids.size() != list.kids.size()) return std::nullopt;
    std::vector<Node> equations;
    for (std::size_t i = 0; i < names.kids.size(); ++i)
      equations.emplace_back(Op::relation, "=", std::vector<Node>{names.kids[i], values.kids[i]});
    return in_any_order(list.kids, equations);
  }
  const bool points = is_collection(tuples) && !tuples.kids.empty() &&
                      std::all_of(tuples.kids.begin(), tuples.kids.end(),
                                  [](const Node& kid) { return kid.is(Op::bracketed) && kid.text == "()"; });
  if (!points) return std::nullopt;
  const std::size_t size = tuples.kids.front().kids.size();
  if (size < 2 || list.kids.size() % size != 0) return std::nullopt;
  std::vector<Node> grouped;
  for (std::size_t i = 0; i < list.kids.size(); i += size) {
    auto values = values_by_name({list.kids.begin() + static_cast<std::ptrdiff_t>(i),
                                  list.kids.begin() + static_cast<std::ptrdiff_t>(i + size)});
    if (!values) return std::nullopt;
    grouped.emplace_back(Op::bracketed, "()", std::move(*values));
  }
  return in_any_order(distinct(grouped), distinct(tuples.kids));
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

Judgement Equivalence::in_order(const std::vector<Node>& a, const std::vector<Node>& b) {
  if (a.size() != b.size()) return different("different numbers of elements");
  Judgement result{Verdict::equal, "element by element"};
  for (std::size_t i = 0; i < a.size(); ++i) {
    Judgement one = a[i].is(Op::list) && b[i].is(Op::list) ? in_order(a[i].kids, b[i].kids) : compare(a[i], b[i]);
    if (one.verdict == Verdict::different) return one;
    if (one.verdict == Verdict::unknown) result = std::move(one);
  }
  return result;
}

namespace {

// Augmenting paths over a small bipartite graph; `allowed` says which pairs may be joined.
template <typename Allowed>
bool has_perfect_matching(std::size_t size, const Allowed& allowed) {
  std::vector<std::optional<std::size_t>> partner(size);
  std::vector<bool> seen;
  const auto augment = [&](auto&& self, std::size_t left) -> bool {
    for (std::size_t right = 0; right < size; ++right) {
      if (seen[right] || !allowed(left, right)) continue;
      seen[right] = true;
      if (!partner[right] || self(self, *partner[right])) {
        partner[right] = left;
        return true;
      }
    }
    return false;
  };
  for (std::size_t left = 0; left < size; ++left) {
    seen.assign(size, false);
    if (!augment(augment, left)) return false;
  }
  return true;
}

}  // namespace

// Equality of elements need not be transitive (5 cm, 5, 5 m), so a matching decides and not a sorted order.
Judgement Equivalence::in_any_order(const std::vector<Node>& a, const std::vector<Node>& b) {
  if (a.size() != b.size()) return different("different numbers of elements");
  if (a.size() > 64) throw Undecided{"too many elements"};
  const std::size_t n = a.size();
  std::vector<Verdict> verdicts(n * n);
  for (std::size_t i = 0; i < n; ++i) {
    for (std::size_t j = 0; j < n; ++j) verdicts[i * n + j] = compare(a[i], b[j]).verdict;
  }
  if (has_perfect_matching(n, [&](std::size_t i, std::size_t j) { return verdicts[i * n + j] == Verdict::equal; })) {
    return {Verdict::equal, "element by element"};
  }
  if (has_perfect_matching(n,
                           [&](std::size_t i, std::size_t j) { return verdicts[i * n + j] != Verdict::different; })) {
    return unknown("an element could not be decided");
  }
  return different("an element has no partner");
}

// At least one of the two is a list or a set; one element alone is the element.
Judgement Equivalence::collections(const Node& a, const Node& b) {
  const std::vector<Node> left = is_collection(a) ? elements_of(a) : std::vector<Node>{a};
  const std::vector<Node> right = is_collection(b) ? elements_of(b) : std::vector<Node>{b};
  if (left.size() == 1 && right.size() == 1) return compare(left.front(), right.front());
  if (a.is(Op::quantity) || b.is(Op::quantity)) return quantities(a, b);
  const bool ordered = conventions_.lists == Conventions::Lists::in_order && a.is(Op::list) && b.is(Op::list);
  return ordered ? in_order(left, right) : in_any_order(left, right);
}

// A set counts each element once, and so does a list of points; a list of numbers may name a double root twice.
std::vector<Node> Equivalence::elements_of(const Node& collection) {
  const bool points = std::all_of(collection.kids.begin(), collection.kids.end(),
                                  [](const Node& kid) { return kid.is(Op::bracketed); });
  return collection.is(Op::set) || points ? distinct(collection.kids) : collection.kids;
}

std::vector<Node> Equivalence::distinct(const std::vector<Node>& elements) {
  std::vector<Node> result;
  for (const Node& element : elements) {
    const bool seen = std::any_of(result.begin(), result.end(),
                                  [&](const Node& other) { return compare(element, other).verdict == Verdict::equal; });
    if (!seen) result.push_back(element);
  }
  return result;
}

// 10:12 = 5:6. Two parts that could be a time of day must be the same numbers: 1:30 is not 2:60.
Judgement Equivalence::ratios(const Node& a, const Node& b) {
  if (a.kids.size() != b.kids.size()) return different("different numbers of elements");
  const Judgement same = in_order(a.kids, b.kids);
  if (same.verdict != Verdict::different) return same;
  for (std::size_t i = 1; i < a.kids.size(); ++i) {
    const Judgement crossed = compare(Node(Op::multiply, std::vector<Node>{a.kids[0], b.kids[i]}),
                                      Node(Op::multiply, std::vector<Node>{b.kids[0], a.kids[i]}));
    if (crossed.verdict != Verdict::equal) return crossed;
  }
  const auto may_be_time = [](const Node& ratio) {
    const auto below = [](const Node& part, long long limit) {
      const auto value = part.is(Op::number) ? part.value.as_long() : std::nullopt;
      return value && *value < limit;
    };
    return ratio.kids.size() == 2 && below(ratio.kids[0], 25) && below(ratio.kids[1], 60);
  };
  if (may_be_time(a) && may_be_time(b)) return unknown("proportional, unless it is a time of day");
  return {Verdict::equal, "proportional"};
}

}  // namespace ft::grade
