#include "parallel/mpi/binding.h"

#include <algorithm>
#include <atomic>
#include <fstream>
#include <numeric>
#include <thread>

#include "framework/base/error.h"
#include "parallel/mpi/backoff.h"
#include "parallel/mpi/launcher.h"
#include "tests/mpi/world.h"
#include "tests/support/doctest_torch.h"

using namespace ft;
using namespace ft::testing;

namespace {

// A rank that may run on `cpus` of a host whose cores have `threads` processors each (Linux counts the first thread of
// every core, then the second ones) and whose two domains hold half of the cores each.
RankCpus rank_on(const std::string& host, const CpuList& cpus, int cores, bool two_domains = false) {
  RankCpus rank{host, cpus, {}, {}};
  for (const int cpu : cpus) {
    rank.core_of.push_back(cpu % cores);
    rank.domains.push_back(two_domains && cpu % cores >= cores / 2 ? 1 : 0);
  }
  return rank;
}

CpuList first(int count) {
  CpuList cpus(static_cast<std::size_t>(count));
  std::iota(cpus.begin(), cpus.end(), 0);
  return cpus;
}

std::string bound(const Placement& placement) {
  std::string text;
  for (const CpuList& cpus : placement.bind) text += (text.empty() ? "" : " | ") + to_text(cpus);
  return text;
}

void write(const std::filesystem::path& path, const std::string& text) {
  std::filesystem::create_directories(path.parent_path());
  std::ofstream(path) << text << "\n";
}

}  // namespace

TEST_CASE("lists of processors are read and written as the kernel does") {
  CHECK(parse_cpu_list("0-3,8,10-11") == CpuList{0, 1, 2, 3, 8, 10, 11});
  CHECK(parse_cpu_list("5,1,1") == CpuList{1, 5});
  CHECK(parse_cpu_list("").empty());
  for (const char* list : {"0-3,8,10-11", "7", "0,2,4", ""}) CHECK(to_text(parse_cpu_list(list)) == list);
  for (const char* bad : {"3-1", "x", "1-", "-1", "1;2", "999999"}) CHECK_THROWS_AS((void)parse_cpu_list(bad), Error);
}

TEST_CASE("floating ranks get an even part of the cores each, hardware threads included, within a domain") {
  const RankCpus four = rank_on("a", first(4), 4);
  CHECK(bound(place_ranks({four, four, four, four})) == "0 | 1 | 2 | 3");
  CHECK(bound(place_ranks({four, four})) == "0-1 | 2-3");
  CHECK(bound(place_ranks({four})).empty());  // alone: the kernel may move it
  const RankCpus smt = rank_on("a", first(8), 4);
  CHECK(bound(place_ranks({smt, smt, smt, smt})) == "0,4 | 1,5 | 2,6 | 3,7");
  // Three ranks on 2 x 4 cores: the middle one would lie across, and keeps to one side.
  const RankCpus numa = rank_on("a", first(8), 8, true);
  CHECK(bound(place_ranks({numa, numa, numa})) == "0-1 | 2-3 | 5-7");
}

TEST_CASE("ranks of several hosts are placed host by host, in whatever order they come") {
  const RankCpus a = rank_on("a", first(2), 2), b = rank_on("b", first(2), 2);
  CHECK(bound(place_ranks({a, b, a, b})) == "0 | 0 | 1 | 1");
  CHECK(place_ranks({a, b, a, b}).crowds.empty());
}

TEST_CASE("what the launcher has bound apart stays as it is; parts that it gave to several ranks are divided") {
  const auto on = [](const CpuList& cpus) { return rank_on("a", cpus, 8); };
  const Placement apart = place_ranks({on({0}), on({1}), on({4})});
  CHECK_FALSE(apart.binds());
  CHECK(apart.crowds.empty());
  const Placement sockets = place_ranks({on({0, 1, 2, 3}), on({0, 1, 2, 3}), on({4, 5, 6, 7}), on({4, 5, 6, 7})});
  CHECK(bound(sockets) == "0-1 | 2-3 | 4-5 | 6-7");
  const Placement mixed = place_ranks({on({0}), on({0, 1, 2, 3}), on({0, 1, 2, 3})});  // rank 0's core is not theirs
  CHECK_FALSE(mixed.binds());
  CHECK(mixed.crowds.empty());
}

TEST_CASE("ranks that must share a core are named with it") {
  const auto on = [](const CpuList& cpus) { return rank_on("a", cpus, 4); };
  const Placement same = place_ranks({on({0}), on({1}), on({0}), on({2})});
  REQUIRE(same.crowds.size() == 1);
  CHECK(describe_crowd(same.crowds[0]) == "ranks 0, 2 share core 0 of a");
  // Two hardware threads are one core.
  const Placement threads = place_ranks({on({1}), on({5})});
  REQUIRE(threads.crowds.size() == 1);
  CHECK(describe_crowd(threads.crowds[0]) == "ranks 0, 1 share core 1 of a");
  // More ranks than cores: nobody is bound.
  const std::vector<RankCpus> many(64, rank_on("a", first(2), 2));
  const Placement crowded = place_ranks(many);
  CHECK_FALSE(crowded.binds());
  REQUIRE(crowded.crowds.size() == 1);
  CHECK(describe_crowd(crowded.crowds[0]) == "ranks 0-63 share cores 0-1 of a");
  // Parts that overlap in a row.
  const Placement row = place_ranks({on({0, 1}), on({1, 2}), on({0, 1}), on({2})});
  REQUIRE(row.crowds.size() == 1);
  CHECK(describe_crowd(row.crowds[0]) == "ranks 0, 1, 2, 3 share cores 0-2 of a");
}

TEST_CASE("every rank gets cores, no core goes to two ranks, whatever the sizes") {
  for (int cores = 1; cores <= 24; ++cores) {
    for (int ranks = 2; ranks <= cores; ++ranks) {
      const std::vector<RankCpus> all(static_cast<std::size_t>(ranks), rank_on("a", first(2 * cores), cores, true));
      const Placement placement = place_ranks(all);
      CAPTURE(bound(placement));
      CpuList given;
      for (const CpuList& cpus : placement.bind) {
        REQUIRE_FALSE(cpus.empty());
        given.insert(given.end(), cpus.begin(), cpus.end());
      }
      std::ranges::sort(given);
      CHECK(std::ranges::adjacent_find(given) == given.end());
    }
  }
}

TEST_CASE("the cores of a host are read from /sys: hardware threads, domains, and a kernel that says nothing") {
  const auto root = std::filesystem::temp_directory_path() / fmt::format("ft-sys-{}", getpid());
  CHECK(read_cores(root, {3, 5}).size() == 2);
  write(root / "devices/system/cpu/online", "0-3");
  for (int cpu = 0; cpu < 4; ++cpu) {
    write(root / fmt::format("devices/system/cpu/cpu{}/topology/thread_siblings_list", cpu),
          cpu % 2 == 0 ? "0,2" : "1,3");
  }
  write(root / "devices/system/node/node0/cpulist", "1,3");
  write(root / "devices/system/node/node1/cpulist", "0,2");
  write(root / "devices/system/node/possible", "0-1");
  const std::vector<Core> cores = read_cores(root, {});
  std::filesystem::remove_all(root);
  REQUIRE(cores.size() == 2);
  CHECK(cores[0].cpus == CpuList{1, 3});
  CHECK(cores[0].domain == 0);
  CHECK(cores[1].cpus == CpuList{0, 2});
  CHECK(cores[1].domain == 1);
}

TEST_CASE("floating ranks of this job sit apart after binding, and it is said") {
  Communicator& world = session().world();
  const CpuList before = own_cpus();
  std::vector<std::string> lines;
  Logger log(world.rank(), [&](std::string_view line) { lines.emplace_back(line); });
  settle_ranks(world, session().host(), Binding::by_us, "3", log);
  const CpuList after = own_cpus();
  const auto all = gather_rank_cpus(world, session().host(), after, read_cores("/sys", after));
  const bool enough = static_cast<int>(read_cores("/sys", before).size()) >= world.size();
  CHECK(place_ranks(all).crowds.empty() == enough);
  CHECK_FALSE(place_ranks(all).binds());  // what is bound is not bound again
  if (world.rank() == 0) {
    CHECK(lines.at(0).starts_with("rank 0 on core"));
    CHECK(lines.back() ==
          "warning: OMP_NUM_THREADS=3 is ignored: a rank computes with one thread; start as many ranks as there are "
          "cores");
  } else {
    CHECK(lines.empty());
  }
  bind_this_thread(before);
  CHECK(own_cpus() == before);
}

TEST_CASE("a bell wakes every sleeper, meeting after meeting, and numbers may wrap") {
  constexpr int kThreads = 6, kMeetings = 3000;
  Bell bell{};
  std::atomic<std::uint64_t> arrived{0};
  std::atomic<bool> early{false};
  std::vector<std::thread> threads;
  for (int t = 0; t < kThreads; ++t) {
    threads.emplace_back([&, t] {
      for (std::uint32_t m = 1; m <= kMeetings; ++m) {
        if (arrived.fetch_add(1) + 1 == std::uint64_t{m} * kThreads) {
          bell.ring(m);
        } else {
          bell.wait(m, t % 2 == 0 ? 0 : 50, [] {});
        }
        if (arrived.load() < std::uint64_t{m} * kThreads) early = true;
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  CHECK_FALSE(early);
  CHECK(arrived == std::uint64_t{kThreads} * kMeetings);
  bell.ring(0xffffffffU);
  bell.ring(1);  // after the wrap: two later than the last
  bell.wait(0xffffffffU, 0, [] {});
}

TEST_CASE("a wait ends with what the look throws") {
  Bell bell{};
  CHECK_THROWS_AS(bell.wait(1, 10, [] { throw Error("a rank has failed"); }), Error);
}

TEST_CASE("the launcher is known by its environment; tasks without MPI are refused") {
  const auto with = [](std::vector<std::pair<std::string, std::string>> variables) {
    return find_launch([variables = std::move(variables)](const char* name) -> std::optional<std::string> {
      for (const auto& [key, value] : variables) {
        if (key == name) return value;
      }
      return std::nullopt;
    });
  };
  CHECK_FALSE(with({}));
  CHECK(with({{"OMPI_COMM_WORLD_SIZE", "4"}})->ranks == 4);
  CHECK(with({{"PMIX_RANK", "0"}, {"SLURM_STEP_NUM_TASKS", "8"}})->ranks == 8);
  CHECK_FALSE(with({{"SLURM_STEP_NUM_TASKS", "1"}}));
  CHECK_THROWS_AS((void)with({{"SLURM_STEP_NUM_TASKS", "8"}}), UserError);
}
