#include "framework/watch/traced_communicator.h"

#include "framework/comm/solo_communicator.h"
#include "tests/support/communicator_cases.h"
#include "tests/support/doctest_torch.h"
#include "tests/support/thread_communicator.h"

using namespace ft;
using namespace ft::testing;

TEST_CASE("a traced communicator does what the one inside does") {
  run_ranks(3, [](Communicator& comm) {
    for (const CommunicatorCase& c : communicator_cases()) {
      CAPTURE(c.name);
      TracedCommunicator traced(comm, std::make_shared<ExchangeTrace>(), "world");
      c.run(traced);
    }
  });
}

TEST_CASE("the ring keeps the last exchanges, with their numbers") {
  SoloCommunicator solo;
  const auto trace = std::make_shared<ExchangeTrace>();
  TracedCommunicator world(solo, trace, "world");
  at::Tensor loss = at::zeros({3});
  world.all_reduce("loss", loss, ReduceOp::sum);
  const auto data = world.split(0, 0);
  data->barrier("epoch");
  const std::string first = trace->dump();
  CHECK(first.find("world #0: all_reduce 'loss', 12 bytes, took 0.") == 0);
  CHECK(first.find("world #1: split 'colour 0'") != std::string::npos);
  CHECK(first.find("world/1.0 #0: barrier 'epoch', 0 bytes, took ") != std::string::npos);
  CHECK_FALSE(trace->snapshot().waiting.has_value());
  CHECK(trace->snapshot().finished == "world/1.0 #0: barrier 'epoch'");

  for (int i = 0; i < 300; ++i) world.barrier("step");
  const std::string later = trace->dump();
  CHECK(std::ranges::count(later, '\n') == static_cast<std::ptrdiff_t>(ExchangeTrace::kEntries));
  CHECK(later.find("world #46: barrier 'step'") == 0);
  CHECK(later.find("world #301: barrier 'step'") != std::string::npos);
}

TEST_CASE("an exchange is over when it has been waited for") {
  ExchangeTrace trace;
  const std::uint64_t ticket = trace.begin("data", 7, "all_reduce", "gradients", 64);
  CHECK(trace.snapshot().waiting == "data #7: all_reduce 'gradients'");
  CHECK(trace.snapshot().waiting_bytes == 64);
  CHECK(trace.dump().find("data #7: all_reduce 'gradients', 64 bytes, waiting for 0.") == 0);
  trace.end(ticket);
  CHECK_FALSE(trace.snapshot().waiting.has_value());
}
