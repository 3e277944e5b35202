#include "framework/store/files.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <system_error>
#include <utility>

#include "framework/base/error.h"
#include "framework/base/failure.h"

namespace ft {
namespace fs = std::filesystem;
namespace {

constexpr std::string_view kPartial = ".partial";
constexpr std::string_view kDiscarded = ".discarded";
constexpr std::string_view kPrevious = ".previous";

// Whether another path or other rights would help: then it is the user's to mend.
bool users_to_mend(int error) {
  return error == EACCES || error == EPERM || error == EROFS || error == ENOENT || error == ENOTDIR || error == ELOOP ||
         error == ENAMETOOLONG || error == EISDIR;
}

std::string system_text(std::string_view action, const fs::path& path, int error) {
  return fmt::format("cannot {} {}: {}{}", action, path.string(), std::generic_category().message(error),
                     advice_on(error, path));
}

fs::path parent_of(const fs::path& path) {
  const fs::path parent = path.parent_path();
  return parent.empty() ? fs::path(".") : parent;
}

fs::path hidden_beside(const fs::path& path, std::string_view suffix) {
  return parent_of(path) / fmt::format(".{}{}", path.filename().string(), suffix);
}

// Where blocks cannot be reserved, the next best answer: what the file system says is free to us.
void compare_free_space(const fs::path& path, int descriptor, std::int64_t bytes) {
  struct statvfs info {};
  if (::fstatvfs(descriptor, &info) != 0) fail_system("ask the free space of", path, errno);
  const double free = static_cast<double>(info.f_bavail) * static_cast<double>(info.f_frsize);
  if (free < static_cast<double>(bytes)) fail_system("reserve space for", path, ENOSPC);
}

}  // namespace

void fail_system(std::string_view action, const fs::path& path, int error) {
  throw Error(system_text(action, path, error));
}

void fail_making(std::string_view action, const fs::path& path, int error) {
  if (users_to_mend(error)) throw UserError(system_text(action, path, error));
  fail_system(action, path, error);
}

FileHandle::FileHandle(const fs::path& path, int flags, unsigned mode) : path_(path) {
  do {
    descriptor_ = ::open(path.c_str(), flags | O_CLOEXEC, mode);
  } while (descriptor_ < 0 && errno == EINTR);
  if (descriptor_ >= 0) return;
  const bool reads = (flags & O_ACCMODE) == O_RDONLY, leads_nowhere = errno == ENOENT || errno == ENOTDIR;
  if (reads && !leads_nowhere) fail_unreadable(path, errno);
  fail_making(reads ? "read" : "write", path, errno);
}

FileHandle::~FileHandle() {
  if (descriptor_ >= 0) ::close(descriptor_);
}

FileHandle::FileHandle(FileHandle&& other) noexcept
    : path_(std::move(other.path_)), descriptor_(std::exchange(other.descriptor_, -1)) {}

FileHandle& FileHandle::operator=(FileHandle&& other) noexcept {
  std::swap(path_, other.path_);
  std::swap(descriptor_, other.descriptor_);
  return *this;
}

std::int64_t FileHandle::size() const {
  struct stat info {};
  if (::fstat(descriptor_, &info) != 0) fail_unreadable(path_, errno);
  return info.st_size;
}

void FileHandle::reserve(std::int64_t bytes) {
  if (bytes <= 0) return;
  int result = 0;
  do {
    result = ::fallocate(descriptor_, 0, 0, bytes);
  } while (result != 0 && errno == EINTR);
  if (result == 0) return;
  if (errno != EOPNOTSUPP && errno != ENOSYS) fail_system(fmt::format("reserve {} bytes for", bytes), path_, errno);
  compare_free_space(path_, descriptor_, bytes);
}

void FileHandle::write(std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t written = ::write(descriptor_, bytes.data(), bytes.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) fail_system(fmt::format("write {} bytes to", bytes.size()), path_, errno);
    bytes.remove_prefix(static_cast<std::size_t>(written));
  }
}

void FileHandle::sync() {
  if (::fsync(descriptor_) != 0) fail_system("sync", path_, errno);
}

void FileHandle::close() {
  if (::close(std::exchange(descriptor_, -1)) != 0 && errno != EINTR) fail_system("close", path_, errno);
}

void write_new_file(const fs::path& path, std::string_view content) {
  FileHandle file(path, O_WRONLY | O_CREAT | O_EXCL);
  try {
    file.reserve(static_cast<std::int64_t>(content.size()));
    file.write(content);
    file.sync();
    file.close();
  } catch (...) {
    ::unlink(path.c_str());
    throw;
  }
}

void replace_file(const fs::path& path, std::string_view content) {
  const fs::path partial = hidden_beside(path, kPartial);
  ::unlink(partial.c_str());  // of a process that was killed
  write_new_file(partial, content);
  if (::rename(partial.c_str(), path.c_str()) != 0) {
    const int error = errno;
    ::unlink(partial.c_str());
    fail_system("write", path, error);
  }
  sync_folder(parent_of(path));
}

void sync_file(const fs::path& path) {
  FileHandle file(path, O_RDONLY);
  file.sync();
}

void sync_folder(const fs::path& folder) {
  FileHandle handle(folder, O_RDONLY | O_DIRECTORY);
  // Some network file systems cannot sync folders and say so; they make names durable on their own.
  if (::fsync(handle.descriptor()) != 0 && errno != EINVAL && errno != EOPNOTSUPP) fail_system("sync", folder, errno);
}

void rename_durably(const fs::path& from, const fs::path& to) {
  if (::rename(from.c_str(), to.c_str()) != 0) {
    fail_system(fmt::format("rename {} to", from.string()), to, errno);
  }
  sync_folder(parent_of(to));
  if (parent_of(from) != parent_of(to)) sync_folder(parent_of(from));
}

void make_folder(const fs::path& folder) {
  if (is_folder(folder)) return;
  if (const fs::path parent = folder.parent_path(); !parent.empty() && parent != folder) make_folder(parent);
  if (folder.filename().empty()) return;  // "a/b/" : made as "a/b"
  if (::mkdir(folder.c_str(), 0755) != 0) {
    const int error = errno;
    if (error != EEXIST) fail_making("make the folder", folder, error);
    if (!is_folder(folder)) fail_making("make the folder", folder, ENOTDIR);
  }
  sync_folder(parent_of(folder));
}

void require_space(const fs::path& folder, std::int64_t bytes) {
  const fs::path ballast = folder / fmt::format(".space-{}{}", ::getpid(), kPartial);
  FileHandle file(ballast, O_WRONLY | O_CREAT | O_TRUNC);
  try {
    file.reserve(bytes);
  } catch (const Error& error) {
    ::unlink(ballast.c_str());
    throw Error(fmt::format("{} needs {} bytes of free space: {}", folder.string(), bytes, error.what()));
  }
  ::unlink(ballast.c_str());
}

void discard_folder(const fs::path& folder) {
  if (!is_there(folder)) return;
  const fs::path discarded = hidden_beside(folder, kDiscarded);
  std::error_code error;
  fs::remove_all(discarded, error);
  if (error) fail_system("remove", discarded, error.value());
  rename_durably(folder, discarded);
  fs::remove_all(discarded, error);
  if (error) fail_system("remove", discarded, error.value());
}

void exchange_folders(const fs::path& fresh, const fs::path& old) {
  if (::renameat2(AT_FDCWD, fresh.c_str(), AT_FDCWD, old.c_str(), RENAME_EXCHANGE) == 0) return;
  if (errno != EINVAL && errno != ENOSYS && errno != EOPNOTSUPP) {
    fail_system(fmt::format("rename {} to", fresh.string()), old, errno);
  }
  const fs::path previous = hidden_beside(old, kPrevious);
  rename_durably(old, previous);
  rename_durably(fresh, old);
  rename_durably(previous, fresh);
}

int remove_leftovers(const fs::path& folder) {
  int count = 0;
  const auto is_leftover = [](std::string_view name, std::string_view ending) {
    return name.starts_with('.') && name.ends_with(ending) && name.size() > 1 + ending.size();
  };
  for (const std::string& name : list_folder(folder)) {
    const bool previous = is_leftover(name, kPrevious);
    if (!previous && !is_leftover(name, kPartial) && !is_leftover(name, kDiscarded)) continue;
    ++count;
    const fs::path leftover = folder / name;
    if (previous) {
      const fs::path original = folder / name.substr(1, name.size() - 1 - kPrevious.size());
      if (!is_there(original)) {
        rename_durably(leftover, original);
        continue;
      }
    }
    std::error_code error;
    fs::remove_all(leftover, error);
    if (error) fail_system("remove", leftover, error.value());
  }
  return count;
}

}  // namespace ft
