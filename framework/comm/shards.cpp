#include "framework/comm/shards.h"

#include <algorithm>
#include <numeric>

namespace ft {

std::vector<std::int64_t> offsets_of(std::span<const std::int64_t> sizes) {
  std::vector<std::int64_t> offsets(sizes.size());
  std::exclusive_scan(sizes.begin(), sizes.end(), offsets.begin(), std::int64_t{0});
  return offsets;
}

std::vector<std::int64_t> even_shards(std::int64_t count, int ranks) {
  constexpr std::int64_t kAligned = 16;
  const std::int64_t step = ((count + ranks - 1) / ranks + kAligned - 1) / kAligned * kAligned;
  std::vector<std::int64_t> sizes;
  for (int r = 0; r < ranks; ++r) sizes.push_back(std::clamp<std::int64_t>(count - r * step, 0, step));
  return sizes;
}

}  // namespace ft
