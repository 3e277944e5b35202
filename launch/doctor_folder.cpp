// Is the run folder one folder for all ranks, writable, with room, locks and speed?
#include <fcntl.h>
#include <sys/file.h>
#include <sys/statvfs.h>
#include <sys/vfs.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "framework/base/clock.h"
#include "framework/base/units.h"
#include "framework/store/files.h"
#include "framework/store/lock.h"
#include "launch/disk.h"
#include "launch/doctor.h"

namespace ft {
namespace {

namespace fs = std::filesystem;

constexpr std::int64_t kSpeedBytes = std::int64_t{64} << 20;
constexpr int kSmallFiles = 16;
// Slower than this and checkpoints or small files hold the ranks up.
constexpr double kSlowBytes = 50e6, kSlowSmallFile = 0.05;
constexpr std::uint64_t kFewInodes = 10'000;

// What cannot be looked at is not taken for missing: `why` says so then.
fs::path existing_part(const fs::path& folder, std::string& why) {
  try {
    return ft::existing_part(folder);
  } catch (const Unreadable& error) {
    why = error.what();
    return folder;
  }
}

std::string type_of(const fs::path& folder) {
  struct statfs info {};
  if (statfs(folder.c_str(), &info) != 0) return "unknown";
  const std::pair<std::uint32_t, const char*> known[] = {
      {0xEF53, "ext4"},     {0x58465342, "xfs"},     {0x9123683E, "btrfs"},  {0x01021994, "tmpfs"},
      {0x6969, "NFS"},      {0x794C7630, "overlay"}, {0x0BD00BD0, "Lustre"}, {0x19830326, "BeeGFS"},
      {0x47504653, "GPFS"}, {0x00C36400, "Ceph"},    {0xFF534D42, "CIFS"},   {0x65735546, "FUSE"},
      {0x2FC12FC1, "ZFS"},  {0x01021997, "9p"}};
  for (const auto& [magic, name] : known) {
    if (static_cast<std::uint32_t>(info.f_type) == magic) return name;
  }
  return fmt::format("type {:#x}", static_cast<std::uint32_t>(info.f_type));
}

// A folder of the doctor's own inside the one that is looked at; gone at the end. Rank 0 only.
class Trial {
 public:
  explicit Trial(const fs::path& where) : path_(where / fmt::format(".ftrun-doctor-{}", getpid())) {
    make_folder(path_);
  }
  ~Trial() {
    std::error_code none;
    fs::remove_all(path_, none);
  }
  Trial(const Trial&) = delete;
  Trial& operator=(const Trial&) = delete;
  [[nodiscard]] const fs::path& path() const { return path_; }

 private:
  fs::path path_;
};

// Every rank writes a file, and looks for everyone's.
void judge_shared(Examination& exam, const fs::path& trial) {
  const auto name_of = [&](std::size_t rank) { return trial / fmt::format("rank-{}", rank); };
  nlohmann::json mine = {
      {"host", exam.session().host()}, {"path", fs::absolute(trial.parent_path()).string()}, {"error", ""}};
  try {
    write_new_file(name_of(static_cast<std::size_t>(exam.world().rank())), exam.session().host());
  } catch (const std::exception& error) {
    mine["error"] = error.what();
  }
  const auto written = exam.collect("folder written", mine);
  std::vector<int> missing;
  std::error_code none;
  for (std::size_t r = 0; r < written.size(); ++r) {
    if (!fs::exists(name_of(r), none)) missing.push_back(static_cast<int>(r));
  }
  const auto seen = exam.collect("folder seen", missing);
  for (std::size_t r = 1; r < written.size(); ++r) {
    if (written[r]["path"] == written[0]["path"]) continue;
    exam.problem("shared",
                 fmt::format("rank {} on {} works in {}, rank 0 in {}: they are not one folder", r,
                             written[r]["host"].get<std::string>(), written[r]["path"].get<std::string>(),
                             written[0]["path"].get<std::string>()),
                 "give run.folder as an absolute path, or start all ranks in one folder");
    return;
  }
  for (std::size_t r = 0; r < seen.size(); ++r) {
    const std::string error = written[r]["error"];
    if (seen[r].empty() && error.empty()) continue;
    const std::string who = fmt::format("rank {} on {}", r, written[r]["host"].get<std::string>());
    if (!error.empty()) {
      exam.problem("shared", fmt::format("{} cannot write: {}", who, error),
                   "use a folder on a shared file system that every host may write to");
    } else {
      exam.problem("shared", fmt::format("{} does not see the file of rank {}", who, seen[r][0].get<int>()),
                   "use a folder on a file system that all hosts share");
    }
    return;
  }
  exam.ok("shared", written.size() == 1 ? "one rank" : "every rank sees what every other has written");
}

// "held": somebody else has the lock; "free": it was had; else the system's words.
std::string try_lock(const fs::path& file) {
  const int descriptor = open(file.c_str(), O_RDWR | O_CLOEXEC);
  if (descriptor < 0) return std::strerror(errno);
  const int result = flock(descriptor, LOCK_EX | LOCK_NB), why = errno;
  close(descriptor);
  if (result == 0) return "free";
  return why == EWOULDBLOCK ? "held" : std::strerror(why);
}

// Rank 0 holds a lock; nobody may get it, rank 0 by another descriptor neither.
void judge_locks(Examination& exam, const fs::path& trial) {
  std::optional<RunLock> lock;
  std::string error;
  if (exam.speaks()) {
    try {
      lock.emplace(trial / "locked");
      if (!lock->exclusive()) error = "the file system knows no locks";
    } catch (const std::exception& failure) {
      error = failure.what();
    }
  }
  error = exam.world().broadcast_bytes("lock taken", error, 0);
  const auto answers = exam.collect("lock tried", error.empty() ? try_lock(trial / "locked" / "lock") : std::string());
  lock.reset();
  const std::string advice =
      "see that only one run at a time works in this folder, or use another file system (NFS 4, Lustre mounted with -o "
      "flock)";
  if (!error.empty()) {
    exam.problem("locks", error, advice);
    return;
  }
  for (std::size_t r = 0; r < answers.size(); ++r) {
    if (answers[r] == "held") continue;
    exam.problem("locks",
                 answers[r] == "free"
                     ? fmt::format("rank {} got a lock that rank 0 holds: two runs could work in one folder", r)
                     : fmt::format("rank {} cannot ask for a lock: {}", r, answers[r].get<std::string>()),
                 advice);
    return;
  }
  exam.ok("locks", answers.size() == 1 ? "hold" : "hold across ranks");
}

// Rank 0 only.
void judge_space(Examination& exam, const fs::path& folder) {
  struct statvfs info {};
  if (statvfs(folder.c_str(), &info) != 0) {
    exam.problem("space", fmt::format("cannot be read: {}", std::strerror(errno)), "");
    return;
  }
  const double free = static_cast<double>(info.f_bavail) * static_cast<double>(info.f_frsize);
  const double whole = std::max(1.0, static_cast<double>(info.f_blocks) * static_cast<double>(info.f_frsize));
  const auto need = static_cast<double>(exam.demands().disk);
  const std::string type = type_of(folder),
                    here = fmt::format("{} free of {} ({})", bytes_text(free), bytes_text(whole), type);
  if (need > free || free < 64e6) {
    exam.problem("space", need > 0 ? fmt::format("{}, the run needs about {}", here, bytes_text(need)) : here,
                 "make room, or set run.folder to a larger file system");
  } else if (need > 0.5 * free || free < 0.02 * whole) {
    exam.warning("space", need > 0 ? fmt::format("{}, the run needs about {}", here, bytes_text(need)) : here,
                 "that is close: make room");
  } else {
    exam.ok("space", need > 0 ? fmt::format("{}, the run needs about {}", here, bytes_text(need)) : here);
  }
  if (info.f_files > 0 && info.f_favail < kFewInodes) {
    exam.warning("inodes", fmt::format("room for {} more files only", info.f_favail),
                 "remove small files, or use another file system");
  }
  if (type == "tmpfs") {
    exam.warning("file system",
                 "the run folder lies in memory (tmpfs): a reboot loses it, and it takes memory from the ranks",
                 "set run.folder to a disk");
  } else if (type == "overlay") {
    exam.warning("file system", "the run folder lies inside a container: it goes with it",
                 "set run.folder to a mounted volume");
  }
}

// Rank 0 only. As checkpoints are written (reserved, written, synced) and read back from the disk.
void measure_speed(Examination& exam, const fs::path& trial) {
  struct statvfs info {};
  statvfs(trial.c_str(), &info);
  const auto free = static_cast<std::int64_t>(info.f_bavail) * static_cast<std::int64_t>(info.f_frsize);
  const std::int64_t bytes = std::clamp<std::int64_t>(free / 10, 1 << 20, kSpeedBytes);
  std::string content(static_cast<std::size_t>(bytes), '\0');
  for (std::size_t i = 0; i < content.size(); i += 512) content[i] = static_cast<char>(i / 512);
  try {
    const Stopwatch writing;
    write_new_file(trial / "large", content);
    const double write_rate = static_cast<double>(bytes) / writing.seconds();
    {
      const FileHandle file(trial / "large", O_RDONLY);
      posix_fadvise(file.descriptor(), 0, 0, POSIX_FADV_DONTNEED);
    }
    const Stopwatch reading;
    const bool same = read_file(trial / "large") == content;
    const double read_rate = static_cast<double>(bytes) / reading.seconds();
    if (!same) {
      exam.problem("disk", "what was written and synced is read back differently", "do not use this disk");
      return;
    }
    const Stopwatch small;
    for (int i = 0; i < kSmallFiles; ++i) replace_file(trial / "small", std::to_string(i));
    const double each = small.seconds() / kSmallFiles;
    const std::string text = fmt::format("writes {}/s to the disk, reads {}/s, replaces a small file in {:.1f} ms",
                                         bytes_text(write_rate), bytes_text(read_rate), 1e3 * each);
    if (write_rate < kSlowBytes || each > kSlowSmallFile) {
      exam.warning("disk", text,
                   "that is slow: save less often (training.save_every), or set run.folder to a faster file system");
    } else {
      exam.ok("disk", text);
    }
  } catch (const std::exception& error) {
    exam.problem("disk", error.what(), "checkpoints would fail in the same way");
  }
}

}  // namespace

void examine_folder(Examination& exam) {
  std::string unreadable;
  const fs::path folder = existing_part(exam.demands().folder, unreadable);
  std::optional<Trial> trial;
  nlohmann::json begun = {{"name", ""}, {"error", unreadable}};
  if (exam.speaks() && unreadable.empty()) {
    try {
      trial.emplace(folder);
      begun["name"] = trial->path().filename().string();
    } catch (const std::exception& error) {
      begun["error"] = error.what();
    }
  }
  begun = nlohmann::json::parse(exam.world().broadcast_bytes(
      "trial folder", begun.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace), 0));
  if (const std::string error = begun["error"]; !error.empty()) {
    exam.problem("folder", error, "set run.folder to a folder that you may write to");
    return;
  }
  exam.ok("folder", folder.string());
  // Ranks whose folder is another one must not fail where rank 0 does not.
  const fs::path mine = folder / begun["name"].get<std::string>();
  judge_shared(exam, mine);
  judge_locks(exam, mine);
  if (exam.speaks()) {
    judge_space(exam, folder);
    measure_speed(exam, mine);
  }
  exam.world().barrier("folder looked at");
}

}  // namespace ft
