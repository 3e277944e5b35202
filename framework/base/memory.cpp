#include "framework/base/memory.h"

#include <cstdlib>
#include <fstream>
#include <string>
#include <string_view>

namespace ft {
namespace {

// A line like "VmRSS:     1234 kB" of /proc/self/status.
std::int64_t status_bytes(std::string_view name) {
  std::ifstream lines("/proc/self/status");
  for (std::string line; std::getline(lines, line);) {
    if (line.starts_with(name)) return std::strtoll(line.c_str() + name.size(), nullptr, 10) * 1024;
  }
  return 0;
}

}  // namespace

std::int64_t resident_memory() { return status_bytes("VmRSS:"); }

std::int64_t peak_memory() { return status_bytes("VmHWM:"); }

void reset_peak_memory() { std::ofstream("/proc/self/clear_refs") << "5\n"; }

}  // namespace ft
