#include "framework/base/reading.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <memory>
#include <system_error>
#include <utility>

#include "framework/base/plain_file.h"

namespace ft {
namespace fs = std::filesystem;
namespace {

constexpr std::size_t kBuffer = 1 << 16;

bool means_absent(int error) { return error == ENOENT || error == ENOTDIR; }

std::string_view advice(int error) {
  switch (error) {
    case EACCES:
    case EPERM:
      return "ask its owner for the right to read it";
    case EMFILE:
    case ENFILE:
      return "too many files are open: raise the limit (ulimit -n) and start the same command again";
    case ENOMEM:
      return "this machine has no memory left";
    default:
      return "when it can be read again, the same command goes on";
  }
}

// Whether a link stands under this name: an answer of "no such file" was about what it leads to.
bool is_link(const fs::path& path) {
  struct stat info {};
  if (::lstat(path.c_str(), &info) == 0) return S_ISLNK(info.st_mode);
  if (means_absent(errno)) return false;
  fail_unreadable(path, errno);
}

// For `error` of a call that follows links: returns where there is nothing under that name, throws otherwise.
void require_absent(const fs::path& path, int error) {
  if (!means_absent(error)) fail_unreadable(path, error);
  if (is_link(path)) {
    throw Unreadable(
        fmt::format("cannot read {}: it is a link, and what it leads to is not there (a disk that is not mounted?)",
                    path.string()));
  }
}

Found found(const struct stat& info) {
  if (S_ISREG(info.st_mode)) return {Found::Kind::file, info.st_size};
  return {S_ISDIR(info.st_mode) ? Found::Kind::folder : Found::Kind::other};
}

int open_to_read(const fs::path& path, int flags = 0) {
  int descriptor = -1;
  do {
    descriptor = ::open(path.c_str(), O_RDONLY | O_CLOEXEC | flags);
  } while (descriptor < 0 && errno == EINTR);
  return descriptor;
}

// Of files that the program keeps itself: a pipe in the place of one may never have a writer, a device no end.
void require_plain(const fs::path& path, const struct stat& info) {
  if (S_ISREG(info.st_mode)) return;
  throw UserError(
      fmt::format("cannot read {}: it is {}, not a plain file; take it away", path.string(), kind_text(info.st_mode)));
}

struct CloseFolder {
  void operator()(DIR* folder) const { ::closedir(folder); }
};

}  // namespace

void fail_unreadable(const fs::path& path, int error) {
  throw Unreadable(fmt::format("cannot read {}: {}; nothing of it was changed: {}", path.string(),
                               std::generic_category().message(error), advice(error)));
}

Found look_through(const fs::path& path) {
  struct stat info {};
  if (::stat(path.c_str(), &info) == 0) return found(info);
  const int error = errno;
  if (!means_absent(error) && error != ELOOP) fail_unreadable(path, error);
  const Found::Kind entry = look_at_entry(path).kind;
  if (error == ELOOP && entry != Found::Kind::other) fail_unreadable(path, error);  // no link, so no circle of links
  return {entry == Found::Kind::nothing ? Found::Kind::nothing : Found::Kind::dangling};
}

Found look_at(const fs::path& path) {
  struct stat info {};
  if (::stat(path.c_str(), &info) == 0) return found(info);
  require_absent(path, errno);
  return {};
}

Found look_at_entry(const fs::path& path) {
  struct stat info {};
  if (::lstat(path.c_str(), &info) == 0) return found(info);
  if (!means_absent(errno)) fail_unreadable(path, errno);
  return {};
}

bool is_there(const fs::path& path) { return look_at_entry(path).kind != Found::Kind::nothing; }

bool is_folder(const fs::path& path) { return look_at(path).kind == Found::Kind::folder; }

bool is_file(const fs::path& path) { return look_at(path).kind == Found::Kind::file; }

std::vector<std::string> list_folder(const fs::path& folder) {
  std::vector<std::string> names;
  const std::unique_ptr<DIR, CloseFolder> open(::opendir(folder.c_str()));
  if (!open) {
    require_absent(folder, errno);
    return names;
  }
  for (;;) {
    errno = 0;
    const dirent* entry = ::readdir(open.get());
    if (entry == nullptr && errno != 0) fail_unreadable(folder, errno);
    if (entry == nullptr) break;
    const std::string_view name = entry->d_name;
    if (name != "." && name != "..") names.emplace_back(name);
  }
  std::sort(names.begin(), names.end());
  return names;
}

InputFile::InputFile(fs::path path) : path_(std::move(path)), descriptor_(open_to_read(path_)) {
  if (descriptor_ < 0) fail_unreadable(path_, errno);
}

InputFile::~InputFile() {
  if (descriptor_ >= 0) ::close(descriptor_);
}

InputFile::InputFile(InputFile&& other) noexcept
    : path_(std::move(other.path_)), descriptor_(std::exchange(other.descriptor_, -1)) {}

std::optional<InputFile> InputFile::open_if_there(const fs::path& path) {
  struct stat info {};
  const int descriptor = open_to_read(path, O_NONBLOCK | O_NOCTTY);  // or opening a pipe waits for its writer
  if (descriptor >= 0) {
    InputFile file(path, descriptor);
    if (::fstat(descriptor, &info) != 0) fail_unreadable(path, errno);
    require_plain(path, info);
    return file;
  }
  const int error = errno;
  if (error == ENXIO && ::stat(path.c_str(), &info) == 0) require_plain(path, info);  // a socket
  require_absent(path, error);
  return std::nullopt;
}

std::size_t InputFile::read(std::span<char> buffer) {
  ssize_t count = 0;
  do {
    count = ::read(descriptor_, buffer.data(), buffer.size());
  } while (count < 0 && errno == EINTR);
  if (count < 0) fail_unreadable(path_, errno);
  return static_cast<std::size_t>(count);
}

std::string InputFile::read_rest() {
  std::string text;
  std::vector<char> buffer(kBuffer);
  while (const std::size_t count = read(buffer)) text.append(buffer.data(), count);
  return text;
}

std::string read_file(const fs::path& path) {
  const Found there = look_at(path);
  if (there.kind == Found::Kind::nothing || there.kind == Found::Kind::folder) {
    const int error = there.kind == Found::Kind::folder ? EISDIR : ENOENT;
    throw UserError(fmt::format("cannot read {}: {}", path.string(), std::generic_category().message(error)));
  }
  if (there.kind == Found::Kind::other)
    throw UserError(fmt::format("cannot read {}: it is {}", path.string(), kNoPlainFile));
  return InputFile(path).read_rest();
}

std::optional<std::string> read_if_there(const fs::path& path) {
  auto file = InputFile::open_if_there(path);
  if (!file) return std::nullopt;
  return file->read_rest();
}

bool LineReader::next(std::string& line) {
  line.clear();
  torn_ = false;
  if (!file_) return false;
  bool any = false;
  buffer_.resize(kBuffer);
  for (;;) {
    if (begin_ == end_) {
      begin_ = 0;
      end_ = file_->read(buffer_);
      if (end_ == 0) break;
    }
    any = true;
    const char* const from = buffer_.data() + begin_;
    const auto* const newline = static_cast<const char*>(std::memchr(from, '\n', end_ - begin_));
    const std::size_t length = newline != nullptr ? static_cast<std::size_t>(newline - from) : end_ - begin_;
    line.append(from, length);
    begin_ += length;
    if (newline == nullptr) continue;
    ++begin_;
    return true;
  }
  torn_ = any;
  return any;
}

}  // namespace ft
