#include "framework/batching/order.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <numeric>
#include <set>
#include <vector>

#include "framework/base/error.h"
#include "tests/support/doctest_torch.h"

using namespace ft;

namespace {

std::vector<std::int64_t> epoch_of(const ExampleOrder& order, std::int64_t epoch) {
  std::vector<std::int64_t> examples;
  for (std::int64_t i = 0; i < order.num_examples(); ++i)
    examples.push_back(order.at(epoch * order.num_examples() + i));
  return examples;
}

std::string digest_of(const std::vector<std::uint64_t>& ids) {
  ConsumedDigest digest;
  for (std::uint64_t id : ids) digest.add(id);
  return digest.text();
}

}  // namespace

TEST_CASE("every epoch holds every example exactly once, and epochs differ") {
  for (std::int64_t n : {1, 2, 3, 7, 64, 1000}) {
    const ExampleOrder order(5, n);
    std::set<std::vector<std::int64_t>> different;
    for (std::int64_t epoch = 0; epoch < 5; ++epoch) {
      std::vector<std::int64_t> examples = epoch_of(order, epoch);
      different.insert(examples);
      std::ranges::sort(examples);
      std::vector<std::int64_t> all(static_cast<std::size_t>(n));
      std::iota(all.begin(), all.end(), 0);
      CHECK(examples == all);
    }
    if (n >= 64) CHECK(different.size() == 5);
  }
}

TEST_CASE("the order is a function: whoever asks, in whatever sequence, gets the same") {
  const std::int64_t n = 101;
  const ExampleOrder forward(9, n), other(9, n), backward(9, n);
  std::vector<std::int64_t> expected;
  for (std::int64_t p = 0; p < 6 * n; ++p) expected.push_back(forward.at(p));
  for (std::int64_t p = 6 * n - 1; p >= 0; --p) CHECK(backward.at(p) == expected[p]);
  for (std::int64_t k = 0; k < 6 * n; ++k) {
    const std::int64_t p = k * 53 % (6 * n);  // jumps between epochs, two of the same parity included
    CHECK(other.at(p) == expected[p]);
  }
  CHECK(ExampleOrder(9, n).at(4 * n + 17) == expected[4 * n + 17]);  // a resumed run
}

TEST_CASE("these orders never change: saved runs depend on them") {
  const ExampleOrder order(1, 8);
  CHECK(epoch_of(order, 0) == std::vector<std::int64_t>{4, 2, 7, 0, 6, 3, 1, 5});
  CHECK(epoch_of(order, 1) == std::vector<std::int64_t>{0, 4, 6, 7, 3, 1, 5, 2});
}

TEST_CASE("another seed, and another epoch, give unrelated orders") {
  const std::int64_t n = 2000;
  const auto fixed_points = [n](const std::vector<std::int64_t>& a, const std::vector<std::int64_t>& b) {
    std::int64_t same = 0;
    for (std::int64_t i = 0; i < n; ++i) same += a[i] == b[i] ? 1 : 0;
    return same;  // Poisson(1) for independent permutations
  };
  const ExampleOrder one(1, n), two(2, n);
  CHECK(fixed_points(epoch_of(one, 0), epoch_of(two, 0)) <= 6);
  CHECK(fixed_points(epoch_of(one, 0), epoch_of(one, 1)) <= 6);
  CHECK(fixed_points(epoch_of(one, 1), epoch_of(two, 0)) <= 6);
}

TEST_CASE("all permutations of four examples are equally likely") {
  constexpr int kEpochs = 24'000;
  const ExampleOrder order(3, 4);
  std::map<std::vector<std::int64_t>, int> counts;
  for (int epoch = 0; epoch < kEpochs; ++epoch) ++counts[epoch_of(order, epoch)];
  CHECK(counts.size() == 24);
  double chi_square = 0;  // 23 degrees of freedom: above 49.7 with probability 0.001
  for (const auto& [permutation, count] : counts) chi_square += std::pow(count - kEpochs / 24.0, 2) / (kEpochs / 24.0);
  CHECK(chi_square < 49.7);
}

TEST_CASE("the digest depends on every id and on their order, and goes on from its text") {
  const std::string all = digest_of({1, 2, 3, 4});
  CHECK(all.size() == 32);
  CHECK(all == digest_of({1, 2, 3, 4}));
  CHECK(all != digest_of({1, 2, 4, 3}));
  CHECK(all != digest_of({1, 2, 3}));
  CHECK(all != digest_of({1, 2, 3, 4, 0}));
  CHECK(digest_of({}) != digest_of({0}));
  ConsumedDigest resumed(digest_of({1, 2}));
  resumed.add(3);
  resumed.add(4);
  CHECK(resumed.text() == all);
  CHECK(ConsumedDigest(all).text() == all);
}

TEST_CASE("what is no order and no digest is refused") {
  CHECK_THROWS_WITH_AS(ExampleOrder(1, 0), doctest::Contains("from 1 to 2^32-1 examples, not 0"), Error);
  CHECK_THROWS_WITH_AS((void)ExampleOrder(1, 5).at(-1), doctest::Contains("positions count from 0, not -1"), Error);
  for (const char* bad : {"abc", "0123456789abcdef0123456789abcdeg", "0123456789abcdef0123456789abcdef0"}) {
    CHECK_THROWS_WITH_AS(ConsumedDigest{bad}, doctest::Contains("is no digest of consumed examples"), Error);
  }
}
