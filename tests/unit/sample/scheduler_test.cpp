#include "framework/sample/scheduler.h"

#include <algorithm>
#include <set>
#include <vector>

#include "framework/base/philox.h"
#include "framework/sample/exactness.h"
#include "tests/support/doctest_torch.h"

namespace ft {

TEST_CASE("prompts are served one after the other, asked for when their turn comes, and slots are never shared") {
  const Philox random(1, "scheduler");
  for (std::uint64_t trial = 0; trial < 50; ++trial) {
    std::vector<std::size_t> sizes(1 + random.below(12, trial, 0));
    for (std::size_t i = 0; i < sizes.size(); ++i) sizes[i] = 1 + random.below(6, trial, i + 1);
    const int num_slots = 1 + static_cast<int>(random.below(9, trial, 100));
    std::size_t asked = 0;
    Scheduler scheduler([&] { return asked < sizes.size() ? sizes[asked++] : (++asked, 0); }, num_slots);
    std::set<int> used;
    std::size_t prompt = 0, attempt = 0;  // that must be next
    std::uint64_t draw = 200;
    while (!scheduler.done()) {
      while (true) {
        CHECK(asked == prompt + 1);  // none before its turn
        const bool starts = scheduler.next_starts_prompt();
        const auto a = scheduler.admit();
        if (!a) break;
        CHECK(a->first_of_prompt == starts);
        CHECK(a->first_of_prompt == (attempt == 0));
        CHECK((a->prompt == prompt && a->attempt == attempt));
        CHECK((a->slot >= 0 && a->slot < num_slots));
        CHECK(used.insert(a->slot).second);
        CHECK(a->last_of_prompt == (++attempt == sizes[prompt]));
        if (a->last_of_prompt) attempt = 0, ++prompt;
      }
      CHECK(scheduler.active().size() == used.size());
      const auto leaving = random.below(scheduler.active().size(), trial, draw++);
      const int slot = scheduler.active()[leaving];
      scheduler.release(slot);
      used.erase(slot);
    }
    CHECK(prompt == sizes.size());
    CHECK(asked == sizes.size() + 1);  // the end was told once
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
