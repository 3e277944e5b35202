// Do launcher, MPI, libraries and clocks of all ranks belong together?
#include <sys/time.h>

#include <fstream>
#include <map>
#include <set>

#include "launch/doctor.h"
#include "launch/version.h"
#include "parallel/mpi/launcher.h"

namespace ft {
namespace {

// Clocks that differ by more than this make times in logs and limits misleading.
constexpr double kClockTolerance = 2.0;

// The shared libraries whose version matters to results and to starting at all: file name (it carries the version) and
// size.
nlohmann::json loaded_libraries() {
  nlohmann::json found = nlohmann::json::object();
  std::ifstream maps("/proc/self/maps");
  for (std::string line; std::getline(maps, line);) {
    const std::size_t slash = line.find('/');
    if (slash == std::string::npos) continue;
    const std::filesystem::path path = line.substr(slash);
    const std::string name = path.filename().string();
    for (const char* library : {"libtorch_cpu.so", "libftrun.so", "libmpi.so", "libhdf5", "libc.so"}) {
      std::error_code none;
      if (name.starts_with(library))
        found[library] = fmt::format("{} ({} bytes)", name, std::filesystem::file_size(path, none));
    }
  }
  return found;
}

double clock_now() {
  timeval now{};
  gettimeofday(&now, nullptr);
  return static_cast<double>(now.tv_sec) + 1e-6 * static_cast<double>(now.tv_usec);
}

void judge_libraries(Examination& exam) {
  const auto all = exam.collect("libraries", loaded_libraries());
  for (const auto& [library, version] : all[0].items()) {
    std::vector<int> differ;
    for (std::size_t r = 1; r < all.size(); ++r) {
      if (all[r].value(library, std::string("none")) != version) differ.push_back(static_cast<int>(r));
    }
    if (differ.empty()) continue;
    exam.problem("libraries",
                 fmt::format("rank 0 has {}, {} has {}", version.get<std::string>(), ranks_text(differ),
                             all[static_cast<std::size_t>(differ.front())].value(library, std::string("none"))),
                 "install the same build on every host, or use one on a shared file system");
    return;
  }
  exam.ok("libraries", fmt::format("{}, libtorch {}, {}{}", version_text(), FT_LIBTORCH_VERSION,
                                   all[0].value("libhdf5", std::string("no HDF5")),
                                   all.size() > 1 ? ": the same on all ranks" : ""));
}

void judge_clocks(Examination& exam) {
  exam.world().barrier("clocks");
  const auto all = exam.collect("clocks", clock_now());
  int late = 0, early = 0;
  for (std::size_t r = 1; r < all.size(); ++r) {
    if (all[r] > all[static_cast<std::size_t>(late)]) late = static_cast<int>(r);
    if (all[r] < all[static_cast<std::size_t>(early)]) early = static_cast<int>(r);
  }
  const double skew =
      all[static_cast<std::size_t>(late)].get<double>() - all[static_cast<std::size_t>(early)].get<double>();
  if (skew <= kClockTolerance) {
    if (all.size() > 1) exam.ok("clocks", fmt::format("agree within {:.2f} s (reading included)", skew));
    return;
  }
  exam.warning("clocks", fmt::format("the clock of rank {} is {:.1f} s ahead of rank {}'s", late, skew, early),
               "let the hosts synchronise their time (chrony, ntpd); logs and time limits mislead otherwise");
}

}  // namespace

void examine_ranks(Examination& exam) {
  const std::optional<Launch> launch = find_launch(process_environment());
  const std::string about = exam.session().describe();
  const auto hosts = exam.collect("hosts", exam.session().host());
  const std::set<std::string> names(hosts.begin(), hosts.end());
  if (!launch) {
    exam.ok("launcher", "none: one rank. `mpirun -np N ftrun doctor` looks at N");
  } else {
    exam.ok("launcher", fmt::format("{}, started by {}, {}", about, launch->launcher, mpi_version()));
  }
  if (names.size() == 1 && hosts.size() > 1 && about.find("shared memory") == std::string::npos) {
    exam.warning("transport", "the ranks of one host exchange messages through MPI, not through shared memory",
                 "unset FTRUN_SHARED_MEMORY, or let the ranks share one container and user, so that they see /proc of "
                 "each other");
  }
  judge_libraries(exam);
  judge_clocks(exam);
}

}  // namespace ft
