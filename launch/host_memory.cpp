#include "launch/host_memory.h"

#include <sys/resource.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>
#include <string_view>

namespace ft {
namespace {

namespace fs = std::filesystem;

// The number behind `name` at the beginning of a line; -1 where there is none.
std::int64_t number_after(const fs::path& file, std::string_view name) {
  std::ifstream lines(file);
  for (std::string line; std::getline(lines, line);) {
    if (line.starts_with(name)) return std::strtoll(line.c_str() + name.size(), nullptr, 10);
  }
  return -1;
}

std::int64_t kilobytes_after(const fs::path& file, std::string_view name) {
  const std::int64_t number = number_after(file, name);
  return number < 0 ? number : number * 1024;
}

std::optional<std::int64_t> number_in(const fs::path& file) {
  std::ifstream stream(file);
  std::int64_t number = 0;
  return stream >> number ? std::optional(number) : std::nullopt;
}

// One control group's limit, if it has one. Version 2 and version 1 name their files differently.
void apply_group(const fs::path& folder, bool second_version, HostMemory& memory) {
  const auto limit = number_in(folder / (second_version ? "memory.max" : "memory.limit_in_bytes"));
  const auto used = number_in(folder / (second_version ? "memory.current" : "memory.usage_in_bytes"));
  constexpr std::int64_t kNone = std::int64_t{1} << 50;
  if (!limit || !used || *limit >= kNone) return;
  // Caches of files are part of what is used, and given up when the group needs memory.
  const std::int64_t cached =
      number_after(folder / "memory.stat", second_version ? "inactive_file " : "total_inactive_file ");
  memory.total = std::min(memory.total, *limit);
  memory.free = std::min(memory.free, std::max<std::int64_t>(0, *limit - *used + std::max<std::int64_t>(0, cached)));
}

// The groups of this process and all groups around them: Slurm limits the job, not the step.
void apply_groups(HostMemory& memory) {
  std::ifstream groups("/proc/self/cgroup");
  for (std::string line; std::getline(groups, line);) {
    const std::size_t first = line.find(':'), second = line.find(':', first + 1);
    if (second == std::string::npos) continue;
    const std::string controllers = line.substr(first + 1, second - first - 1);
    if (!controllers.empty() && controllers.find("memory") == std::string::npos) continue;
    const fs::path root = controllers.empty() ? "/sys/fs/cgroup" : "/sys/fs/cgroup/memory";
    for (fs::path group = fs::path(line.substr(second + 1)).relative_path();; group = group.parent_path()) {
      apply_group(root / group, controllers.empty(), memory);
      if (group.empty()) break;
    }
  }
}

}  // namespace

HostMemory host_memory() {
  HostMemory memory{.total = kilobytes_after("/proc/meminfo", "MemTotal:"),
                    .free = kilobytes_after("/proc/meminfo", "MemAvailable:")};
  apply_groups(memory);
  rlimit limit{};
  if (getrlimit(RLIMIT_AS, &limit) == 0 && limit.rlim_cur != RLIM_INFINITY) {
    const std::int64_t mapped = kilobytes_after("/proc/self/status", "VmSize:");
    memory.limit = std::max<std::int64_t>(0, static_cast<std::int64_t>(limit.rlim_cur) - mapped);
  }
  return memory;
}

std::int64_t private_memory() { return std::max<std::int64_t>(0, kilobytes_after("/proc/self/status", "RssAnon:")); }

}  // namespace ft
