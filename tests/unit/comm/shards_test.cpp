#include "framework/comm/shards.h"

#include <doctest/doctest.h>

#include <numeric>

using namespace ft;

TEST_CASE("even shards cover all elements, and begin at multiples of 16") {
  CHECK(even_shards(1000, 3) == std::vector<std::int64_t>{336, 336, 328});
  for (const std::int64_t count : {0, 1, 15, 16, 17, 1000, 4096}) {
    for (const int ranks : {1, 2, 3, 7, 64}) {
      CAPTURE(count);
      CAPTURE(ranks);
      const std::vector<std::int64_t> sizes = even_shards(count, ranks), offsets = offsets_of(sizes);
      REQUIRE(std::ssize(sizes) == ranks);
      CHECK(std::accumulate(sizes.begin(), sizes.end(), std::int64_t{0}) == count);
      for (std::size_t r = 0; r < sizes.size(); ++r) {
        CHECK(sizes[r] <= sizes[0]);
        if (sizes[r] > 0) CHECK(offsets[r] % 16 == 0);
      }
    }
  }
}

TEST_CASE("offsets are the sums before") {
  CHECK(offsets_of(std::vector<std::int64_t>{3, 0, 5}) == std::vector<std::int64_t>{0, 3, 3});
  CHECK(offsets_of({}).empty());
}
