// Random numbers as a function, not a stream: the same (seed, site, item, index) gives the same number on every rank,
// in every order, after every restart. Nothing has to be saved with a checkpoint and nothing can drift.
//
// Philox4x32-10 (Salmon et al. 2011, "Parallel random numbers: as easy as 1, 2, 3").
//   key     = 64 bits from (seed, site): the site names what the numbers are for ("sample", "order", "init").
//   counter = (item, index): which problem, parameter or epoch, and which draw within it.
//
//   const Philox random(seed, "order");
//   double u = random.uniform(epoch, i);          // in [0, 1)
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

namespace ft {

class Philox {
 public:
  Philox(std::uint64_t seed, std::string_view site);

  // The bare generator: 10 rounds over a counter under a key, as Random123 publishes answers for.
  [[nodiscard]] static std::array<std::uint32_t, 4> block(std::array<std::uint32_t, 4> counter,
                                                          std::array<std::uint32_t, 2> key);

  // Four independent 32-bit words of counter (item, index).
  [[nodiscard]] std::array<std::uint32_t, 4> words(std::uint64_t item, std::uint64_t index) const;
  [[nodiscard]] std::uint64_t bits(std::uint64_t item, std::uint64_t index) const;
  // In [0, 1), 53 bits.
  [[nodiscard]] double uniform(std::uint64_t item, std::uint64_t index) const;
  // Uniform in [0, bound), bound > 0; the bias of the multiplication is below bound / 2^64.
  [[nodiscard]] std::uint64_t below(std::uint64_t bound, std::uint64_t item, std::uint64_t index) const;
  // Standard normal by Box-Muller on two of the four words' pairs.
  [[nodiscard]] double normal(std::uint64_t item, std::uint64_t index) const;

 private:
  std::array<std::uint32_t, 2> key_;
};

// A 64-bit name for a string (XXH3): item numbers from problem ids and parameter names.
[[nodiscard]] std::uint64_t name_hash(std::string_view name);

}  // namespace ft
