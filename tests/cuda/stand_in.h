// NCCL and a GPU's streams, acted out on host memory by threads: so that the communicator over NCCL runs, line for
// line, where no GPU is.
//
//   StandIn machine;                                            // one at a time
//   run_ranks(4, [&](Communicator& host) {
//     auto comm = make_nccl_communicator(host, machine.backend(host.rank()), settings);
//     ...
//   });
//   CHECK(machine.faults().empty());
//
// What NCCL's rules forbid is written down as a fault: ranks whose k-th launches differ in operation, count, type, root
// or peers; a group that is not closed, or closed twice; a communicator used after its end, or ended with work on it.
// A launch moves its data when the last rank that it needs has posted its own, so whoever reads results too early gets old bytes.
//
// A stream is the host itself: run() waits for what was launched on it before, hold_current() for its mark; both go on
// when the communicator is aborted, as a GPU would, with garbage.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "parallel/cuda/nccl_communicator.h"

namespace ft::testing {

class StandIn {
 public:
  StandIn();
  ~StandIn();
  StandIn(const StandIn&) = delete;
  StandIn& operator=(const StandIn&) = delete;

  // Host tensors are the device's tensors.
  [[nodiscard]] std::shared_ptr<const NcclBackend> backend(int rank);

  enum class Trouble {
    async_error,  // NCCL reports an error on this rank, and the launch never happens
    hang,         // the launch never happens
    refuse,       // the call returns an error
    start,        // the communicator cannot be made
  };
  // `rank`, as in backend(), has trouble at its `launch`-th launch (from 1) over all its communicators.
  void inject(Trouble trouble, int rank, int launch = 1);

  [[nodiscard]] std::vector<std::string> faults() const;
  // What was done to the streams and with NCCL on that rank, in order: "follow", "launch", "run", "mark", "hold".
  [[nodiscard]] std::vector<std::string> journal(int rank) const;
  // Bytes of messages (not of collective operations) between two of its ranks.
  [[nodiscard]] std::int64_t sent(int from, int to) const;
  [[nodiscard]] int num_aborted() const;
  [[nodiscard]] int num_ended_in_order() const;

  struct State;

 private:
  std::shared_ptr<State> state_;
};

}  // namespace ft::testing
