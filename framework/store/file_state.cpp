#include "framework/store/file_state.h"

#include <sys/stat.h>

#include <cerrno>

#include "framework/base/reading.h"

namespace ft {
namespace {

std::int64_t nanoseconds(const timespec& time) { return std::int64_t{time.tv_sec} * 1'000'000'000 + time.tv_nsec; }

}  // namespace

nlohmann::ordered_json file_state(const std::filesystem::path& file) {
  struct stat info {};
  if (::stat(file.c_str(), &info) != 0) {
    if (errno != ENOENT && errno != ENOTDIR) fail_unreadable(file, errno);
    return nlohmann::ordered_json::object();
  }
  return {{"size", info.st_size},
          {"inode", info.st_ino},
          {"modified", nanoseconds(info.st_mtim)},
          {"changed", nanoseconds(info.st_ctim)}};
}

}  // namespace ft
