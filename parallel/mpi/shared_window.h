// The buffers of SharedMemoryCommunicator among processes of one host.
//
// One shared segment holds two buffers a rank, a count of comings and a bell (backoff.h). To meet is to raise the count;
// the last one to come rings, the others wait for the bell: no lock, no system call while every rank has a core. A rank
// whose wait grows long sleeps until the bell wakes it, and looks now and then whether a rank has failed. So 64 ranks of
// two cores cost one change of process for each rank and meeting, and no time while they wait.
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
  struct Hall;  // at the start of the segment

  SharedWindow(MpiHandle comm, JobEnd& job, const MpiSettings& settings, SharedSegment segment);
  [[nodiscard]] Hall& hall() const;

  MpiHandle comm_;
  JobEnd& job_;
  MpiSettings settings_;
  SharedSegment segment_;
  int rank_ = 0, size_ = 1;
  std::uint64_t meetings_ = 0;
};

}  // namespace ft
