#include "framework/tensor/output_file.h"

#include <fcntl.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <cerrno>
#include <system_error>
#include <utility>

#include "framework/base/error.h"
#include "framework/base/failure.h"

namespace ft {

void fail_output(std::string_view action, const std::filesystem::path& path, int error) {
  throw Error(fmt::format("cannot {} {}: {}{}", action, path.string(), std::generic_category().message(error),
                          advice_on(error, path)));
}

OutputFile::OutputFile(std::filesystem::path path, Mode mode) : path_(std::move(path)) {
  const int flags = O_WRONLY | O_CREAT | O_CLOEXEC | (mode == Mode::fresh ? O_EXCL : O_TRUNC);
  do {
    descriptor_ = ::open(path_.c_str(), flags, 0644);
  } while (descriptor_ < 0 && errno == EINTR);
  if (descriptor_ < 0) fail_output("write", path_, errno);
}

OutputFile::~OutputFile() {
  if (descriptor_ >= 0) ::close(descriptor_);
}

void OutputFile::reserve(std::int64_t num_bytes) {
  if (num_bytes <= 0) return;
  int result = 0;
  do {
    result = ::fallocate(descriptor_, 0, 0, num_bytes);
  } while (result != 0 && errno == EINTR);
  if (result == 0) return;
  const std::string action = fmt::format("reserve {} bytes for", num_bytes);
  if (errno != EOPNOTSUPP && errno != ENOSYS) fail_output(action, path_, errno);
  struct statvfs info {};
  if (::fstatvfs(descriptor_, &info) != 0) fail_output("ask the free space of", path_, errno);
  const double free = static_cast<double>(info.f_bavail) * static_cast<double>(info.f_frsize);
  if (free < static_cast<double>(num_bytes)) fail_output(action, path_, ENOSPC);
}

void OutputFile::write(std::span<const std::byte> bytes, std::int64_t offset) {
  while (!bytes.empty()) {
    const ssize_t written = ::pwrite(descriptor_, bytes.data(), bytes.size(), offset);
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) fail_output(fmt::format("write {} bytes to", bytes.size()), path_, written < 0 ? errno : ENOSPC);
    bytes = bytes.subspan(static_cast<std::size_t>(written));
    offset += written;
  }
}

void OutputFile::sync() {
  if (::fsync(descriptor_) != 0) fail_output("sync", path_, errno);
}

void OutputFile::close() {
  if (::close(std::exchange(descriptor_, -1)) != 0 && errno != EINTR) fail_output("close", path_, errno);
}

}  // namespace ft
