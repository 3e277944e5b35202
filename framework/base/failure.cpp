#include "framework/base/failure.h"

#include <fmt/format.h>
#include <sys/resource.h>
#include <sys/statvfs.h>

#include <cerrno>
#include <charconv>
#include <fstream>
#include <new>
#include <optional>
#include <string_view>
#include <system_error>

#include "framework/base/memory.h"
#include "framework/base/memory_limit.h"
#include "framework/base/units.h"

namespace ft {
namespace {

namespace fs = std::filesystem;

std::string size_text(std::int64_t bytes) { return bytes_text(static_cast<double>(bytes)); }

// The number of bytes that libtorch could not get, as it says: "you tried to allocate 4096 bytes".
std::optional<std::int64_t> wanted_bytes(std::string_view text) {
  constexpr std::string_view kBefore = "tried to allocate ";
  const std::size_t at = text.find(kBefore);
  std::int64_t bytes = 0;
  if (at == std::string_view::npos) return std::nullopt;
  const char* begin = text.data() + at + kBefore.size();
  return std::from_chars(begin, text.data() + text.size(), bytes).ec == std::errc() ? std::optional(bytes)
                                                                                    : std::nullopt;
}

std::string memory_text(std::string_view what) {
  const auto wanted = wanted_bytes(what);
  std::string text = "out of memory";
  if (wanted) text += fmt::format(" (asked for {})", size_text(*wanted));
  text += fmt::format(": this process holds {}", size_text(resident_memory()));
  if (const auto limit = memory_limit())
    text += fmt::format(", and {} allows {}", limit->source, size_text(limit->bytes));
  return text +
         "; `ftrun plan RUNFILE --ranks N` tells what each stage needs: fewer tokens_per_micro_batch or slots, more "
         "ranks, parallel.tensor, training.recompute=layers or training.save=in_place need less a rank. The same "
         "command goes "
         "on from what has been saved";
}

std::string limit_text(__rlimit_resource_t resource) {
  rlimit limit{};
  if (getrlimit(resource, &limit) != 0) return "unknown";
  return limit.rlim_cur == RLIM_INFINITY ? "unlimited" : fmt::format("{}", limit.rlim_cur);
}

// pthread_create gives EAGAIN for a lack of threads and of address space alike.
std::string threads_text() {
  std::string text =
      fmt::format("no further thread can be started: the limit of processes and threads (`ulimit -u`: {}",
                  limit_text(RLIMIT_NPROC));
  std::ifstream group("/sys/fs/cgroup/pids.max");
  if (std::string most; group >> most && most != "max")
    text += fmt::format("; pids.max of the control group: {}", most);
  text += ")";
  rlimit space{};
  if (getrlimit(RLIMIT_AS, &space) == 0 && space.rlim_cur != RLIM_INFINITY) {
    text += fmt::format(" or of memory (`ulimit -v`: {})", size_text(static_cast<std::int64_t>(space.rlim_cur)));
  }
  return text + " is reached; raise it, end other processes, or start fewer ranks";
}

std::string space_advice(const fs::path& path) {
  constexpr std::string_view kThen = " and start the same command again: a run goes on from what is saved";
  const fs::path parent = path.parent_path();
  struct statvfs info {};
  if (::statvfs(parent.empty() ? "." : parent.c_str(), &info) != 0) return fmt::format("; free some space{}", kThen);
  const auto free = static_cast<std::uint64_t>(info.f_bavail) * info.f_frsize;
  if (info.f_files > 0 && info.f_favail == 0) {
    return fmt::format(
        " (no inodes are left: the file system holds {} files and cannot hold more, though {} bytes are free); "
        "remove files that are not needed{}",
        info.f_files, free, kThen);
  }
  return fmt::format(" ({} bytes are free); free some space{}", free, kThen);
}

}  // namespace

bool is_out_of_memory(const std::exception& error) {
  if (dynamic_cast<const std::bad_alloc*>(&error) != nullptr) return true;
  // libtorch's allocator throws its own kind of error, whose type this room does not know.
  const std::string_view text = error.what();
  return text.find("can't allocate memory") != std::string_view::npos ||
         text.find("not enough memory") != std::string_view::npos;
}

std::string failure_text(const std::exception& error) {
  if (is_out_of_memory(error)) return memory_text(error.what());
  if (const auto* system = dynamic_cast<const std::system_error*>(&error)) {
    const int code = system->code().value();
    const auto* file = dynamic_cast<const fs::filesystem_error*>(&error);
    if (file == nullptr && code == EAGAIN) return threads_text();
    return error.what() + advice_on(code, file == nullptr ? fs::path() : file->path1());
  }
  // libtorch appends where in its source it was thrown, over many lines.
  const std::string_view text = error.what();
  return std::string(text.substr(0, text.find("\nException raised from")));
}

std::string advice_on(int error, const fs::path& path) {
  switch (error) {
    case ENOSPC:
      return space_advice(path);
    case EDQUOT:
      return "; the quota of your user, group or project on that file system is used up (`quota -s` or your site's own "
             "command shows it), however much is free there: free some space or have it raised, and start the same "
             "command "
             "again: the run continues";
    case EMFILE:
      return fmt::format(
          "; this process may have {} files open at once (`ulimit -n`): raise that and start the "
          "same command again",
          limit_text(RLIMIT_NOFILE));
    case EFBIG:
      return fmt::format(
          "; this process may write files of {} bytes at most (`ulimit -f`), or the file system holds none "
          "as large: raise that and start the same command again",
          limit_text(RLIMIT_FSIZE));
    case ENFILE:
      return "; the machine has as many files open as it may (sysctl fs.file-max)";
    default:
      return "";
  }
}

}  // namespace ft
