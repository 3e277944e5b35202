#include "framework/base/memory.h"

#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <string>
#include <string_view>

namespace ft {
namespace {

// Of a line like "VmRSS:     1234 kB".
std::int64_t bytes_after(const std::string& line, std::string_view name) {
  return std::strtoll(line.c_str() + name.size(), nullptr, 10) * 1024;
}

std::int64_t status_bytes(std::string_view name) {
  std::ifstream lines("/proc/self/status");
  for (std::string line; std::getline(lines, line);) {
    if (line.starts_with(name)) return bytes_after(line, name);
  }
  return 0;
}

// The first line of a mapping, "7f2a4c000000-7f2a4c021000 r-xp 00001000 fe:00 3146 /usr/lib/libm.so.6", whose private pages
// come from a file.
bool begins_private_file(const std::string& line, bool& is_first) {
  unsigned long long inode = 0;
  char mode[5] = "";
  is_first = std::sscanf(line.c_str(), "%*x-%*x %4s %*x %*x:%*x %llu", mode, &inode) == 2;
  return is_first && mode[3] == 'p' && inode != 0;
}

}  // namespace

std::int64_t resident_memory() { return status_bytes("VmRSS:"); }

std::int64_t peak_memory() { return status_bytes("VmHWM:"); }

std::int64_t library_memory() {
  std::ifstream lines("/proc/self/smaps");
  if (!lines) return status_bytes("RssFile:");
  constexpr std::string_view kHeld = "Rss:", kWritten = "Anonymous:";  // what was written to is the process's own
  std::int64_t sum = 0;
  bool counts = false, is_first = false;
  for (std::string line; std::getline(lines, line);) {
    const bool file = begins_private_file(line, is_first);
    if (is_first) {
      counts = file;
    } else if (counts && line.starts_with(kHeld)) {
      sum += bytes_after(line, kHeld);
    } else if (counts && line.starts_with(kWritten)) {
      sum -= bytes_after(line, kWritten);
    }
  }
  return sum;
}

void reset_peak_memory() { std::ofstream("/proc/self/clear_refs") << "5\n"; }

}  // namespace ft
