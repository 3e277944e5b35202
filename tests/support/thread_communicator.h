// Ranks as threads of one test: distributed code under the debugger, in milliseconds, without MPI.
//
//   run_ranks(4, [&](Communicator& comm) {
//     at::Tensor sum = at::full({3}, comm.rank());
//     comm.all_reduce("sum", sum, ReduceOp::sum);
//     CHECK(sum[0].item<int>() == 6);
//   });
//
// The verbs are those of TransportCommunicator, which processes use, too; hosts are as the test wants them. A rank that
// throws, calls abort(), or returns while others still wait for it makes them all throw; run_ranks rethrows what the
// first one threw. So a wrong order of collectives is a failed test, never a hang.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <vector>

#include "framework/comm/communicator.h"

namespace ft::testing {

// Runs body once per rank, each in a thread with one ATen thread, and returns when all have ended. `capacity`: bytes of
// a rank's buffer; small ones make small tensors take many rounds.
void run_ranks(int num_ranks, const std::function<void(Communicator&)>& body, std::size_t capacity = 64 * 1024);

// What one rank has sent to ranks of other hosts.
struct Traffic {
  std::int64_t messages = 0, bytes = 0;
};

// The same with a host for each rank: only ranks of one host share buffers. Returns the traffic of each rank.
std::vector<Traffic> run_ranks_on(const std::vector<int>& hosts, const std::function<void(Communicator&)>& body,
                                  std::size_t capacity = 64 * 1024);

}  // namespace ft::testing
