// A file that is read as if it lay in memory. Its pages are the system's cache of the file: all processes of a host
// share them, and they go when memory is short.
//
//   const MappedFile file(store / "index.bin");
//   file.bytes().subspan(offset, count);          // read from the disk when it is touched first
//   file.let_go();                                // counts no longer as this process's memory
//
// A disk that fails under a mapping, or a file that somebody makes shorter, is no return value but SIGBUS: the handler
// of base/process_end.h names the file by mapped_file_at() and ends the process with exit code 1. So look at every byte
// by ordinary reading before you map what may be damaged.
#pragma once

#include <cstddef>
#include <filesystem>
#include <span>

namespace ft {

class MappedFile {
 public:
  // Read only, the size that it has now. Throws Unreadable, also where there is no such file.
  explicit MappedFile(const std::filesystem::path& path);
  ~MappedFile();
  MappedFile(MappedFile&& other) noexcept;
  MappedFile& operator=(MappedFile&&) = delete;

  [[nodiscard]] std::span<const std::byte> bytes() const { return bytes_; }
  // Takes the pages that were touched off this process; the system's cache keeps them. Pointers stay good.
  void let_go() const noexcept;

 private:
  std::span<const std::byte> bytes_;
  void* entry_ = nullptr;  // where mapped_file_at() finds it
};

// The path of the file that is mapped at this address; null for other addresses. For handlers of signals: takes no
// lock and no memory.
[[nodiscard]] const char* mapped_file_at(const void* address) noexcept;

}  // namespace ft
