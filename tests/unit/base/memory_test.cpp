#include "framework/base/memory.h"

#include <doctest/doctest.h>

#include <vector>

using namespace ft;

TEST_CASE("the peak remembers what was given back, until it is reset") {
  constexpr std::int64_t kBytes = 64 << 20;
  const std::int64_t before = resident_memory();
  CHECK(before > 0);
  reset_peak_memory();
  {
    const std::vector<char> block(kBytes, 'x');
    CHECK(resident_memory() > before + kBytes / 2);
  }
  CHECK(peak_memory() > before + kBytes / 2);
  CHECK(resident_memory() < before + kBytes / 2);
  reset_peak_memory();
  CHECK(peak_memory() < before + kBytes / 2);
}
