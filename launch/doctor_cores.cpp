// Has every rank a core of its own?
#include <cstdlib>
#include <fstream>
#include <map>

#include "launch/doctor.h"
#include "parallel/mpi/binding.h"

namespace ft {
namespace {

// Processes that want to run on this host, over the last minute.
double load_of_host() {
  double load = 0;
  std::ifstream("/proc/loadavg") >> load;
  return load;
}

void judge_crowds(Examination& exam, const Placement& placement, const std::vector<nlohmann::json>& host_cores) {
  for (const Crowd& crowd : placement.crowds) {
    const int whole = host_cores[static_cast<std::size_t>(crowd.ranks.front())];
    if (whole > static_cast<int>(crowd.cores.size())) {
      exam.problem("binding", fmt::format("{}, though the host has {} cores", describe_crowd(crowd), whole),
                   "start with `mpirun --bind-to core` or `srun --cpu-bind=cores`, or ask the batch system for more "
                   "cores a host");
    } else {
      exam.warning("binding", fmt::format("{}: they take turns", describe_crowd(crowd)),
                   fmt::format("start at most {} ranks on this host for speed", whole));
    }
  }
}

}  // namespace

void examine_cores(Examination& exam) {
  const CpuList mine = own_cpus();
  const std::vector<Core> cores = read_cores("/sys", mine);
  const std::vector<RankCpus> ranks = gather_rank_cpus(exam.world(), exam.session().host(), mine, cores);
  const auto host_cores = exam.collect("cores of hosts", cores.size());
  const auto loads = exam.collect("load", load_of_host());
  const Placement placement = place_ranks(ranks);
  exam.ok("cores",
          describe_places(ranks, false) + (placement.binds() ? ": a run will bind each to cores of its own" : ""));
  judge_crowds(exam, placement, host_cores);
  std::map<std::string, bool> seen;
  for (std::size_t r = 0; r < ranks.size(); ++r) {
    if (!seen.try_emplace(ranks[r].host, true).second) continue;
    const double load = loads[r], count = host_cores[r];
    if (load <= 0.5 * count + 1) continue;
    exam.warning("load",
                 fmt::format("other programs keep {} busy: load {:.1f} on {} cores", ranks[r].host, load, count),
                 "a step waits for the slowest rank: use a host of your own");
  }
  const char* threads = std::getenv("OMP_NUM_THREADS");
  if (threads != nullptr && std::string_view(threads) != "1") {
    exam.warning("threads", fmt::format("OMP_NUM_THREADS={} is ignored: a rank computes with one thread", threads),
                 "start one rank a core");
  }
}

}  // namespace ft
