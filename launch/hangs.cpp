#include "launch/hangs.h"

#include <fcntl.h>
#include <spawn.h>
#include <unistd.h>

#include <algorithm>
#include <string_view>
#include <vector>

#include "framework/base/clock.h"

namespace ft {
namespace {

namespace fs = std::filesystem;

// One write, whatever happens to the process in the meantime.
void say(std::string_view text) {
  [[maybe_unused]] const auto written = ::write(STDERR_FILENO, text.data(), text.size());
}

// True for one rank of each host.
bool first_of_host(const fs::path& folder, const std::string& host) {
  const int file = ::open((folder / ("ended-" + host)).c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
  if (file >= 0) ::close(file);
  return file >= 0;
}

// A process that outlives this one and kills what is left of the job on this host in three seconds: launchers do not
// see that a process is stopped, and not all of them end a job when one rank has failed.
void kill_later(const std::vector<RankPlace>& places, const std::string& host) {
  std::string numbers;
  for (const RankPlace& place : places) {
    if (place.host == host && place.pid != getpid() && still_runs(place)) numbers += fmt::format(" {}", place.pid);
  }
  if (numbers.empty()) return;
  std::string script = "sleep 3; kill -9" + numbers + " 2>/dev/null";
  std::string shell = "sh", flag = "-c";
  char* const arguments[] = {shell.data(), flag.data(), script.data(), nullptr};
  char* const environment[] = {nullptr};
  posix_spawn_file_actions_t files;
  posix_spawnattr_t attributes;
  posix_spawn_file_actions_init(&files);
  posix_spawnattr_init(&attributes);
  for (const int standard : {0, 1, 2}) posix_spawn_file_actions_addopen(&files, standard, "/dev/null", O_RDWR, 0);
  posix_spawn_file_actions_addclosefrom_np(&files, 3);
  posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSID);  // the launcher ends the groups that it has made
  pid_t child = 0;
  posix_spawn(&child, "/bin/sh", &files, &attributes, arguments, environment);
}

[[noreturn]] void end_process(const std::string& table, bool speaks, const fs::path& folder,
                              const std::vector<RankPlace>& places, const std::string& host) {
  if (speaks) say("ftrun: " + table + "all ranks end now; the same command goes on from what has been saved\n");
  if (first_of_host(folder, host)) kill_later(places, host);
  _exit(static_cast<int>(ExitCode::failure));  // never MPI_Abort: this is not the main thread
}

// The same on all ranks, and different for every start.
std::string name_of_start(Communicator& world) {
  std::string now = utc_now();
  std::ranges::replace(now, ':', '-');
  return world.broadcast_bytes("name of this start", fmt::format("{}-{}", now, getpid()), 0);
}

}  // namespace

std::unique_ptr<HangWatch> watch_for_hangs(Communicator& world, std::shared_ptr<const ExchangeTrace> trace,
                                           const fs::path& run_folder, double limit, const std::string& host) {
  if (world.size() == 1 || limit <= 0) return nullptr;
  const fs::path folder = fs::absolute(run_folder) / "hang" / name_of_start(world);
  std::vector<RankPlace> places = share_places(world, *trace, host);
  const auto warn = [](const std::string& text) { say("ftrun: warning: " + text); };
  const auto end = [folder, places, host](const std::string& table, bool speaks) {
    end_process(table, speaks, folder, places, host);
  };
  return std::make_unique<HangWatch>(HangWatch::Settings{.folder = folder, .limit = limit, .rank = world.rank()},
                                     std::move(places), std::move(trace), warn, end);
}

}  // namespace ft
