#include <stdexcept>

#include "framework/comm/solo_communicator.h"
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

TEST_CASE("the smallest buffers: tensors take many rounds and keep their bits") {
  run_ranks(
      4,
      [](Communicator& comm) {
        at::Tensor mine = telling_values(comm.rank(), 5003);
        comm.all_reduce("values", mine, ReduceOp::sum, Order::exact).wait();
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
                                     if (comm.rank() == 1) comm.broadcast("loss", loss, 0).wait();
                                   } catch (const Error& error) {
                                     messages[comm.rank()] = error.what();
                                     throw;
                                   }
                                 }),
                       doctest::Contains("rank 0 is in barrier 'end of epoch' (0 bytes, round 0), rank 1 in broadcast "
                                         "'loss' (12 bytes, round 0)"),
                       Error);
  CHECK(messages[0] == messages[1]);
  CHECK_THROWS_WITH_AS(run_ranks(3,
                                 [](Communicator& comm) {
                                   at::Tensor values = at::zeros({comm.rank() == 2 ? 8 : 4});
                                   comm.all_reduce("values", values, ReduceOp::sum, Order::exact).wait();
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

TEST_CASE("a pending exchange ends once, in wait or in its destructor") {
  int ended = 0;
  const auto start = [&] { return Pending([&] { ++ended; }); };
  {
    Pending waited = start();
    waited.wait();
    waited.wait();
  }
  CHECK(ended == 1);
  { const Pending dropped = start(); }
  CHECK(ended == 2);
  {
    Pending first = start();
    Pending moved = std::move(first);
    moved = start();  // the one that it held has ended
    CHECK(ended == 3);
  }
  CHECK(ended == 4);
  Pending failing([] { throw Error("cable cut"); });
  CHECK_THROWS_WITH_AS(failing.wait(), "cable cut", Error);
}

TEST_CASE("while an exception unwinds the stack no exchange is waited for") {
  bool waited = false;
  try {
    const Pending pending([&] { waited = true; });
    throw Error("first");
  } catch (const Error& error) {
    CHECK(std::string(error.what()) == "first");
  }
  CHECK_FALSE(waited);
}
