// How attempts are divided over the files of a sealed folder: some thousands a file, so that a rank holds one of them at a
// time, and no more files than a folder may well have. Decided by the job alone, not by who does it.
#pragma once

#include <algorithm>
#include <cstdint>

namespace ft {

inline constexpr std::int64_t kAttemptsAFile = 4096;

// `each`: attempts at a problem, at least 1.
[[nodiscard]] inline std::int64_t problems_a_file(std::int64_t each, std::int64_t problems) {
  constexpr std::int64_t kMostFiles = 1024;
  return std::max({std::int64_t{1}, kAttemptsAFile / each, (problems + kMostFiles - 1) / kMostFiles});
}

}  // namespace ft
