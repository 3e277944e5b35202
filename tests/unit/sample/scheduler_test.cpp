#include "framework/sample/scheduler.h"

#include <algorithm>
#include <set>
#include <vector>

#include "framework/base/philox.h"
#include "framework/sample/exactness.h"
#include "tests/support/doctest_torch.h"

namespace ft {

TEST_CASE("each prompt is served once, in order, and slots are never shared") {
  const Philox random(1, "scheduler");
  for (std::uint64_t trial = 0; trial < 50; ++trial) {
    std::vector<int> prompts(1 + random.below(40, trial, 0));
    for (std::size_t i = 0; i < prompts.size(); ++i) prompts[i] = static_cast<int>(random.below(6, trial, i + 1));
    const int num_slots = 1 + static_cast<int>(random.below(9, trial, 100));
    Scheduler scheduler(num_slots);
    CHECK(scheduler.wants_more());
    scheduler.add(prompts);
    std::vector<std::size_t> served;
    std::multiset<int> first;
    std::set<int> used;
    int current = -1;
    bool last_of_current = false;
    std::uint64_t draw = 200;
    while (!scheduler.done()) {
      while (true) {
        const bool starts = scheduler.next_starts_prompt();
        const auto a = scheduler.admit();
        if (!a) break;
        CHECK(a->first_of_prompt == starts);
        if (last_of_current) CHECK(starts);
        last_of_current = a->last_of_prompt;
        CHECK(a->prompt == prompts[a->request]);
        CHECK((a->slot >= 0 && a->slot < num_slots));
        CHECK(used.insert(a->slot).second);
        if (a->first_of_prompt) {
          first.insert(a->prompt);
          current = a->prompt;
        }
        CHECK(a->prompt == current);
        served.push_back(a->request);
      }
      CHECK(scheduler.active().size() == used.size());
      const auto leaving = random.below(scheduler.active().size(), trial, draw++);
      const int slot = scheduler.active()[leaving];
      scheduler.release(slot);
      used.erase(slot);
    }
    CHECK(first.size() == std::set<int>(prompts.begin(), prompts.end()).size());
    CHECK(std::set<std::size_t>(served.begin(), served.end()).size() == prompts.size());
    CHECK(served.size() == prompts.size());
    CHECK(last_of_current);
  }
}

TEST_CASE("a batch is cut into full parts and the smallest that holds the rest") {
  const BatchSizes sizes({4, 8, 64});
  for (int rows = 0; rows < 200; ++rows) {
    int sum = 0;
    for (const BatchPart part : sizes.cut(rows)) {
      CHECK(part.rows > 0);
      CHECK(part.rows <= part.size);
      CHECK(std::ranges::count(sizes.sizes(), part.size) == 1);
      sum += part.rows;
    }
    CHECK(sum == rows);
  }
  CHECK(sizes.cut(70).size() == 2);
  CHECK(sizes.cut(70).back().size == 8);
  CHECK(sizes.cut(9).front().size == 64);
  CHECK(BatchSizes({1}).cut(3).size() == 3);
  CHECK(!BatchSizes({1}).is_any());
  CHECK(BatchSizes::any(5).cut(12).size() == 3);
  CHECK(BatchSizes::any(5).cut(12).back().size == 2);
}

TEST_CASE("the sizes tried reach the slots and the reference") {
  CHECK(candidate_sizes(1) == std::vector<int>{4, 8, 12, 16, 24, 32, 48, 64});
  CHECK(candidate_sizes(64) == std::vector<int>{4, 8, 12, 16, 24, 32, 48, 64});
  CHECK(candidate_sizes(65).back() == 96);
  CHECK(candidate_sizes(100).back() == 128);
  CHECK(candidate_sizes(128).back() == 128);
}

}  // namespace ft
