#include "framework/batching/pairs.h"

#include <algorithm>
#include <limits>
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

// What the number of pairs was once held in. Up to so many they are all looked at, as ever: the same pairs.
constexpr std::int64_t kMostLookedAt = std::numeric_limits<int>::max();

// The first `count` of the numbers below `size` in the order of random keys; the others are not kept.
std::vector<std::int64_t> first_shuffled(std::int64_t size, std::int64_t count, const Philox& random,
                                         std::uint64_t problem) {
  std::vector<std::pair<std::uint64_t, std::int64_t>> smallest;
  std::uint64_t bound = std::numeric_limits<std::uint64_t>::max();  // no larger key is among the first
  const auto cut = [&] {
    std::ranges::nth_element(smallest, smallest.begin() + count - 1);
    smallest.resize(static_cast<std::size_t>(count));
    bound = smallest.back().first;
  };
  for (std::int64_t i = 0; i < size; ++i) {
    const std::uint64_t key = random.bits(problem, static_cast<std::uint64_t>(i));
    if (key > bound) continue;
    smallest.emplace_back(key, i);
    if (std::ssize(smallest) >= 2 * count) cut();
  }
  if (std::ssize(smallest) > count) cut();
  std::ranges::sort(smallest);
  std::vector<std::int64_t> numbers;
  for (const auto& [key, number] : smallest) numbers.push_back(number);
  return numbers;
}

// `count` different numbers below `size`, which is much larger.
std::vector<std::int64_t> drawn(std::int64_t size, std::int64_t count, const Philox& random, std::uint64_t problem) {
  std::vector<std::int64_t> numbers;
  std::set<std::int64_t> seen;
  for (std::uint64_t draw = 0; std::ssize(numbers) < count; ++draw) {
    const auto number = static_cast<std::int64_t>(random.below(static_cast<std::uint64_t>(size), problem, draw));
    if (seen.insert(number).second) numbers.push_back(number);
  }
  return numbers;
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
  const std::int64_t size = num_right * num_wrong;
  if (size == 0 || count <= 0) return {};
  const auto choose = size <= kMostLookedAt ? first_shuffled : drawn;
  std::vector<AttemptPair> pairs;
  for (const std::int64_t c : choose(size, count, Philox(seed, "pairs"), name_hash(attempts.front().problem))) {
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
