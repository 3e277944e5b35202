// The buffers of SharedMemoryCommunicator among processes of one host.
//
// One shared segment holds two buffers a rank and, a cache line each, how many meetings each rank has come to. To meet
// is to raise one's own count and wait until nobody's is lower: no lock, no system call while every rank has a core. A
// rank whose wait grows long yields, sleeps, and looks whether the one it waits for has failed.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>

#include "framework/comm/shared_memory_communicator.h"
#include "parallel/mpi/job_end.h"
#include "parallel/mpi/mpi_communicator.h"
#include "parallel/mpi/shared_segment.h"

namespace ft {

class SharedWindow final : public SharedBuffers {
 public:
  // Collective. The window of all ranks of `comm`; null on all of them when they do not share memory, `comm` then stays
  // the caller's. Otherwise the window takes `comm` over. `job` must outlive it.
  [[nodiscard]] static std::unique_ptr<SharedWindow> make(MpiHandle comm, JobEnd& job, const MpiSettings& settings);
  ~SharedWindow() override;

  [[nodiscard]] int rank() const override { return rank_; }
  [[nodiscard]] int size() const override { return size_; }
  [[nodiscard]] std::size_t capacity() const override { return settings_.window_bytes; }
  [[nodiscard]] std::byte* buffer(int rank, int which) const override;
  void meet() override;
  [[nodiscard]] std::unique_ptr<SharedBuffers> split(int colour, int key) override;
  [[noreturn]] void abort(std::string_view why, ExitCode code) override;

 private:
  struct Arrivals;  // one rank's count, alone in its cache line

  SharedWindow(MpiHandle comm, JobEnd& job, const MpiSettings& settings, SharedSegment segment);
  [[nodiscard]] Arrivals& arrivals(int rank) const;

  MpiHandle comm_;
  JobEnd& job_;
  MpiSettings settings_;
  SharedSegment segment_;
  int rank_ = 0, size_ = 1, spins_ = 0;
  std::uint64_t meetings_ = 0;
};

}  // namespace ft
