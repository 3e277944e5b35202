// How a run of elements is cut into one slice a rank, for those who implement Communicator.
//
//   const std::vector<std::int64_t> sizes = even_shards(1000, 3);   // {336, 336, 328}
//   offsets_of(sizes);                                              // {0, 336, 672}
#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace ft {

// Where each slice begins, when they lie one behind the other.
[[nodiscard]] std::vector<std::int64_t> offsets_of(std::span<const std::int64_t> sizes);

// `count` elements in slices of about equal size, which begin at multiples of 16 elements (a cache line of floats); the
// last ones take what is left, which may be nothing.
[[nodiscard]] std::vector<std::int64_t> even_shards(std::int64_t count, int ranks);

}  // namespace ft
