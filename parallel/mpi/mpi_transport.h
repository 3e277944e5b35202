// The transport between processes: shared windows within a host, messages of MPI between hosts.
//
// Ranks share memory where the system lets them: of one host, in one container. Where it does not, or settings forbid
// it, each rank is a host of its own and everything is a message. Messages go point to point with pointers and byte
// counts, cut to what an int can count. While a rank waits for them it polls and yields, so that more ranks than cores
// make progress. Called from one thread at a time.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "framework/comm/transport.h"
#include "parallel/mpi/backoff.h"
#include "parallel/mpi/job_end.h"
#include "parallel/mpi/mpi_handle.h"
#include "parallel/mpi/shared_window.h"

namespace ft {

struct MpiSettings {
  // Ranks of one host exchange through shared memory. FTRUN_SHARED_MEMORY=off in the environment turns it off.
  bool shared_memory = true;
  // Bytes of one of the two shared buffers that each rank has in each communicator.
  std::size_t window_bytes = std::size_t{1} << 20;
  // Bytes of foreign contributions that a rank holds at once where no ranks share memory.
  std::size_t chunk_bytes = std::size_t{16} << 20;
  // How often a rank that waits looks again before it gives its core away (backoff.h). MpiSession sets 0 where ranks of
  // a host share cores.
  int spins = kSpins;
  // At most that many neighbours of a host share memory, as if the others were on other hosts; 0: all. For tests and
  // measurements; FTRUN_SHARED_MEMORY=<number> in the environment.
  int share_among = 0;
  // A single rank does without MPI.
  bool solo_without_mpi = true;
};

class MpiTransport final : public Transport {
 public:
  // The ranks of `owned`, which it frees at its end. Collective. `job` must outlive this.
  MpiTransport(MpiHandle owned, JobEnd& job, const MpiSettings& settings);
  ~MpiTransport() override;

  [[nodiscard]] int rank() const override { return rank_; }
  [[nodiscard]] int size() const override { return size_; }
  [[nodiscard]] std::span<const int> hosts() const override { return hosts_; }
  [[nodiscard]] SharedBuffers* buffers() override { return window_ ? &*window_ : nullptr; }
  [[nodiscard]] std::size_t chunk_bytes() const override;
  void exchange(Name name, std::span<const Incoming> receive, std::span<const Outgoing> send) override;
  void post(int peer, std::int64_t value) override;
  [[nodiscard]] std::optional<Note> next_note() override;
  [[nodiscard]] Note wait_for_note() override;
  [[nodiscard]] std::unique_ptr<Transport> split(int colour, int key) override;
  [[noreturn]] void abort(std::string_view why, ExitCode code) override;

 private:
  // Shares memory with the ranks of this host, where that works; returns the rank that stands for these.
  int meet_host();
  // Sees to messages on their way, for other ranks than those that are waited for.
  void progress() const;

  MpiHandle handle_;
  JobEnd& job_;
  MpiSettings settings_;
  int rank_ = 0, size_ = 1;
  std::optional<SharedWindow> window_;
  std::vector<int> hosts_;
};

}  // namespace ft
