#include "framework/comm/traced_communicator.h"

#include <atomic>

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
  world.all_reduce("loss", loss, ReduceOp::sum, Order::exact).wait();
  const auto data = world.split(0, 0);
  data->barrier("epoch");
  const std::string first = trace->dump();
  CHECK(first.find("world #0: all_reduce 'loss', 12 bytes, took 0.") == 0);
  CHECK(first.find("world #1: split 'colour 0'") != std::string::npos);
  CHECK(first.find("world/1 #0: barrier 'epoch', 0 bytes, took ") != std::string::npos);
  CHECK_FALSE(trace->waiting().has_value());

  for (int i = 0; i < 300; ++i) world.barrier("step");
  const std::string later = trace->dump();
  CHECK(std::ranges::count(later, '\n') == static_cast<std::ptrdiff_t>(ExchangeTrace::kEntries));
  CHECK(later.find("world #46: barrier 'step'") == 0);
  CHECK(later.find("world #301: barrier 'step'") != std::string::npos);
}

TEST_CASE("an exchange is over when it has been waited for") {
  ExchangeTrace trace;
  const std::uint64_t ticket = trace.begin("data", 7, "all_reduce", "gradients", 64);
  CHECK(trace.waiting().has_value());
  CHECK(trace.dump().find("data #7: all_reduce 'gradients', 64 bytes, waiting for 0.") == 0);
  trace.end(ticket);
  CHECK_FALSE(trace.waiting().has_value());
}

TEST_CASE("the watchdog reports the exchange that hangs, once, and nothing else") {
  std::mutex mutex;
  std::vector<std::string> reports;
  const auto on_hang = [&](const std::string& report) {
    const std::lock_guard lock(mutex);
    reports.push_back(report);
  };
  const auto count = [&] {
    const std::lock_guard lock(mutex);
    return reports.size();
  };
  const auto trace = std::make_shared<ExchangeTrace>();
  {
    const Watchdog watchdog(trace, std::chrono::milliseconds(40), on_hang);
    std::this_thread::sleep_for(std::chrono::milliseconds(120));
    CHECK(count() == 0);  // a rank that computes does not hang
    trace->begin("world", 8812, "all_reduce", "gradients of layer 7", 1024);
    for (int i = 0; i < 500 && count() == 0; ++i) std::this_thread::sleep_for(std::chrono::milliseconds(10));
    std::this_thread::sleep_for(std::chrono::milliseconds(60));
  }
  REQUIRE(reports.size() == 1);
  CHECK(reports[0].find("(limit 0.0 s)") != std::string::npos);
  CHECK(reports[0].find("world #8812: all_reduce 'gradients of layer 7', 1024 bytes, waiting for") !=
        std::string::npos);
}
