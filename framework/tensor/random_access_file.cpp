#include "framework/tensor/random_access_file.h"
#include "framework/base/lfs_pointer.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <system_error>
#include <utility>

#include "framework/base/reading.h"

namespace ft {

RandomAccessFile::RandomAccessFile(std::filesystem::path path) : path_(std::move(path)) {
  switch (look_through(path_).kind) {
    case Found::Kind::nothing:
      fail_user({path_.string()}, "there is no such file");
    case Found::Kind::dangling: {
      std::error_code none;
      const std::string target = std::filesystem::read_symlink(path_, none).string();
      fail_user({path_.string()}, fmt::format("is a link to '{}', which is not there", target));
    }
    case Found::Kind::folder:
    case Found::Kind::other:
      fail_user({path_.string()}, "is no regular file");
    case Found::Kind::file:
      break;
  }
  do {
    descriptor_ = ::open(path_.c_str(), O_RDONLY | O_CLOEXEC);
  } while (descriptor_ < 0 && errno == EINTR);
  if (descriptor_ < 0) fail_unreadable(path_, errno);
  struct stat status {};
  if (::fstat(descriptor_, &status) != 0) {
    const int error = errno;
    ::close(descriptor_);
    fail_unreadable(path_, error);
  }
  size_ = static_cast<std::uint64_t>(status.st_size);
}

RandomAccessFile::~RandomAccessFile() {
  if (descriptor_ >= 0) ::close(descriptor_);
}

RandomAccessFile::RandomAccessFile(RandomAccessFile&& other) noexcept
    : path_(std::move(other.path_)), descriptor_(std::exchange(other.descriptor_, -1)), size_(other.size_) {}

RandomAccessFile& RandomAccessFile::operator=(RandomAccessFile&& other) noexcept {
  std::swap(path_, other.path_);
  std::swap(descriptor_, other.descriptor_);
  std::swap(size_, other.size_);
  return *this;
}

void RandomAccessFile::read(std::span<std::byte> out, std::uint64_t offset) const {
  while (!out.empty()) {
    const ssize_t got = ::pread(descriptor_, out.data(), out.size(), static_cast<off_t>(offset));
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) fail_unreadable(path_, errno);
    if (got == 0) {
      throw Unreadable(fmt::format("{} ends at byte {}, {} before what is read from it: it became shorter meanwhile",
                                   path_.string(), offset, out.size()));
    }
    out = out.subspan(static_cast<std::size_t>(got));
    offset += static_cast<std::uint64_t>(got);
  }
}

std::string read_input_text(const std::filesystem::path& path) {
  const RandomAccessFile file(path);
  std::string text(file.size(), '\0');
  file.read(std::as_writable_bytes(std::span(text)), 0);
  if (is_lfs_pointer(text)) fail_lfs_pointer(path);
  return text;
}

}  // namespace ft
