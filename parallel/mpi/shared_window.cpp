#include "parallel/mpi/shared_window.h"

#include <atomic>
#include <utility>

#include "parallel/mpi/backoff.h"

namespace ft {

// 128 bytes: processors fetch cache lines in pairs.
struct alignas(128) SharedWindow::Hall {
  std::atomic<std::uint64_t> arrived;  // comings of all ranks to all meetings so far
  alignas(128) Bell bell;
  alignas(128) std::atomic<std::int64_t> number;
};

std::size_t SharedWindow::bytes_for(int ranks, std::size_t window_bytes) {
  return sizeof(Hall) + static_cast<std::size_t>(ranks) * 2 * window_bytes;
}

SharedWindow::SharedWindow(SharedSegment segment, int place, int size, std::size_t window_bytes, int spins,
                           std::function<void()> look)
    : segment_(std::move(segment)),
      place_(place),
      size_(size),
      window_bytes_(window_bytes),
      spins_(spins),
      look_(std::move(look)) {
  static_assert(std::atomic<std::uint64_t>::is_always_lock_free && std::atomic<std::int64_t>::is_always_lock_free);
}

SharedWindow::Hall& SharedWindow::hall() const {
  return *reinterpret_cast<Hall*>(segment_.data());  // zeroed memory: nobody has come to any meeting
}

std::byte* SharedWindow::buffer(int rank, int which) const {
  std::byte* buffers = segment_.data() + sizeof(Hall);
  return buffers + (2 * static_cast<std::size_t>(rank) + static_cast<std::size_t>(which)) * window_bytes_;
}

std::atomic<std::int64_t>& SharedWindow::number() const { return hall().number; }

void SharedWindow::meet() {
  ++meetings_;
  const auto all = meetings_ * static_cast<std::uint64_t>(size_);
  // Nobody comes to the next meeting before all have come to this one: so the count tells who is last.
  if (hall().arrived.fetch_add(1) + 1 == all) {
    hall().bell.ring(static_cast<std::uint32_t>(meetings_));
    return;
  }
  hall().bell.wait(static_cast<std::uint32_t>(meetings_), spins_, look_);
}

}  // namespace ft
