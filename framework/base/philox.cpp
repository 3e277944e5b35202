#include "framework/base/philox.h"

#include <xxhash.h>

#include <cmath>
#include <numbers>

namespace ft {

std::uint64_t name_hash(std::string_view name) { return XXH3_64bits(name.data(), name.size()); }

Philox::Philox(std::uint64_t seed, std::string_view site) {
  const std::uint64_t key = XXH3_64bits_withSeed(site.data(), site.size(), seed);
  key_ = {static_cast<std::uint32_t>(key), static_cast<std::uint32_t>(key >> 32)};
}

std::array<std::uint32_t, 4> Philox::block(std::array<std::uint32_t, 4> c, std::array<std::uint32_t, 2> k) {
  constexpr std::uint64_t kMultiplier0 = 0xD2511F53, kMultiplier1 = 0xCD9E8D57;
  constexpr std::uint32_t kWeyl0 = 0x9E3779B9, kWeyl1 = 0xBB67AE85;
  for (int round = 0; round < 10; ++round) {
    const std::uint64_t p0 = kMultiplier0 * c[0], p1 = kMultiplier1 * c[2];
    c = {static_cast<std::uint32_t>(p1 >> 32) ^ c[1] ^ k[0], static_cast<std::uint32_t>(p1),
         static_cast<std::uint32_t>(p0 >> 32) ^ c[3] ^ k[1], static_cast<std::uint32_t>(p0)};
    k[0] += kWeyl0;
    k[1] += kWeyl1;
  }
  return c;
}

std::array<std::uint32_t, 4> Philox::words(std::uint64_t item, std::uint64_t index) const {
  return block({static_cast<std::uint32_t>(index), static_cast<std::uint32_t>(index >> 32),
                static_cast<std::uint32_t>(item), static_cast<std::uint32_t>(item >> 32)},
               key_);
}

std::uint64_t Philox::bits(std::uint64_t item, std::uint64_t index) const {
  const auto w = words(item, index);
  return (static_cast<std::uint64_t>(w[1]) << 32) | w[0];
}

double Philox::uniform(std::uint64_t item, std::uint64_t index) const {
  return static_cast<double>(bits(item, index) >> 11) * 0x1.0p-53;
}

std::uint64_t Philox::below(std::uint64_t bound, std::uint64_t item, std::uint64_t index) const {
  return static_cast<std::uint64_t>((static_cast<unsigned __int128>(bits(item, index)) * bound) >> 64);
}

double Philox::normal(std::uint64_t item, std::uint64_t index) const {
  const auto w = words(item, index);
  const double u = (static_cast<double>(w[0]) + 1.0) * 0x1.0p-32;  // (0, 1]
  const double v = static_cast<double>(w[1]) * 0x1.0p-32;
  return std::sqrt(-2.0 * std::log(u)) * std::cos(2.0 * std::numbers::pi * v);
}

}  // namespace ft
