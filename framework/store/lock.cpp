#include "framework/store/lock.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <chrono>
#include <nlohmann/json.hpp>
#include <random>
#include <thread>

#include "framework/base/clock.h"
#include "framework/base/error.h"

namespace ft {
namespace fs = std::filesystem;
namespace {

constexpr const char* kLockName = "lock";

std::string host_name() {
  std::array<char, 256> name{};
  return ::gethostname(name.data(), name.size() - 1) == 0 ? name.data() : "unknown";
}

// Empty members where the file is missing, empty or no JSON.
nlohmann::json read_lock(const fs::path& folder) {
  const nlohmann::json content = nlohmann::json::parse(read_if_there(folder / kLockName).value_or(""), nullptr, false);
  return content.is_object() ? content : nlohmann::json::object();
}

// What file systems without locks answer; the last one is the kernel's own ENOTSUPP, which GPFS lets out.
bool knows_no_locks(int error) {
  constexpr int kKernelNotSupported = 524;
  return error == ENOSYS || error == EOPNOTSUPP || error == ENOLCK || error == EINVAL || error == kKernelNotSupported;
}

std::string words_for(const nlohmann::json& holder) {
  if (!holder.contains("pid")) return "another process";
  return fmt::format("process {} on {}, since {}", holder.value("pid", 0), holder.value("host", "an unknown host"),
                     holder.value("since", "?"));
}

[[noreturn]] void fail_held(const fs::path& folder) {
  fail_user(
      fmt::format("the run folder {} is in use by {}; wait for it, end it, or give this run a folder of its own "
                  "with run.folder=DIR",
                  folder.string(), words_for(read_lock(folder))));
}

// Whoever only looks holds the lock for an instant: that is waited for.
int lock_file(int descriptor) {
  constexpr int kTries = 5;
  int result = 0;
  for (int tries = 0; tries < kTries; ++tries) {
    if (tries > 0) std::this_thread::sleep_for(std::chrono::milliseconds(20));
    do {
      result = ::flock(descriptor, LOCK_EX | LOCK_NB);
    } while (result != 0 && errno == EINTR);
    if (result == 0 || errno != EWOULDBLOCK) break;
  }
  return result;
}

FileHandle open_lock(const fs::path& folder) {
  make_folder(folder);
  return {folder / kLockName, O_RDWR | O_CREAT};
}

}  // namespace

RunLock::RunLock(const fs::path& folder) : file_(open_lock(folder)) {
  if (lock_file(file_.descriptor()) != 0) {
    if (errno == EWOULDBLOCK) fail_held(folder);
    if (!knows_no_locks(errno)) fail_system("lock", file_.path(), errno);
    exclusive_ = false;
  }
  const std::string host = host_name(), since = utc_now();
  std::random_device random;
  token_ = fmt::format("{}-{}-{}-{:08x}{:08x}", host, ::getpid(), since, random(), random());
  const nlohmann::json content = {{"pid", ::getpid()}, {"host", host}, {"since", since}, {"token", token_}};
  if (::ftruncate(file_.descriptor(), 0) != 0) fail_system("write", file_.path(), errno);
  file_.write(content.dump() + "\n");
  file_.sync();
}

// An error of looking (a server that does not answer) is no sign of a move.
bool RunLock::is_in_place() const {
  struct stat held {
  }, named{};
  if (::fstat(file_.descriptor(), &held) != 0) return true;
  if (::stat(file_.path().c_str(), &named) != 0) return errno != ENOENT && errno != ENOTDIR;
  return held.st_dev == named.st_dev && held.st_ino == named.st_ino;
}

std::optional<std::string> RunLock::holder_of(const fs::path& folder) {
  const int descriptor = ::open((folder / kLockName).c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);  // a pipe would wait
  if (descriptor < 0) return std::nullopt;
  const bool held = ::flock(descriptor, LOCK_SH | LOCK_NB) != 0 && errno == EWOULDBLOCK;
  ::close(descriptor);  // and the lock with it
  if (!held) return std::nullopt;
  return words_for(read_lock(folder));
}

std::string RunLock::token_in(const fs::path& folder) {
  const nlohmann::json content = read_lock(folder);
  return content.contains("token") && content["token"].is_string() ? content["token"].get<std::string>() : "";
}

}  // namespace ft
