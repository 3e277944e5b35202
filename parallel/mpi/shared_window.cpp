#include "parallel/mpi/shared_window.h"

#include <mpi.h>

#include <atomic>
#include <exception>
#include <utility>

#include "parallel/mpi/backoff.h"

namespace ft {
namespace {

MPI_Comm comm_of(MpiHandle handle) { return MPI_Comm_f2c(static_cast<MPI_Fint>(handle)); }

}  // namespace

// 128 bytes: processors fetch cache lines in pairs.
struct alignas(128) SharedWindow::Hall {
  std::atomic<std::uint64_t> arrived;  // comings of all ranks to all meetings so far
  alignas(128) Bell bell;
};

std::unique_ptr<SharedWindow> SharedWindow::make(MpiHandle comm, JobEnd& job, const MpiSettings& settings) {
  static_assert(std::atomic<std::uint64_t>::is_always_lock_free);
  MPI_Comm host = MPI_COMM_NULL;
  int size = 0, on_host = 0;
  MPI_Comm_size(comm_of(comm), &size);
  MPI_Comm_split_type(comm_of(comm), MPI_COMM_TYPE_SHARED, 0, MPI_INFO_NULL, &host);
  MPI_Comm_size(host, &on_host);
  MPI_Comm_free(&host);
  int mine = on_host == size ? 1 : 0, everyone = 0;
  MPI_Allreduce(&mine, &everyone, 1, MPI_INT, MPI_MIN, comm_of(comm));
  if (everyone == 0) return nullptr;
  const auto ranks = static_cast<std::size_t>(size);
  SharedSegment segment(comm, sizeof(Hall) + ranks * 2 * settings.window_bytes);
  if (!segment.valid()) return nullptr;
  return std::unique_ptr<SharedWindow>(new SharedWindow(comm, job, settings, std::move(segment)));
}

SharedWindow::SharedWindow(MpiHandle comm, JobEnd& job, const MpiSettings& settings, SharedSegment segment)
    : comm_(comm), job_(job), settings_(settings), segment_(std::move(segment)) {
  MPI_Comm_rank(comm_of(comm), &rank_);
  MPI_Comm_size(comm_of(comm), &size_);
}

SharedWindow::~SharedWindow() {
  if (std::uncaught_exceptions() > 0) return;  // freeing is collective, and the other ranks may never come
  MPI_Comm comm = comm_of(comm_);
  MPI_Comm_free(&comm);
}

SharedWindow::Hall& SharedWindow::hall() const {
  return *reinterpret_cast<Hall*>(segment_.data());  // zeroed memory: nobody has come to any meeting
}

std::byte* SharedWindow::buffer(int rank, int which) const {
  std::byte* buffers = segment_.data() + sizeof(Hall);
  return buffers + (2 * static_cast<std::size_t>(rank) + static_cast<std::size_t>(which)) * settings_.window_bytes;
}

void SharedWindow::meet() {
  ++meetings_;
  const auto all = meetings_ * static_cast<std::uint64_t>(size_);
  // Nobody comes to the next meeting before all have come to this one: so the count tells who is last.
  if (hall().arrived.fetch_add(1) + 1 == all) {
    hall().bell.ring(static_cast<std::uint32_t>(meetings_));
    return;
  }
  hall().bell.wait(static_cast<std::uint32_t>(meetings_), settings_.spins, [&] { job_.check_peers(); });
}

std::unique_ptr<SharedBuffers> SharedWindow::split(int colour, int key) {
  MPI_Comm part = MPI_COMM_NULL;
  MPI_Comm_split(comm_of(comm_), colour, key, &part);
  std::unique_ptr<SharedWindow> window = make(MpiHandle{static_cast<int>(MPI_Comm_c2f(part))}, job_, settings_);
  FT_CHECK(window != nullptr, "no shared memory for a group of {} ranks of host {}: too little memory is left", size_,
           job_.host());
  return window;
}

void SharedWindow::abort(std::string_view why, ExitCode code) { job_.abort(why, code); }

std::unique_ptr<Communicator> make_mpi_communicator(MpiHandle owned, JobEnd& job, const MpiSettings& settings) {
  if (settings.shared_memory) {
    if (std::unique_ptr<SharedWindow> window = SharedWindow::make(owned, job, settings)) {
      return std::make_unique<SharedMemoryCommunicator>(std::move(window));
    }
  }
  return std::make_unique<MpiCommunicator>(owned, job, settings);
}

}  // namespace ft
