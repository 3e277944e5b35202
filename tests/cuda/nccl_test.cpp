// The communicator over NCCL, run on a stand-in for NCCL and the GPU's streams.
#include <chrono>
#include <thread>
#include <vector>

#include "framework/comm/solo_communicator.h"
#include "parallel/cuda/nccl_communicator.h"
#include "tests/cuda/stand_in.h"
#include "tests/support/communicator_cases.h"
#include "tests/support/doctest_torch.h"
#include "tests/support/thread_communicator.h"

using namespace ft;
using namespace ft::testing;
using namespace std::chrono_literals;

namespace {

// Small chunks, so that the tensors of the cases take several rounds; and limits that no sound exchange comes near.
const NcclSettings kSettings{.limits = {.limit = 20s, .poll = 2ms}, .chunk_bytes = 4096, .small_bytes = 2048};
// For exchanges that never end.
const NcclSettings kHasty{.limits = {.limit = 300ms, .poll = 2ms}, .chunk_bytes = 4096, .small_bytes = 2048};

// What became of each rank: "" or its error, and after how many milliseconds.
struct Outcome {
  std::string error;
  std::int64_t milliseconds = 0;
};

// Every rank exchanges until something is wrong; each rank keeps its own end.
std::vector<Outcome> exchange_with_trouble(StandIn& machine, int ranks, const NcclSettings& settings) {
  std::vector<Outcome> outcomes(static_cast<std::size_t>(ranks));
  run_ranks(ranks, [&](Communicator& host) {
    Outcome& outcome = outcomes[static_cast<std::size_t>(host.rank())];
    const auto start = std::chrono::steady_clock::now();
    try {
      const auto comm = make_nccl_communicator(host, machine.backend(host.rank()), settings);
      for (int i = 0; i < 6; ++i) {
        at::Tensor values = at::ones({5000});
        comm->all_reduce("gradients", values, ReduceOp::sum);
      }
    } catch (const Error& error) {
      outcome.error = error.what();
    }
    const auto time = std::chrono::steady_clock::now() - start;
    outcome.milliseconds = std::chrono::duration_cast<std::chrono::milliseconds>(time).count();
  });
  return outcomes;
}

}  // namespace

TEST_CASE("every verb, on 1 to 4 ranks") {
  for (const int ranks : {1, 2, 3, 4}) {
    CAPTURE(ranks);
    StandIn machine;
    run_ranks(ranks, [&](Communicator& host) {
      const auto comm = make_nccl_communicator(host, machine.backend(host.rank()), kSettings);
      for (const CommunicatorCase& c : communicator_cases()) {
        CAPTURE(c.name);
        c.run(*comm);
      }
    });
    for (const std::string& fault : machine.faults()) FAIL_CHECK(fault);
    CHECK(machine.num_aborted() == 0);
    CHECK(machine.num_ended_in_order() >= ranks);
  }
}

TEST_CASE("every verb, on GPUs of several hosts") {
  const std::vector<std::vector<int>> layouts = {{0, 0, 1, 1}, {0, 0, 1, 2}, {0, 0, 0, 1, 1}, {0, 1, 0, 1}, {0, 1, 2}};
  for (const std::vector<int>& hosts : layouts) {
    CAPTURE(hosts);
    StandIn machine;
    run_ranks_on(hosts, [&](Communicator& host) {
      const auto comm = make_nccl_communicator(host, machine.backend(host.rank()), kSettings);
      for (const CommunicatorCase& c : communicator_cases()) {
        CAPTURE(c.name);
        c.run(*comm);
      }
    });
    for (const std::string& fault : machine.faults()) FAIL_CHECK(fault);
    CHECK(machine.num_aborted() == 0);
  }
}

TEST_CASE("sums cross between hosts once for each host") {
  constexpr std::int64_t kCount = 64'000;
  const std::vector<std::int64_t> sizes(8, kCount / 8);
  const std::vector<std::vector<int>> layouts = {
      {0, 0, 0, 0, 0, 0, 0, 0}, {0, 0, 0, 0, 1, 1, 1, 1}, {0, 1, 2, 3, 4, 5, 6, 7}};
  for (const std::vector<int>& hosts : layouts) {
    StandIn machine;
    run_ranks_on(hosts, [&](Communicator& host) {
      const auto comm = make_nccl_communicator(host, machine.backend(host.rank()), kSettings);
      comm->reduce_scatter("gradients", at::empty({sizes[0]}), at::ones({kCount}), sizes);
    });
    std::int64_t crossed = 0;
    for (int from = 0; from < 8; ++from) {
      for (int to = 0; to < 8; ++to)
        if (hosts[static_cast<std::size_t>(from)] != hosts[static_cast<std::size_t>(to)])
          crossed += machine.sent(from, to);
    }
    const int num_hosts = hosts.back() + 1;
    CHECK(crossed == 4 * kCount * (num_hosts - 1));  // each host all that it does not own
  }
}

TEST_CASE("chunks of any size give the bits of shared memory") {
  constexpr std::int64_t kCount = 20'011;
  for (const std::size_t chunk : {256U, 4096U, 1U << 20}) {
    StandIn machine;
    run_ranks_on(chunk == 4096U ? std::vector{0, 0, 1, 1} : std::vector{0, 0, 0, 0}, [&](Communicator& host) {
      const NcclSettings settings{.limits = kSettings.limits, .chunk_bytes = chunk, .small_bytes = 0};
      const auto comm = make_nccl_communicator(host, machine.backend(host.rank()), settings);
      at::Tensor values = telling_values(host.rank(), kCount), expected = values.clone();
      comm->all_reduce("telling", values, ReduceOp::sum);
      host.all_reduce("telling", expected, ReduceOp::sum);
      CHECK(same_bits(values, expected));
    });
    CHECK(machine.faults().empty());
  }
}

TEST_CASE("an exchange follows ATen's stream, and ATen's stream is held behind it") {
  StandIn machine;
  run_ranks(2, [&](Communicator& host) {
    const auto comm = make_nccl_communicator(host, machine.backend(host.rank()), kSettings);
    const std::vector<std::int64_t> sizes = {100, 100};
    comm->all_gather("weights", at::ones({200}), at::ones({100}), sizes);
    comm->all_reduce("sum", at::ones({100}), ReduceOp::sum);  // a small one: to all ranks, and added on the stream
  });
  const std::vector<std::string> expected = {"follow", "launch", "mark",   "hold",  //
                                             "follow", "run",    "launch", "run",  "mark", "hold"};
  CHECK(machine.journal(0) == expected);
  CHECK(machine.journal(1) == expected);
}

TEST_CASE("tensors in host memory go over the communicator beside it") {
  StandIn machine;
  run_ranks(2, [&](Communicator& host) {
    NcclBackend backend = *machine.backend(host.rank());
    backend.device = at::kMeta;  // so that host tensors are not the device's
    const auto comm = make_nccl_communicator(host, std::make_shared<NcclBackend>(backend), kSettings);
    at::Tensor values = at::full({3}, 1.0 + comm->rank());
    comm->all_reduce("loss", values, ReduceOp::sum);
    CHECK(at::equal(values, at::full({3}, 3.0)));
    at::Tensor all = at::zeros({2});
    const std::vector<std::int64_t> ones = {1, 1};
    comm->all_gather("ranks", all, at::full({1}, 1.0 * comm->rank()), ones);
    CHECK(all[1].item<float>() == 1);
  });
  CHECK(machine.journal(0).empty());
}

TEST_CASE("an error that NCCL reports on one rank reaches every rank within the limit") {
  StandIn machine;
  machine.inject(StandIn::Trouble::async_error, 1, 5);
  const auto outcomes = exchange_with_trouble(machine, 3, kHasty);
  CHECK(outcomes[1].error.find("rank 1 of 3 lost the others") != std::string::npos);
  CHECK(outcomes[1].error.find("'stand-in system error'") != std::string::npos);
  CHECK(outcomes[1].milliseconds < 250);  // at once, not after the limit
  for (const int rank : {0, 2}) {
    const Outcome& outcome = outcomes[static_cast<std::size_t>(rank)];
    CAPTURE(outcome.error);
    CHECK(outcome.error.find("exchange 'gradients'") != std::string::npos);
    CHECK(outcome.error.find("300 ms") != std::string::npos);
    CHECK(outcome.milliseconds < 2500);
  }
  CHECK(machine.num_aborted() == 3);
  CHECK(machine.faults().empty());
}

TEST_CASE("a rank that hangs makes the others time out, abort and throw") {
  StandIn machine;
  machine.inject(StandIn::Trouble::hang, 0, 3);
  const auto outcomes = exchange_with_trouble(machine, 4, kHasty);
  for (const Outcome& outcome : outcomes) {
    CAPTURE(outcome.error);
    CHECK(outcome.error.find("exchange 'gradients' was not over after 300 ms") != std::string::npos);
    CHECK(outcome.milliseconds >= 300);
    CHECK(outcome.milliseconds < 2500);
  }
  CHECK(machine.num_aborted() == 4);
  CHECK(machine.faults().empty());
}

TEST_CASE("a call that NCCL refuses is an error at once") {
  StandIn machine;
  machine.inject(StandIn::Trouble::refuse, 1, 1);
  const auto outcomes = exchange_with_trouble(machine, 2, kHasty);
  CHECK(outcomes[1].error.find("exchange 'gradients' failed: NCCL says 'stand-in system error'") != std::string::npos);
  CHECK(outcomes[0].error.find("was not over after 300 ms") != std::string::npos);
  CHECK(machine.num_aborted() == 2);
}

TEST_CASE("a communicator that cannot start is the same error on every rank") {
  StandIn machine;
  machine.inject(StandIn::Trouble::start, 1);
  const auto outcomes = exchange_with_trouble(machine, 3, kHasty);
  for (const Outcome& outcome : outcomes) {
    CAPTURE(outcome.error);
    CHECK(outcome.error == outcomes[0].error);
    CHECK(outcome.error.find("the start of NCCL on 3 ranks") != std::string::npos);
  }
  CHECK(machine.faults().empty());
}

TEST_CASE("the stand-in finds ranks that do different things") {
  StandIn machine;
  run_ranks(2, [&](Communicator& host) {
    const auto comm = make_nccl_communicator(host, machine.backend(host.rank()), kHasty);
    const std::int64_t count = host.rank() == 0 ? 100 : 101;
    const std::vector<std::int64_t> sizes = {count, count};
    try {
      comm->all_gather("different sizes", at::ones({2 * count}), at::ones({count}), sizes);
      std::this_thread::sleep_for(50ms);
      comm->barrier("after it");
    } catch (const Error&) {
    }
  });
  REQUIRE(machine.faults().size() == 1);
  CHECK(machine.faults()[0].find("all_gather of 400") != std::string::npos);
}
