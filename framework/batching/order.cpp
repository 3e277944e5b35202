#include "framework/batching/order.h"

#include <xxhash.h>

#include <charconv>
#include <limits>
#include <numeric>
#include <utility>

#include "framework/base/error.h"

namespace ft {

Order::Order(std::uint64_t seed, std::int64_t num_examples) : random_(seed, "order"), num_examples_(num_examples) {
  FT_CHECK(num_examples > 0 && num_examples <= std::numeric_limits<std::uint32_t>::max(),
           "an order needs from 1 to 2^32-1 examples, not {}", num_examples);
}

void Order::draw(Epoch& epoch, std::int64_t number) const {
  epoch.number = number;
  epoch.examples.resize(static_cast<std::size_t>(num_examples_));
  std::iota(epoch.examples.begin(), epoch.examples.end(), 0U);
  const auto item = static_cast<std::uint64_t>(number);
  for (auto i = static_cast<std::uint64_t>(num_examples_) - 1; i > 0; --i) {
    std::swap(epoch.examples[i], epoch.examples[random_.below(i + 1, item, i)]);
  }
}

std::int64_t Order::at(std::int64_t position) const {
  FT_CHECK(position >= 0, "positions count from 0, not {}", position);
  const std::int64_t number = epoch_of(position);
  Epoch& epoch = epochs_[static_cast<std::size_t>(number % 2)];
  if (epoch.number != number) draw(epoch, number);
  return epoch.examples[static_cast<std::size_t>(position % num_examples_)];
}

ConsumedDigest::ConsumedDigest(std::string_view saved) {
  if (saved.empty()) return;
  constexpr std::size_t kDigits = 16;
  bool good = saved.size() == 2 * kDigits;
  for (std::size_t i = 0; good && i < state_.size(); ++i) {
    const char* const first = saved.data() + i * kDigits;
    const auto [end, error] = std::from_chars(first, first + kDigits, state_[i], 16);
    good = error == std::errc() && end == first + kDigits;
  }
  FT_CHECK(good, "'{}' is no digest of consumed examples", saved);
}

void ConsumedDigest::add(std::uint64_t id) {
  const std::array<std::uint64_t, 3> link = {state_[0], state_[1], id};
  const XXH128_hash_t hash = XXH3_128bits(link.data(), sizeof link);
  state_ = {hash.high64, hash.low64};
}

std::string ConsumedDigest::text() const { return fmt::format("{:016x}{:016x}", state_[0], state_[1]); }

}  // namespace ft
