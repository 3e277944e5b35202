// The buffers that the processes of one host share.
//
// One shared segment holds two buffers a rank, a number that all may change, a count of comings and a bell (backoff.h). To meet is to raise the count;
// the last one to come rings, the others wait for the bell: no lock, no system call while every rank has a core. A rank
// whose wait grows long sleeps until the bell wakes it, and looks now and then whether a rank has failed. So 64 ranks of
// two cores cost one change of process for each rank and meeting, and no time while they wait.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <functional>

#include "framework/comm/transport.h"
#include "parallel/mpi/shared_segment.h"

namespace ft {

class SharedWindow final : public SharedBuffers {
 public:
  [[nodiscard]] static std::size_t bytes_for(int ranks, std::size_t window_bytes);

  // `segment` of bytes_for(size, window_bytes), shared by `size` ranks, of which this is the one at `place`. `spins`: how
  // often to look before sleeping. `look` is called while a wait grows long, and then some 50 times a second; it throws
  // where a rank has failed.
  SharedWindow(SharedSegment segment, int place, int size, std::size_t window_bytes, int spins,
               std::function<void()> look);

  [[nodiscard]] int rank() const override { return place_; }
  [[nodiscard]] int size() const override { return size_; }
  [[nodiscard]] std::size_t capacity() const override { return window_bytes_; }
  [[nodiscard]] std::byte* buffer(int rank, int which) const override;
  [[nodiscard]] std::atomic<std::int64_t>& number() const override;
  void meet() override;

 private:
  struct Hall;  // at the start of the segment

  [[nodiscard]] Hall& hall() const;

  SharedSegment segment_;
  int place_, size_;
  std::size_t window_bytes_;
  int spins_;
  std::function<void()> look_;
  std::uint64_t meetings_ = 0;
};

}  // namespace ft
