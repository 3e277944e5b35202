#include "framework/base/philox.h"

#include <doctest/doctest.h>

#include <array>
#include <cmath>
#include <set>

using ft::Philox;
using Words = std::array<std::uint32_t, 4>;

// The known-answer vectors of Random123 (kat_vectors, philox4x32 with 10 rounds).
TEST_CASE("Philox4x32-10 gives the published answers") {
  CHECK(Philox::block({0, 0, 0, 0}, {0, 0}) == Words{0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8});
  CHECK(Philox::block({0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff}, {0xffffffff, 0xffffffff}) ==
        Words{0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd});
  CHECK(Philox::block({0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344}, {0xa4093822, 0x299f31d0}) ==
        Words{0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1});
}

TEST_CASE("a number depends on seed, site, item and index, and on nothing else") {
  const Philox one(1, "sample");
  CHECK(one.words(5, 7) == Philox(1, "sample").words(5, 7));
  std::set<Words> different = {one.words(5, 7),
                               one.words(7, 5),
                               one.words(5, 8),
                               Philox(2, "sample").words(5, 7),
                               Philox(1, "order").words(5, 7),
                               one.words(5 + (1ULL << 32), 7),
                               one.words(5, 7 + (1ULL << 32))};
  CHECK(different.size() == 7);
}

TEST_CASE("uniform and normal have the moments of their names") {
  const Philox random(3, "moments");
  constexpr int kDraws = 200'000;
  double sum = 0, square = 0, normal = 0, normal_square = 0, normal_fourth = 0;
  for (int i = 0; i < kDraws; ++i) {
    const double u = random.uniform(0, i), z = random.normal(1, i);
    REQUIRE((u >= 0 && u < 1));
    REQUIRE(std::isfinite(z));
    sum += u;
    square += u * u;
    normal += z;
    normal_square += z * z;
    normal_fourth += z * z * z * z;
  }
  // five standard errors of each mean
  CHECK(std::abs(sum / kDraws - 0.5) < 5 * std::sqrt(1.0 / 12 / kDraws));
  CHECK(std::abs(square / kDraws - 1.0 / 3) < 5 * std::sqrt(4.0 / 45 / kDraws));
  CHECK(std::abs(normal / kDraws) < 5 * std::sqrt(1.0 / kDraws));
  CHECK(std::abs(normal_square / kDraws - 1) < 5 * std::sqrt(2.0 / kDraws));
  CHECK(std::abs(normal_fourth / kDraws - 3) < 5 * std::sqrt(96.0 / kDraws));
}

TEST_CASE("below is even over its range") {
  const Philox random(4, "below");
  std::array<int, 7> counts{};
  for (int i = 0; i < 70'000; ++i) {
    const auto value = random.below(7, 0, i);
    REQUIRE(value < 7);
    ++counts[value];
  }
  double chi_square = 0;
  for (const int count : counts) chi_square += (count - 10'000.0) * (count - 10'000.0) / 10'000.0;
  CHECK(chi_square < 27.9);  // 6 degrees of freedom, p = 1e-4
  CHECK(random.below(1, 0, 0) == 0);
}

TEST_CASE("name_hash is fixed for ever: sampled attempts hang on it") {
  CHECK(ft::name_hash("") == 0x2d06800538d394c2ULL);  // XXH3-64's own vector for the empty input
  CHECK(ft::name_hash("a") != ft::name_hash("b"));
}
