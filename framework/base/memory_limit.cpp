#include "framework/base/memory_limit.h"

#include <sys/resource.h>
#include <sys/sysinfo.h>

#include <fstream>

namespace ft {
namespace {

constexpr std::int64_t kUnlimited = std::int64_t{1} << 50;  // version 1 writes a huge number where there is no limit

std::optional<std::int64_t> number_in(const std::string& file) {
  std::ifstream stream(file);
  std::int64_t number = 0;
  return stream >> number ? std::optional(number) : std::nullopt;
}

// Of the group or any above it: each of them limits what is below.
std::optional<std::int64_t> limit_of_group(const std::string& root, std::string group, const char* file) {
  std::optional<std::int64_t> smallest;
  for (;;) {
    if (const auto limit = number_in(root + group + file); limit && *limit < smallest.value_or(kUnlimited))
      smallest = limit;
    if (group.empty() || group == "/") return smallest;
    group.resize(group.rfind('/'));
  }
}

std::optional<std::int64_t> control_group_limit() {
  std::ifstream groups("/proc/self/cgroup");  // "0::/path" or "5:memory:/path"
  for (std::string line; std::getline(groups, line);) {
    const std::size_t first = line.find(':'), second = line.find(':', first + 1);
    if (second == std::string::npos) continue;
    const std::string controllers = line.substr(first + 1, second - first - 1), group = line.substr(second + 1);
    std::optional<std::int64_t> limit;
    if (controllers.empty()) limit = limit_of_group("/sys/fs/cgroup", group, "/memory.max");
    if (controllers.find("memory") != std::string::npos) {
      limit = limit_of_group("/sys/fs/cgroup/memory", group, "/memory.limit_in_bytes");
    }
    if (limit) return limit;
  }
  return std::nullopt;
}

}  // namespace

std::optional<MemoryLimit> memory_limit() {
  std::optional<MemoryLimit> smallest;
  const auto consider = [&](std::int64_t bytes, const char* source) {
    if (!smallest || bytes < smallest->bytes) smallest = MemoryLimit{bytes, source};
  };
  rlimit space{};
  if (getrlimit(RLIMIT_AS, &space) == 0 && space.rlim_cur != RLIM_INFINITY) {
    consider(static_cast<std::int64_t>(space.rlim_cur), "`ulimit -v`");
  }
  if (const auto bytes = control_group_limit()) consider(*bytes, "its control group");
  struct sysinfo machine {};
  if (sysinfo(&machine) == 0) {
    consider(static_cast<std::int64_t>(machine.totalram) * machine.mem_unit, "this machine's memory");
  }
  return smallest;
}

}  // namespace ft
