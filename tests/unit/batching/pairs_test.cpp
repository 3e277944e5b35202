#include "framework/batching/pairs.h"

#include <algorithm>
#include <cmath>
#include <set>

#include "framework/base/philox.h"
#include "tests/support/doctest_torch.h"

using namespace ft;

namespace {

std::vector<GradedAttempt> attempts_of(const std::string& problem, int right, int wrong) {
  std::vector<GradedAttempt> attempts;
  for (int i = 0; i < right + wrong; ++i) {
    GradedAttempt a;
    a.problem = problem;
    a.index = i;
    a.text = "text " + std::to_string(i);
    a.answer_found = true;
    a.verdict = i % 2 == 0 && i / 2 < right ? Verdict::equal : Verdict::different;
    attempts.push_back(a);
  }
  int surplus = right;
  for (GradedAttempt& a : attempts) surplus -= a.verdict == Verdict::equal ? 1 : 0;
  for (GradedAttempt& a : attempts) {
    if (surplus > 0 && a.verdict == Verdict::different) a.verdict = Verdict::equal, --surplus;
  }
  return attempts;
}

}  // namespace

TEST_CASE("pairs are right with wrong, different from each other, and as many as there can be") {
  const auto attempts = attempts_of("p", 3, 4);
  for (const int count : {1, 5, 12, 100}) {
    const auto pairs = choose_pairs(attempts, count, 7, false);
    CHECK(std::ssize(pairs) == std::min(count, 12));
    std::set<std::pair<int, int>> different;
    for (const AttemptPair& pair : pairs) {
      CHECK(attempts[static_cast<std::size_t>(pair.right)].verdict == Verdict::equal);
      CHECK(attempts[static_cast<std::size_t>(pair.wrong)].verdict == Verdict::different);
      different.insert({pair.right, pair.wrong});
    }
    CHECK(different.size() == pairs.size());
  }
}

TEST_CASE("pairs are a function of seed and problem, and every pair has the same chance") {
  const auto attempts = attempts_of("p", 4, 4);
  CHECK((choose_pairs(attempts, 5, 7, false) == choose_pairs(attempts, 5, 7, false)));
  CHECK_FALSE((choose_pairs(attempts, 5, 7, false) == choose_pairs(attempts, 5, 8, false)));
  std::map<std::pair<int, int>, int> drawn;
  for (std::uint64_t seed = 0; seed < 1600; ++seed) {
    for (const AttemptPair& pair : choose_pairs(attempts, 1, seed, false)) ++drawn[{pair.right, pair.wrong}];
  }
  CHECK(drawn.size() == 16);
  for (const auto& [pair, times] : drawn) CHECK(std::abs(times - 100) < 50);  // five standard deviations
}

TEST_CASE("pairs of many attempts are the first of all pairs in the order of their keys") {
  const auto attempts = attempts_of("p", 300, 500);
  const SortedAttempts sorted = sort_attempts(attempts, false);
  const Philox random(7, "pairs");
  std::vector<std::pair<std::uint64_t, std::uint64_t>> keyed;
  for (std::uint64_t i = 0; i < 300 * 500; ++i) keyed.emplace_back(random.bits(name_hash("p"), i), i);
  std::ranges::sort(keyed);
  for (const int count : {1, 2, 10, 70'000, 100'000, 150'000, 200'000}) {
    const auto pairs = choose_pairs(attempts, count, 7, false);
    REQUIRE(std::ssize(pairs) == std::min(count, 150'000));
    for (std::size_t k = 0; k < pairs.size(); ++k) {
      const std::uint64_t number = keyed[k].second;
      REQUIRE((pairs[k] == AttemptPair{sorted.right[number / 500], sorted.wrong[number % 500]}));
    }
  }
}

TEST_CASE("of more pairs than an int counts some are drawn, all different") {
  const auto attempts = attempts_of("p", 50'000, 50'000);
  const auto pairs = choose_pairs(attempts, 1000, 7, false);
  std::set<std::pair<int, int>> different;
  double right = 0;
  for (const AttemptPair& pair : pairs) {
    CHECK(attempts[static_cast<std::size_t>(pair.right)].verdict == Verdict::equal);
    CHECK(attempts[static_cast<std::size_t>(pair.wrong)].verdict == Verdict::different);
    different.insert({pair.right, pair.wrong});
    right += pair.right;
  }
  CHECK(different.size() == 1000);
  CHECK(std::abs(right / 1000 - 50'000) < 5 * 100'000 / std::sqrt(12.0 * 1000));  // from all of them alike
  CHECK((choose_pairs(attempts, 1000, 7, false) == pairs));
  CHECK_FALSE((choose_pairs(attempts, 1000, 8, false) == pairs));
}

TEST_CASE("one class alone gives no pairs; equal texts count once; undecided and greedy attempts are left out") {
  CHECK(choose_pairs(attempts_of("p", 5, 0), 10, 1, false).empty());
  CHECK(choose_pairs(attempts_of("p", 0, 5), 10, 1, false).empty());
  auto attempts = attempts_of("p", 2, 2);
  for (GradedAttempt& a : attempts) {
    if (a.verdict == Verdict::equal) a.text = "same";
  }
  CHECK(choose_pairs(attempts, 10, 1, false).size() == 2);
  for (GradedAttempt& a : attempts) {
    if (a.verdict == Verdict::different) a.answer_found = false;
  }
  CHECK(choose_pairs(attempts, 10, 1, false).empty());
  CHECK(choose_pairs(attempts, 10, 1, true).size() == 2);
  attempts[0].index = Attempt::kGreedy;
  for (GradedAttempt& a : attempts) a.verdict = a.verdict == Verdict::equal ? Verdict::equal : Verdict::unknown;
  CHECK(choose_pairs(attempts, 10, 1, true).empty());
}

TEST_CASE("items: balanced ones have as many right as wrong") {
  const auto attempts = attempts_of("p", 2, 9);
  for (const int count : {1, 2, 3, 4, 50}) {
    const auto items = choose_items(attempts, count, true, 3, false);
    const auto right = std::count_if(items.begin(), items.end(), [&](int i) {
      return attempts[static_cast<std::size_t>(i)].verdict == Verdict::equal;
    });
    CHECK(2 * right == std::ssize(items));
    CHECK(std::ssize(items) == std::min(count / 2 * 2, 4));
    CHECK(std::ssize(choose_items(attempts, count, false, 3, false)) == std::min(count, 11));
  }
}
