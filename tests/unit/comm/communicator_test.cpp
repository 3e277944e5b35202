#include <algorithm>
#include <random>
#include <stdexcept>
#include <utility>

#include "framework/comm/solo_communicator.h"
#include "framework/comm/tree_sum.h"
#include "tests/support/communicator_cases.h"
#include "tests/support/doctest_torch.h"
#include "tests/support/thread_communicator.h"

using namespace ft;
using namespace ft::testing;

TEST_CASE("alone") {
  for (const CommunicatorCase& c : communicator_cases()) {
    CAPTURE(c.name);
    SoloCommunicator solo;
    c.run(solo);
  }
}

TEST_CASE("ranks that share memory") {
  for (const int ranks : {2, 3, 4, 7}) {
    for (const CommunicatorCase& c : communicator_cases()) {
      CAPTURE(ranks);
      CAPTURE(c.name);
      run_ranks(ranks, c.run, 64 * 1024);
    }
  }
}

TEST_CASE("ranks of several hosts: even ones, uneven ones, of one rank each, and in turn") {
  const std::vector<std::vector<int>> layouts = {
      {0, 1}, {0, 1, 2, 3}, {0, 0, 1, 1}, {0, 0, 1, 2}, {0, 1, 1, 1, 1}, {0, 1, 2, 0, 1, 2}, {0, 0, 0, 1, 1, 1, 2}};
  for (const std::vector<int>& hosts : layouts) {
    for (const CommunicatorCase& c : communicator_cases()) {
      CAPTURE(hosts);
      CAPTURE(c.name);
      run_ranks_on(hosts, c.run);
    }
  }
}

TEST_CASE("a sum has the bits of the tree on hosts of any kind") {
  std::mt19937 draw(7);
  for (int turn = 0; turn < 60; ++turn) {
    const int ranks = 2 + static_cast<int>(draw() % 15), num_hosts = 1 + static_cast<int>(draw() % 5);
    std::vector<int> hosts;
    for (int r = 0; r < ranks; ++r) hosts.push_back(static_cast<int>(draw() % static_cast<unsigned>(num_hosts)));
    if (turn % 2 == 0) std::ranges::sort(hosts);  // as launchers place ranks, or anyhow
    const std::int64_t count = 1 + static_cast<std::int64_t>(draw() % 9000);
    CAPTURE(hosts);
    TreeSum sum;
    for (int r = 0; r < ranks; ++r) sum.add(telling_values(r, count));
    const at::Tensor expected = sum.take();
    std::vector<std::int64_t> sizes(static_cast<std::size_t>(ranks), count / ranks);
    sizes.back() += count % ranks;
    run_ranks_on(
        hosts,
        [&](Communicator& comm) {
          at::Tensor values = telling_values(comm.rank(), count);
          comm.all_reduce("telling", values, ReduceOp::sum);
          CHECK(same_bits(values, expected));
          const std::int64_t own = sizes[static_cast<std::size_t>(comm.rank())];
          const at::Tensor shard = at::empty({own});
          comm.reduce_scatter("telling", shard, telling_values(comm.rank(), count), sizes);
          CHECK(same_bits(shard, expected.narrow(0, comm.rank() * (count / ranks), own).contiguous()));
        },
        4096);
  }
}

// Bytes that all ranks of the first of `num_hosts` hosts send to others, for a sum over ranks and then its slices to all.
std::int64_t bytes_of_a_host(int num_hosts, int ranks_a_host, std::int64_t count) {
  std::vector<int> hosts;
  for (int r = 0; r < num_hosts * ranks_a_host; ++r) hosts.push_back(r / ranks_a_host);
  const auto sizes = std::vector<std::int64_t>(hosts.size(), count / std::ssize(hosts));
  const auto traffic = run_ranks_on(hosts, [&](Communicator& comm) {
    const at::Tensor gradient = at::ones({count}), owned = at::empty({sizes[0]});
    comm.reduce_scatter("gradients", owned, gradient, sizes);
    comm.all_gather("parameters", gradient, owned, sizes);
  });
  std::int64_t bytes = 0;
  for (int r = 0; r < ranks_a_host; ++r) bytes += traffic[static_cast<std::size_t>(r)].bytes;
  return bytes;
}

TEST_CASE("each byte crosses between hosts once for each host, however many ranks it has") {
  constexpr std::int64_t kCount = 48'000;
  for (const int hosts : {2, 3, 4}) {
    // A host sends its sum of the others' slices, and its own slices to the others.
    const std::int64_t data = 2 * 4 * kCount * (hosts - 1) / hosts;
    for (const int ranks : {1, 2, 4}) {
      const std::int64_t sent = bytes_of_a_host(hosts, ranks, kCount);
      CAPTURE(hosts);
      CAPTURE(ranks);
      CHECK(sent >= data);
      CHECK(sent <= data + 2 * 128 * hosts * ranks * 2);  // two greetings
    }
  }
}

TEST_CASE("what is short takes log2 of the hosts messages of one rank a host, however many ranks there are") {
  for (const auto& [num_hosts, messages] : {std::pair{2, 1}, {3, 2}, {4, 2}, {5, 3}, {8, 3}}) {
    for (const int ranks : {1, 3}) {
      std::vector<int> hosts;
      for (int r = 0; r < num_hosts * ranks; ++r) hosts.push_back(r / ranks);
      const auto traffic = run_ranks_on(hosts, [](Communicator& comm) {
        CHECK(sum_over_ranks(comm, "ones", 1) == comm.size());
        CHECK(comm.broadcast_bytes("word", "from the last", comm.size() - 1) == "from the last");
        comm.barrier("end");
      });
      CAPTURE(hosts);
      for (std::size_t r = 0; r < traffic.size(); ++r) {
        const bool speaks = r % static_cast<std::size_t>(ranks) == 0;
        CHECK(traffic[r].messages == (speaks ? 3 * messages : 0));
      }
    }
  }
}

TEST_CASE("the smallest buffers: tensors take many rounds and keep their bits") {
  run_ranks(
      4,
      [](Communicator& comm) {
        at::Tensor mine = telling_values(comm.rank(), 5003);
        comm.all_reduce("values", mine, ReduceOp::sum);
        const at::Tensor expected =
            (telling_values(0, 5003) + telling_values(1, 5003)) + (telling_values(2, 5003) + telling_values(3, 5003));
        CHECK(same_bits(mine, expected));
      },
      1024);
}

TEST_CASE("ranks that do different things all learn who does what") {
  std::string messages[2];
  CHECK_THROWS_WITH_AS(run_ranks(2,
                                 [&](Communicator& comm) {
                                   try {
                                     if (comm.rank() == 0) comm.barrier("end of epoch");
                                     at::Tensor loss = at::zeros({3});
                                     if (comm.rank() == 1) comm.all_reduce("loss", loss, ReduceOp::sum);
                                   } catch (const Error& error) {
                                     messages[comm.rank()] = error.what();
                                     throw;
                                   }
                                 }),
                       doctest::Contains("rank 0 is in barrier 'end of epoch' (0 bytes, round 0), rank 1 in all_reduce "
                                         "'loss' (12 bytes, round 0)"),
                       Error);
  CHECK(messages[0] == messages[1]);
  CHECK_THROWS_WITH_AS(run_ranks(3,
                                 [](Communicator& comm) {
                                   at::Tensor values = at::zeros({comm.rank() == 2 ? 8 : 4});
                                   comm.all_reduce("values", values, ReduceOp::sum);
                                 }),
                       doctest::Contains("rank 2 in all_reduce 'values' (32 bytes"), Error);
}

TEST_CASE("a rank that throws, aborts or leaves ends the wait of all others") {
  int told = 0;
  std::mutex mutex;
  const auto waits_for_rank_2 = [&](const std::function<void(Communicator&)>& rank_2) {
    told = 0;
    run_ranks(4, [&](Communicator& comm) {
      if (comm.rank() == 2) return rank_2(comm);
      try {
        comm.barrier("all");
      } catch (const Error&) {
        const std::lock_guard lock(mutex);
        ++told;
        throw;
      }
    });
  };
  CHECK_THROWS_WITH_AS(waits_for_rank_2([](Communicator&) { throw std::out_of_range("disk full"); }), "disk full",
                       std::out_of_range);
  CHECK(told == 3);
  CHECK_THROWS_WITH_AS(waits_for_rank_2([](Communicator& comm) { comm.abort("bad key", ExitCode::user_mistake); }),
                       "rank 2 aborted with code 2: bad key", Error);
  CHECK(told == 3);
  CHECK_THROWS_WITH_AS(waits_for_rank_2([](Communicator&) {}), doctest::Contains("rank 2 has ended"), Error);
  CHECK(told == 3);
}
