#include "framework/recipe/file_pages.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <string_view>

namespace ft {

FilePages FilePages::make(const std::filesystem::path& path) {
  return FilePages(FileHandle(path, O_RDWR | O_CREAT | O_TRUNC));
}

FilePages FilePages::open(const std::filesystem::path& path) { return FilePages(FileHandle(path, O_RDONLY)); }

std::int64_t FilePages::append(std::span<const std::byte> bytes) {
  const std::int64_t offset = size_;
  file_.write({reinterpret_cast<const char*>(bytes.data()), bytes.size()});
  size_ += static_cast<std::int64_t>(bytes.size());
  return offset;
}

void FilePages::read(std::int64_t offset, std::span<std::byte> bytes) const {
  while (!bytes.empty()) {
    const ssize_t count = ::pread(file_.descriptor(), bytes.data(), bytes.size(), offset);
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) fail_unreadable(file_.path(), errno);
    FT_CHECK(count > 0, "{} is shorter than what was written to it", file_.path().string());
    bytes = bytes.subspan(static_cast<std::size_t>(count));
    offset += count;
  }
}

void FilePages::close() { file_.close(); }

}  // namespace ft
