// Which checkpoints may go: the last ones stay to go on from, the best ones to be used, and the only one stays always.
//
//   for (const auto& folder : removable(candidates, {.last = 2, .best = 1})) discard_folder(folder);
#pragma once

#include <cstdint>
#include <filesystem>
#include <limits>
#include <vector>

namespace ft {

struct Candidate {
  std::filesystem::path folder;                            // sealed
  std::int64_t step = 0;                                   // newest = largest
  double loss = std::numeric_limits<double>::quiet_NaN();  // smallest = best; NaN = not validated
};

struct RetentionPolicy {
  int last = 2;  // at least 1 is kept whatever this says
  int best = 1;
};

// The folders to remove, oldest first. Of equal losses the newer counts as the better one.
[[nodiscard]] std::vector<std::filesystem::path> removable(std::vector<Candidate> candidates, RetentionPolicy policy);

}  // namespace ft
