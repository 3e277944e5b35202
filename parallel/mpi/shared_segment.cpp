#include "parallel/mpi/shared_segment.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <mpi.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cstdint>
#include <cstring>
#include <random>
#include <utility>

namespace ft {
namespace {

constexpr std::size_t kPage = 4096;

// What rank 0 tells the others. The nonce lies in the memory too: in another container the same /proc path may lead to
// some other file.
struct Invitation {
  std::int64_t pid;
  std::int64_t fd;
  std::uint64_t nonce;
};

std::byte* map(int fd, std::size_t bytes) {
  if (fd < 0) return nullptr;
  void* data = mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
  return data == MAP_FAILED ? nullptr : static_cast<std::byte*>(data);
}

std::byte* open_invitation(const Invitation& invitation, std::size_t bytes) {
  if (invitation.fd < 0) return nullptr;
  const int fd = open(fmt::format("/proc/{}/fd/{}", invitation.pid, invitation.fd).c_str(), O_RDWR | O_CLOEXEC);
  if (fd < 0) return nullptr;
  std::byte* data = nullptr;
  if (lseek(fd, 0, SEEK_END) == static_cast<off_t>(bytes)) data = map(fd, bytes);
  close(fd);
  if (data != nullptr && std::memcmp(data, &invitation.nonce, sizeof invitation.nonce) != 0) {
    munmap(data, bytes);
    data = nullptr;
  }
  return data;
}

}  // namespace

SharedSegment::SharedSegment(MpiHandle handle, std::size_t bytes) {
  const MPI_Comm comm = MPI_Comm_f2c(static_cast<MPI_Fint>(handle));
  mapped_ = kPage + (bytes + kPage - 1) / kPage * kPage;  // the first page holds the nonce
  int rank = 0;
  MPI_Comm_rank(comm, &rank);
  Invitation invitation{};
  std::byte* base = nullptr;
  int fd = -1;
  if (rank == 0) {
    fd = memfd_create("ftrun", MFD_CLOEXEC);
    if (fd >= 0 && ftruncate(fd, static_cast<off_t>(mapped_)) == 0) base = map(fd, mapped_);
    std::random_device entropy;
    invitation = {getpid(), base == nullptr ? -1 : fd, (std::uint64_t{entropy()} << 32) | entropy()};
    if (base != nullptr) std::memcpy(base, &invitation.nonce, sizeof invitation.nonce);
  }
  MPI_Bcast(&invitation, sizeof invitation, MPI_BYTE, 0, comm);
  if (rank != 0) base = open_invitation(invitation, mapped_);
  int mine = base != nullptr ? 1 : 0, everyone = 0;
  MPI_Allreduce(&mine, &everyone, 1, MPI_INT, MPI_MIN, comm);
  if (fd >= 0) close(fd);
  if (everyone == 1) {
    data_ = base + kPage;
  } else if (base != nullptr) {
    munmap(base, mapped_);
  }
}

SharedSegment::SharedSegment(SharedSegment&& other) noexcept
    : data_(std::exchange(other.data_, nullptr)), mapped_(other.mapped_) {}

SharedSegment::~SharedSegment() {
  if (data_ != nullptr) munmap(data_ - kPage, mapped_);
}

}  // namespace ft
