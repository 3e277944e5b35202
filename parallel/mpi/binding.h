// Which cores the ranks of a job compute on: one rank a core, neighbours in one NUMA domain.
//
// A rank that the scheduler moves loses its caches, and on machines with several memory controllers its memory's
// nearness. mpirun and srun bind ranks in some cases and not in others, and sometimes badly (two jobs' ranks on core 0,
// all ranks of a step on one core). So: what a launcher has bound apart stays as it is; ranks that were left to float
// over the same cores are bound here, by local rank; and ranks that have to share a core are named.
//
//   settle_ranks(session.world(), session.host(), settings.bind, std::getenv("OMP_NUM_THREADS"), log);
//
// sched_getaffinity and /sys/devices/system tell all of it (the kernel applies cgroups to the former), so hwloc is not
// needed. Threads that a rank makes later inherit its cores.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "framework/base/log.h"
#include "framework/comm/communicator.h"
#include "framework/comm/rank_place.h"

namespace ft {

// Processors as the kernel counts them, ascending.
using CpuList = std::vector<int>;

// "0-3,8"; empty: "".
[[nodiscard]] std::string to_text(const CpuList& cpus);
// The opposite. Throws Error for anything else.
[[nodiscard]] CpuList parse_cpu_list(std::string_view text);

// The processors that this thread may run on.
[[nodiscard]] CpuList own_cpus();

// One core: the processors (hardware threads) that share it, and its NUMA domain.
struct Core {
  CpuList cpus;
  int domain = 0;
};

// The cores of this host, by domain, then by number. `root`: "/sys". Where the kernel tells nothing, every processor of
// `known` is a core of domain 0.
[[nodiscard]] std::vector<Core> read_cores(const std::filesystem::path& root, const CpuList& known);

// Where one rank of the job may run.
struct RankCpus {
  std::string host;
  CpuList cpus;
  CpuList core_of;  // for each of `cpus`, the first processor of its core
  CpuList domains;  // for each of `cpus`, its NUMA domain
};

// Ranks of one host that may run on the same cores, and are more than these cores.
struct Crowd {
  std::vector<int> ranks;  // of the job
  std::string host;
  CpuList cores;  // by their first processor
};

// What is to be done, and what is wrong, for all ranks of a job.
struct Placement {
  std::vector<CpuList> bind;  // by rank: where it shall be bound; empty: stays as it is
  std::vector<Crowd> crowds;
  [[nodiscard]] bool binds() const;
};

// Arithmetic only. Ranks of a host whose processors are the same get an even part of these cores each, as long as no
// other rank of the host may run there and there are enough; a part that would cross domains is cut to the larger side.
// `ranks` in order of rank.
[[nodiscard]] Placement place_ranks(const std::vector<RankCpus>& ranks);

// Collective: what place_ranks needs. `cpus` and `cores` are this rank's.
[[nodiscard]] std::vector<RankCpus> gather_rank_cpus(Communicator& world, const std::string& host, const CpuList& cpus,
                                                     const std::vector<Core>& cores);

// Binds the calling thread and those it will start. Throws Error when the kernel refuses.
void bind_this_thread(const CpuList& cpus);

// "rank 0 on core 0, rank 1 on core 1", or, for many ranks, a summary a host. `bound`: by ftrun.
[[nodiscard]] std::string describe_places(const std::vector<RankCpus>& ranks, bool bound);
// "ranks 0, 1 share core 0 of node7".
[[nodiscard]] std::string describe_crowd(const Crowd& crowd);

// Collective; the whole of it at the start of a run: gathers, binds unless mode is none, says where the ranks sit and
// warns (rank 0) of crowds and of thread settings that are ignored. `omp_threads`: the environment's OMP_NUM_THREADS.
void settle_ranks(Communicator& world, const std::string& host, Binding mode, const char* omp_threads, Logger& log);

}  // namespace ft
