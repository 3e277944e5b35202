#include "framework/recipe/attempt_set.h"

#include <algorithm>
#include <map>
#include <set>

#include "framework/config/binder.h"
#include "framework/recipe/recipe.h"

namespace ft {
namespace {

bool is_taken(const AttemptSet& set, const GradedAttempt& attempt) {
  if (attempt.index == Attempt::kGreedy || !attempt.finished) return false;
  return set.only == AttemptsTaken::any || attempt.verdict == Verdict::equal;
}

std::vector<Solution> solutions_of(const AttemptSet& set, const std::vector<GradedAttempt>& attempts) {
  std::vector<const GradedAttempt*> in_order;
  for (const GradedAttempt& attempt : attempts) in_order.push_back(&attempt);
  std::ranges::sort(in_order, {}, &GradedAttempt::index);
  std::vector<Solution> solutions;
  std::set<std::string_view> texts;
  for (const GradedAttempt* attempt : in_order) {
    if (std::ssize(solutions) >= set.per_problem) break;
    if (!is_taken(set, *attempt) || (set.distinct && !texts.insert(attempt->text).second)) continue;
    solutions.push_back({attempt->text, std::string(kAttemptStyle)});
  }
  return solutions;
}

}  // namespace

void describe(AttemptSet& s, Binder& b) {
  b.required_input("attempts", s.attempts, kGradedInput, "the attempts that become solutions");
  b.choice("only", s.only, KeyKind::identity, "those that are right, or all that came to their end");
  b.identity("per_problem", s.per_problem, "at most so many of one problem, the first ones", Range{1, 100000});
  b.identity("distinct", s.distinct, "take a text that was sampled several times once");
  b.input("with", s.with, "problems", "a problem set whose problems and solutions are in it, too");
}

bool is_attempt_set(const Node& spec) { return spec.is_map() && static_cast<bool>(spec["attempts"]); }

std::vector<Problem> problems_of(const AttemptSet& set, const GradedFolders& folders, std::vector<Problem> with) {
  std::map<std::string, std::size_t> places;
  for (std::size_t i = 0; i < with.size(); ++i) places.emplace(with[i].id, i);
  for_each_graded(folders, all_problems, [&](const Problem& problem, std::vector<GradedAttempt> attempts) {
    std::vector<Solution> solutions = solutions_of(set, attempts);
    if (solutions.empty()) return;
    const auto known = places.find(problem.id);
    if (known == places.end()) {
      with.push_back(problem);
      with.back().solutions = std::move(solutions);
      return;
    }
    for (Solution& solution : solutions) with[known->second].solutions.push_back(std::move(solution));
  });
  return with;
}

}  // namespace ft
