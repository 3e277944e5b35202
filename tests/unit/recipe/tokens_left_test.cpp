// The time left of sampling starts near the truth: played through with attempts of known lengths.

#include "framework/recipe/tokens_left.h"

#include <random>
#include <vector>

#include "tests/support/doctest_torch.h"

using namespace ft;

namespace {

// The smallest and the largest of guess / truth at all finished attempts from `first` to `last`.
std::pair<double, double> ratios(const std::vector<std::int64_t>& lengths, std::int64_t slots, std::int64_t most,
                                 std::size_t first, std::size_t last) {
  std::int64_t truth = 0, drawn = 0;
  for (const std::int64_t length : lengths) truth += length;
  TokensLeft left{.num_requests = std::ssize(lengths), .slots = slots, .most = most};
  std::vector<std::pair<std::int64_t, std::int64_t>> active;  // so far, length
  std::size_t next = 0, finished = 0;
  std::pair<double, double> found = {1e9, 0};
  while (next < lengths.size() || !active.empty()) {
    while (next < lengths.size() && std::ssize(active) < slots) active.emplace_back(0, lengths[next++]);
    drawn += std::ssize(active);
    for (auto& [so_far, length] : active) {
      if (++so_far < length) continue;
      left.finished(length);
      if (++finished < first || finished > last) continue;
      const double ratio = left.tokens(drawn) / static_cast<double>(truth - drawn);
      found = {std::min(found.first, ratio), std::max(found.second, ratio)};
    }
    std::erase_if(active, [](const auto& one) { return one.first >= one.second; });
  }
  return found;
}

}  // namespace

TEST_CASE("what is left is within a factor of two of the truth, from the first attempts on") {
  for (unsigned seed = 1; seed <= 5; ++seed) {
    std::mt19937 random(seed);
    std::normal_distribution<double> even(120, 40);
    std::lognormal_distribution<double> skewed(4.6, 0.4);
    std::vector<std::int64_t> evenly, skewly;
    for (int i = 0; i < 180; ++i) {
      evenly.push_back(std::clamp<std::int64_t>(static_cast<std::int64_t>(even(random)), 20, 256));
      skewly.push_back(std::clamp<std::int64_t>(static_cast<std::int64_t>(skewed(random)), 5, 256));
    }
    for (const auto& lengths : {evenly, skewly}) {
      const auto [low, high] = ratios(lengths, 64, 256, 8, 160);
      INFO(seed);
      CHECK(low > 0.5);
      CHECK(high < 2.0);
    }
  }
}

TEST_CASE("nothing is left at the end, and never more than the longest attempts could take") {
  TokensLeft left{.num_requests = 4, .slots = 2, .most = 10};
  CHECK(left.tokens(0) == 0);  // nothing is known yet
  CHECK(left.tokens(20) <= 40);
  for (int i = 0; i < 4; ++i) left.finished(10);
  CHECK(left.tokens(40) == 0);
}
