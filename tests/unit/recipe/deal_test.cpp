#include "framework/recipe/deal.h"

#include <algorithm>
#include <map>
#include <mutex>
#include <vector>

#include "framework/comm/topology.h"
#include "tests/support/doctest_torch.h"
#include "tests/support/thread_communicator.h"

using namespace ft;
using namespace ft::testing;

namespace {

struct Made {
  std::vector<int> by_data_rank;        // of each item: data rank + 1
  std::vector<std::int64_t> run_sizes;  // in the order in which they were taken, over all ranks
  BusyRanks busy;
};

// What ranks of `hosts` make of `total` items; data rank 0 stops after `stop_after` items, if that is not negative.
Made make_all(const std::vector<int>& hosts, int tensor, std::int64_t total, std::int64_t stop_after = -1) {
  Made made;
  made.by_data_rank.assign(static_cast<std::size_t>(total), 0);
  std::mutex mutex;
  std::map<std::pair<int, std::int64_t>, int> times;  // a run of a data rank was given to so many ranks
  run_ranks_on(hosts, [&](Communicator& world) {
    const GroupSet set(world, make_topology(world.size(), tensor));
    const Groups groups = set.view();
    Deal deal(groups, "items", total, {.most = 16, .least = 3});
    std::int64_t mine = 0;
    for (;;) {
      const auto run = deal.next();
      if (!run) break;
      CHECK(run->count() > 0);
      CHECK(run->count() <= 16);
      if (groups.tensor.rank() == 0) CHECK(deal.num_dealt() >= run->end);
      mine += run->count();
      const std::lock_guard lock(mutex);
      ++times[{groups.data.rank(), run->begin}];
      if (groups.tensor.rank() > 0) continue;
      made.run_sizes.push_back(run->count());
      for (std::int64_t item = run->begin; item < run->end; ++item) {
        CHECK(made.by_data_rank[static_cast<std::size_t>(item)] == 0);
        made.by_data_rank[static_cast<std::size_t>(item)] = groups.data.rank() + 1;
      }
      if (stop_after >= 0 && groups.data.rank() == 0 && mine >= stop_after) {
        deal.close();
        break;
      }
    }
    const BusyRanks busy = deal.finish();
    CHECK(busy.mean >= busy.least);
    CHECK(busy.mean <= 1);
    const std::lock_guard lock(mutex);
    made.busy = busy;
  });
  for (const auto& [run, ranks] : times) CHECK(ranks == tensor);
  return made;
}

}  // namespace

TEST_CASE("every item is dealt once, to all ranks that share a model") {
  for (const std::vector<int>& hosts :
       {std::vector<int>{0}, {0, 0, 0}, {0, 0, 1, 1}, {0, 1, 2, 3}, {0, 0, 0, 1, 1, 2}}) {
    for (const int tensor : {1, 2, 3}) {
      if (hosts.size() % static_cast<std::size_t>(tensor) != 0) continue;
      for (const std::int64_t total : {0, 1, 2, 40, 700}) {
        CAPTURE(hosts);
        CAPTURE(tensor);
        CAPTURE(total);
        const Made made = make_all(hosts, tensor, total);
        CHECK(std::ranges::count(made.by_data_rank, 0) == 0);
      }
    }
  }
}

TEST_CASE("runs are long at first and short towards the end") {
  const Made made = make_all({0, 0, 0, 0}, 1, 200);
  REQUIRE(made.run_sizes.size() > 12);
  CHECK(made.run_sizes.front() == 16);
  CHECK(*std::ranges::min_element(made.run_sizes) <= 3);
}

TEST_CASE("a deal that one rank closes ends for all") {
  for (const std::vector<int>& hosts : {std::vector<int>{0, 0, 0}, {0, 1, 1}}) {
    const Made made = make_all(hosts, 1, 1'000'000, 40);
    const auto dealt = std::ssize(made.by_data_rank) - std::ranges::count(made.by_data_rank, 0);
    CHECK(dealt >= 40);
    CHECK(dealt < 1'000'000);
  }
}

TEST_CASE("rounds are equal") {
  CHECK(even_rounds(257, 4, 64) == 33);
  CHECK(even_rounds(256, 4, 64) == 64);
  CHECK(even_rounds(3, 16, 64) == 1);
  CHECK(even_rounds(0, 2, 8) == 1);
  CHECK(even_rounds(1'000'000, 2, 64) == 64);
}

TEST_CASE("what is said of busy ranks") {
  CHECK(to_text({.seconds = 12.34, .mean = 0.976, .least = 0.95, .least_rank = 3}) ==
        "ranks were busy 98 % of 12.3 s, rank 3 least: 95 %");
}
