#include "parallel/mpi/binding.h"

#include <fmt/ranges.h>
#include <sched.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cstring>
#include <fstream>
#include <map>
#include <set>
#include <sstream>

#include "framework/base/error.h"

namespace ft {
namespace {

// Processor masks of up to this many processors.
constexpr int kMaxCpus = 8192;
// More ranks than this and the log line is a summary.
constexpr std::size_t kFewRanks = 8;

int number_of(std::string_view text) {
  int number = -1;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  FT_CHECK(error == std::errc() && end == text.data() + text.size() && number >= 0, "'{}' is no processor number",
           text);
  return number;
}

// The first line of a small file of /sys; empty when there is none.
std::string line_of(const std::filesystem::path& path) {
  std::ifstream file(path);
  std::string line;
  std::getline(file, line);
  return line;
}

CpuList cpus_in(const std::filesystem::path& path) { return parse_cpu_list(line_of(path)); }

std::map<int, int> domains_of_cpus(const std::filesystem::path& root) {
  std::map<int, int> domains;
  std::error_code none;
  for (const auto& entry : std::filesystem::directory_iterator(root / "devices/system/node", none)) {
    const std::string name = entry.path().filename().string();
    if (!name.starts_with("node") || name.size() < 5 || name[4] < '0' || name[4] > '9') continue;
    for (const int cpu : cpus_in(entry.path() / "cpulist")) domains[cpu] = number_of(name.substr(4));
  }
  return domains;
}

// The cores of a rank, each by its first processor.
CpuList cores_of(const RankCpus& rank) {
  const std::set<int> cores(rank.core_of.begin(), rank.core_of.end());
  return {cores.begin(), cores.end()};
}

bool overlap(const CpuList& a, const CpuList& b) {
  return std::ranges::any_of(a, [&](int core) { return std::ranges::binary_search(b, core); });
}

// Ranks of one host with the same cores.
struct Party {
  std::string host;
  CpuList cores;
  std::vector<int> ranks;
};

std::vector<Party> parties_of(const std::vector<RankCpus>& ranks) {
  std::vector<Party> parties;
  for (std::size_t r = 0; r < ranks.size(); ++r) {
    const CpuList cores = cores_of(ranks[r]);
    const auto same = [&](const Party& p) { return p.host == ranks[r].host && p.cores == cores; };
    auto party = std::ranges::find_if(parties, same);
    if (party == parties.end()) party = parties.insert(parties.end(), {ranks[r].host, cores, {}});
    party->ranks.push_back(static_cast<int>(r));
  }
  return parties;
}

// Parties of one host that may meet on a core become one.
std::vector<Party> merge_overlapping(std::vector<Party> parties) {
  for (std::size_t a = 0; a < parties.size(); ++a) {
    for (std::size_t b = a + 1; b < parties.size();) {
      if (parties[b].host != parties[a].host || !overlap(parties[a].cores, parties[b].cores)) {
        ++b;
        continue;
      }
      std::set<int> cores(parties[a].cores.begin(), parties[a].cores.end());
      cores.insert(parties[b].cores.begin(), parties[b].cores.end());
      parties[a].cores.assign(cores.begin(), cores.end());
      parties[a].ranks.insert(parties[a].ranks.end(), parties[b].ranks.begin(), parties[b].ranks.end());
      std::ranges::sort(parties[a].ranks);
      parties.erase(parties.begin() + static_cast<std::ptrdiff_t>(b));
      b = a + 1;  // with more cores, it may meet those passed over before
    }
  }
  return parties;
}

// The processors of cores [begin, end) of `order`, cut to the domain that most of them belong to.
CpuList part_of(const RankCpus& rank, const std::vector<std::pair<int, int>>& order, std::size_t begin,
                std::size_t end) {
  std::map<int, std::size_t> count;
  for (std::size_t i = begin; i < end; ++i) ++count[order[i].first];
  const int domain = std::ranges::max_element(count, {}, [](const auto& entry) { return entry.second; })->first;
  CpuList cpus;
  for (std::size_t i = begin; i < end; ++i) {
    if (order[i].first != domain) continue;
    for (std::size_t c = 0; c < rank.cpus.size(); ++c) {
      if (rank.core_of[c] == order[i].second) cpus.push_back(rank.cpus[c]);
    }
  }
  std::ranges::sort(cpus);
  return cpus;
}

void divide(const Party& party, const std::vector<RankCpus>& ranks, Placement& placement) {
  const RankCpus& any = ranks[static_cast<std::size_t>(party.ranks.front())];
  std::set<std::pair<int, int>> sorted;  // (domain, core)
  for (std::size_t c = 0; c < any.cpus.size(); ++c) sorted.emplace(any.domains[c], any.core_of[c]);
  const std::vector<std::pair<int, int>> order(sorted.begin(), sorted.end());
  const std::size_t size = party.ranks.size();
  for (std::size_t i = 0; i < size; ++i) {
    placement.bind[static_cast<std::size_t>(party.ranks[i])] =
        part_of(any, order, i * order.size() / size, (i + 1) * order.size() / size);
  }
}

std::string range_text(const std::vector<int>& numbers) {
  if (numbers.size() <= kFewRanks) return fmt::format("{}", fmt::join(numbers, ", "));
  return to_text(numbers);
}

// Whether each rank has cores of its own, on its host.
bool all_apart(const std::vector<RankCpus>& ranks) {
  const std::vector<Party> parties = parties_of(ranks);
  for (std::size_t a = 0; a < parties.size(); ++a) {
    if (parties[a].ranks.size() > 1) return false;
    for (std::size_t b = 0; b < a; ++b) {
      if (parties[a].host == parties[b].host && overlap(parties[a].cores, parties[b].cores)) return false;
    }
  }
  return true;
}

}  // namespace

std::string to_text(const CpuList& cpus) {
  std::string text;
  for (std::size_t begin = 0; begin < cpus.size();) {
    std::size_t end = begin + 1;
    while (end < cpus.size() && cpus[end] == cpus[end - 1] + 1) ++end;
    if (!text.empty()) text += ',';
    text += end == begin + 1 ? fmt::format("{}", cpus[begin]) : fmt::format("{}-{}", cpus[begin], cpus[end - 1]);
    begin = end;
  }
  return text;
}

CpuList parse_cpu_list(std::string_view text) {
  CpuList cpus;
  while (!text.empty()) {
    const std::size_t comma = std::min(text.find(','), text.size());
    const std::string_view item = text.substr(0, comma);
    const std::size_t dash = item.find('-');
    const int first = number_of(item.substr(0, dash));
    const int last = dash == std::string_view::npos ? first : number_of(item.substr(dash + 1));
    FT_CHECK(first <= last && last < kMaxCpus, "'{}' is no range of processors", item);
    for (int cpu = first; cpu <= last; ++cpu) cpus.push_back(cpu);
    text.remove_prefix(std::min(comma + 1, text.size()));
  }
  std::ranges::sort(cpus);
  cpus.erase(std::unique(cpus.begin(), cpus.end()), cpus.end());
  return cpus;
}

CpuList own_cpus() {
  const std::size_t bytes = CPU_ALLOC_SIZE(kMaxCpus);
  std::vector<unsigned char> memory(bytes);
  auto* set = reinterpret_cast<cpu_set_t*>(memory.data());
  CpuList cpus;
  if (sched_getaffinity(0, bytes, set) != 0) return cpus;
  for (int cpu = 0; cpu < kMaxCpus; ++cpu) {
    if (CPU_ISSET_S(static_cast<std::size_t>(cpu), bytes, set)) cpus.push_back(cpu);
  }
  return cpus;
}

std::vector<Core> read_cores(const std::filesystem::path& root, const CpuList& known) {
  const std::map<int, int> domains = domains_of_cpus(root);
  CpuList online = cpus_in(root / "devices/system/cpu/online");
  if (online.empty()) online = known;
  std::set<CpuList> siblings;
  for (const int cpu : online) {
    const auto topology = root / "devices/system/cpu" / fmt::format("cpu{}", cpu) / "topology";
    CpuList core = cpus_in(topology / "thread_siblings_list");
    if (core.empty()) core = {cpu};
    siblings.insert(core);
  }
  std::vector<Core> cores;
  for (const CpuList& cpus : siblings) {
    const auto domain = domains.find(cpus.front());
    cores.push_back({cpus, domain == domains.end() ? 0 : domain->second});
  }
  std::ranges::stable_sort(cores, {}, &Core::domain);
  return cores;
}

bool Placement::binds() const {
  return std::ranges::any_of(bind, [](const CpuList& cpus) { return !cpus.empty(); });
}

Placement place_ranks(const std::vector<RankCpus>& ranks) {
  Placement placement;
  placement.bind.resize(ranks.size());
  std::vector<Party> parties = parties_of(ranks);
  std::erase_if(parties, [](const Party& party) { return party.cores.empty(); });  // the kernel told nothing
  for (const Party& party : parties) {
    const bool alone = std::ranges::none_of(parties, [&](const Party& other) {
      return &other != &party && other.host == party.host && overlap(other.cores, party.cores);
    });
    if (alone && party.ranks.size() > 1 && party.ranks.size() <= party.cores.size()) divide(party, ranks, placement);
  }
  for (const Party& party : merge_overlapping(std::move(parties))) {
    if (party.ranks.size() > party.cores.size()) placement.crowds.push_back({party.ranks, party.host, party.cores});
  }
  return placement;
}

std::vector<RankCpus> gather_rank_cpus(Communicator& world, const std::string& host, const CpuList& cpus,
                                       const std::vector<Core>& cores) {
  std::string mine = host;
  for (const int cpu : cpus) {
    int first = cpu, domain = 0;
    for (const Core& core : cores) {
      if (!std::ranges::binary_search(core.cpus, cpu)) continue;
      first = core.cpus.front();
      domain = core.domain;
    }
    mine += fmt::format("\n{} {} {}", cpu, first, domain);
  }
  std::vector<RankCpus> ranks;
  for (const std::string& text : world.all_gather_bytes("cores of ranks", mine)) {
    std::istringstream lines(text);
    RankCpus rank;
    std::getline(lines, rank.host);
    for (int cpu = 0, core = 0, domain = 0; lines >> cpu >> core >> domain;) {
      rank.cpus.push_back(cpu);
      rank.core_of.push_back(core);
      rank.domains.push_back(domain);
    }
    ranks.push_back(std::move(rank));
  }
  return ranks;
}

void bind_this_thread(const CpuList& cpus) {
  const std::size_t bytes = CPU_ALLOC_SIZE(kMaxCpus);
  std::vector<unsigned char> memory(bytes);
  auto* set = reinterpret_cast<cpu_set_t*>(memory.data());
  for (const int cpu : cpus) CPU_SET_S(static_cast<std::size_t>(cpu), bytes, set);
  FT_CHECK(sched_setaffinity(0, bytes, set) == 0, "cannot bind to processors {}: {}", to_text(cpus),
           std::strerror(errno));
}

std::string describe_places(const std::vector<RankCpus>& ranks, bool bound) {
  const std::string by = ranks.size() == 1  ? ""
                         : bound            ? " (bound by ftrun)"
                         : all_apart(ranks) ? " (bound by the launcher)"
                                            : " (not bound)";
  std::string text;
  if (ranks.size() <= kFewRanks) {
    for (std::size_t r = 0; r < ranks.size(); ++r) {
      const CpuList cores = cores_of(ranks[r]);
      text += fmt::format("{}rank {} on {} {} of {}", r == 0 ? "" : ", ", r, cores.size() == 1 ? "core" : "cores",
                          to_text(cores), ranks[r].host);
    }
    return text + by;
  }
  std::map<std::string, std::pair<int, std::set<int>>> hosts;
  for (const RankCpus& rank : ranks) {
    auto& [count, cores] = hosts[rank.host];
    ++count;
    cores.insert(rank.core_of.begin(), rank.core_of.end());
  }
  for (const auto& [host, entry] : hosts) {
    text += fmt::format("{}{} ranks on cores {} of {}", text.empty() ? "" : ", ", entry.first,
                        to_text({entry.second.begin(), entry.second.end()}), host);
  }
  return text + by;
}

std::string describe_crowd(const Crowd& crowd) {
  return fmt::format("ranks {} share {} {} of {}", range_text(crowd.ranks), crowd.cores.size() == 1 ? "core" : "cores",
                     to_text(crowd.cores), crowd.host);
}

void settle_ranks(Communicator& world, const std::string& host, Binding mode, const char* omp_threads, Logger& log) {
  const CpuList mine = own_cpus();
  const std::vector<Core> cores = read_cores("/sys", mine);
  std::vector<RankCpus> ranks = gather_rank_cpus(world, host, mine, cores);
  const Placement placement = place_ranks(ranks);
  const bool binds = mode != Binding::none && placement.binds();
  if (binds) {
    const CpuList& cpus = placement.bind[static_cast<std::size_t>(world.rank())];
    if (!cpus.empty()) bind_this_thread(cpus);
    ranks = gather_rank_cpus(world, host, own_cpus(), cores);
  }
  log.info("{}", describe_places(ranks, binds));
  if (world.rank() != 0) return;
  for (const Crowd& crowd : placement.crowds) {
    log.warn("{}; they take turns, so the run is slow: start fewer ranks{}", describe_crowd(crowd),
             cores.size() > crowd.cores.size()
                 ? ", or let ftrun bind them (mpirun --bind-to none, srun --cpu-bind=none)"
                 : "");
  }
  if (omp_threads != nullptr && std::string_view(omp_threads) != "1") {
    log.warn("OMP_NUM_THREADS={} is ignored: a rank computes with one thread; start as many ranks as there are cores",
             omp_threads);
  }
}

}  // namespace ft
