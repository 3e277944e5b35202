// Lists, sets, tuples and ratios: which element of one answers to which of the other.
#include <algorithm>
#include <optional>
#include <utility>

#include "framework/grade/equivalence.h"
#include "framework/grade/relation.h"

namespace ft::grade {
namespace {

Judgement different(std::string reason) { return {Verdict::different, std::move(reason)}; }
Judgement unknown(std::string reason) { return {Verdict::unknown, std::move(reason)}; }

bool is_collection(const Node& node) { return node.is(Op::list) || node.is(Op::set); }

}  // namespace

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
  if (collection.text == "or") return distinct(collection.kids);  // "1/2 or 0.5" is one value in two forms
  const bool points = std::all_of(collection.kids.begin(), collection.kids.end(),
                                  [](const Node& kid) { return kid.is(Op::bracketed); });
  return collection.is(Op::set) || points ? distinct(collection.kids) : collection.kids;
}

std::vector<Node> Equivalence::distinct(const std::vector<Node>& elements) {
  std::vector<Node> result;
  for (const Node& element : elements) {
    const bool seen = std::any_of(result.begin(), result.end(),
                                  [&](const Node& other) { return compare(element, other).verdict == Verdict::equal; });
    if (budget_.is_spent()) throw Undecided{"step budget spent"};
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
