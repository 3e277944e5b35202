#include "framework/base/mapped_file.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <cerrno>
#include <cstring>
#include <utility>

#include "framework/base/reading.h"

namespace ft {
namespace {

// A signal handler reaches nothing but what has static storage. Entries are never freed, but used again.
struct Entry {
  std::atomic<const std::byte*> begin{nullptr};  // null: free
  std::atomic<std::size_t> size{0};
  std::array<char, 4096> path{};
  Entry* next = nullptr;
};
std::atomic<Entry*> entries{nullptr};

// `begin` is set last: a handler sees whole entries only.
Entry* enter(const std::filesystem::path& path, std::span<const std::byte> bytes) {
  static const std::byte taken{};
  Entry* entry = entries;
  for (; entry != nullptr; entry = entry->next) {
    const std::byte* is_free = nullptr;
    if (entry->begin.compare_exchange_strong(is_free, &taken)) break;
  }
  if (entry == nullptr) {
    entry = new Entry;
    entry->next = entries;
    while (!entries.compare_exchange_weak(entry->next, entry)) {
    }
  }
  std::strncpy(entry->path.data(), path.c_str(), entry->path.size() - 1);
  entry->size = bytes.size();
  entry->begin = bytes.data();
  return entry;
}

struct OpenFile {
  int descriptor;
  ~OpenFile() {
    if (descriptor >= 0) ::close(descriptor);
  }
};

}  // namespace

MappedFile::MappedFile(const std::filesystem::path& path) {
  OpenFile file{-1};
  do {
    file.descriptor = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  } while (file.descriptor < 0 && errno == EINTR);
  struct stat info {};
  if (file.descriptor < 0 || ::fstat(file.descriptor, &info) != 0) fail_unreadable(path, errno);
  const auto size = static_cast<std::size_t>(info.st_size);
  if (size == 0) return;
  void* const at = ::mmap(nullptr, size, PROT_READ, MAP_SHARED, file.descriptor, 0);
  if (at == MAP_FAILED) fail_unreadable(path, errno);
  bytes_ = {static_cast<const std::byte*>(at), size};
  entry_ = enter(path, bytes_);
}

MappedFile::~MappedFile() {
  if (entry_ == nullptr) return;
  auto* const entry = static_cast<Entry*>(entry_);
  entry->size = 0;
  ::munmap(const_cast<std::byte*>(bytes_.data()), bytes_.size());
  entry->begin = nullptr;
}

MappedFile::MappedFile(MappedFile&& other) noexcept
    : bytes_(std::exchange(other.bytes_, {})), entry_(std::exchange(other.entry_, nullptr)) {}

void MappedFile::let_go() const noexcept {
  if (!bytes_.empty()) ::madvise(const_cast<std::byte*>(bytes_.data()), bytes_.size(), MADV_DONTNEED);
}

const char* mapped_file_at(const void* address) noexcept {
  const auto* const at = static_cast<const std::byte*>(address);
  for (const Entry* entry = entries; entry != nullptr; entry = entry->next) {
    const std::byte* const begin = entry->begin;
    if (begin != nullptr && at >= begin && at < begin + entry->size) return entry->path.data();
  }
  return nullptr;
}

}  // namespace ft
