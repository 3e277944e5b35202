#include "framework/batching/pairs.h"

#include <algorithm>
#include <numeric>
#include <set>
#include <string>
#include <utility>

#include "framework/base/philox.h"

namespace ft {
namespace {

// `items` in an order that is a function of (seed, site, problem): sorted by random keys.
std::vector<int> shuffled(std::vector<int> items, const Philox& random, std::uint64_t problem) {
  std::vector<std::pair<std::uint64_t, int>> keyed;
  keyed.reserve(items.size());
  for (std::size_t i = 0; i < items.size(); ++i) keyed.emplace_back(random.bits(problem, i), items[i]);
  std::sort(keyed.begin(), keyed.end());
  std::transform(keyed.begin(), keyed.end(), items.begin(), [](const auto& entry) { return entry.second; });
  return items;
}

}  // namespace

SortedAttempts sort_attempts(std::span<const GradedAttempt> attempts, bool unreadable_is_wrong) {
  SortedAttempts sorted;
  std::set<std::string_view> seen;
  for (std::size_t i = 0; i < attempts.size(); ++i) {
    const GradedAttempt& attempt = attempts[i];
    if (attempt.index == Attempt::kGreedy) continue;
    const bool wrong = attempt.verdict == Verdict::different && (attempt.answer_found || unreadable_is_wrong);
    if (attempt.verdict != Verdict::equal && !wrong) continue;
    if (!seen.insert(attempt.text).second) continue;
    (attempt.verdict == Verdict::equal ? sorted.right : sorted.wrong).push_back(static_cast<int>(i));
  }
  return sorted;
}

std::vector<AttemptPair> choose_pairs(std::span<const GradedAttempt> attempts, int count, std::uint64_t seed,
                                      bool unreadable_is_wrong) {
  const SortedAttempts sorted = sort_attempts(attempts, unreadable_is_wrong);
  const std::int64_t num_right = std::ssize(sorted.right), num_wrong = std::ssize(sorted.wrong);
  if (num_right == 0 || num_wrong == 0) return {};
  // All right x wrong combinations are few (64 attempts: at most 1,024): shuffle them and take the first ones.
  std::vector<int> combinations(static_cast<std::size_t>(num_right * num_wrong));
  std::iota(combinations.begin(), combinations.end(), 0);
  combinations = shuffled(std::move(combinations), Philox(seed, "pairs"), name_hash(attempts.front().problem));
  if (std::ssize(combinations) > count) combinations.resize(static_cast<std::size_t>(count));
  std::vector<AttemptPair> pairs;
  for (const int c : combinations) {
    pairs.push_back(
        {sorted.right[static_cast<std::size_t>(c / num_wrong)], sorted.wrong[static_cast<std::size_t>(c % num_wrong)]});
  }
  return pairs;
}

std::vector<int> choose_items(std::span<const GradedAttempt> attempts, int count, bool balanced, std::uint64_t seed,
                              bool unreadable_is_wrong) {
  if (attempts.empty()) return {};
  SortedAttempts sorted = sort_attempts(attempts, unreadable_is_wrong);
  const Philox random(seed, "items");
  const std::uint64_t problem = name_hash(attempts.front().problem);
  if (balanced) {
    const std::size_t each = std::min({sorted.right.size(), sorted.wrong.size(), static_cast<std::size_t>(count / 2)});
    sorted.right = shuffled(std::move(sorted.right), random, problem);
    sorted.wrong = shuffled(std::move(sorted.wrong), Philox(seed, "wrong items"), problem);
    sorted.right.resize(each);
    sorted.wrong.resize(each);
  }
  std::vector<int> items = sorted.right;
  items.insert(items.end(), sorted.wrong.begin(), sorted.wrong.end());
  items = shuffled(std::move(items), random, problem);
  if (std::ssize(items) > count) items.resize(static_cast<std::size_t>(count));
  return items;
}

}  // namespace ft
