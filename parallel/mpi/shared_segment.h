// Memory that the ranks of one host share.
//
// An anonymous file of the kernel (memfd), opened by the others through /proc: nothing has a name, so nothing is left
// behind by a killed job, and the small /dev/shm of containers does not matter.
#pragma once

#include <cstddef>

#include "parallel/mpi/mpi_handle.h"

namespace ft {

class SharedSegment {
 public:
  // Collective over `comm`. All ranks get the same `bytes` of zeroed memory, or none of them does (valid() is false
  // everywhere): on several hosts, in separate containers, or without memory.
  SharedSegment(MpiHandle comm, std::size_t bytes);
  ~SharedSegment();
  SharedSegment(SharedSegment&& other) noexcept;
  SharedSegment& operator=(SharedSegment&&) = delete;

  [[nodiscard]] bool valid() const { return data_ != nullptr; }
  [[nodiscard]] std::byte* data() const { return data_; }  // page aligned

 private:
  std::byte* data_ = nullptr;
  std::size_t mapped_ = 0;
};

}  // namespace ft
