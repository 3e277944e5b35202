#include "framework/batching/order.h"

#include <limits>
#include <numeric>
#include <utility>

#include "framework/base/digest.h"
#include "framework/base/error.h"

namespace ft {
namespace {

constexpr std::size_t kDigits = 32;  // of XXH3-128 in hexadecimal

}  // namespace

ExampleOrder::ExampleOrder(std::uint64_t seed, std::int64_t num_examples)
    : random_(seed, "order"), num_examples_(num_examples) {
  FT_CHECK(num_examples > 0 && num_examples <= std::numeric_limits<std::uint32_t>::max(),
           "an order needs from 1 to 2^32-1 examples, not {}", num_examples);
}

void ExampleOrder::draw(Epoch& epoch, std::int64_t number) const {
  epoch.number = number;
  epoch.examples.resize(static_cast<std::size_t>(num_examples_));
  std::iota(epoch.examples.begin(), epoch.examples.end(), 0U);
  const auto item = static_cast<std::uint64_t>(number);
  for (auto i = static_cast<std::uint64_t>(num_examples_) - 1; i > 0; --i) {
    std::swap(epoch.examples[i], epoch.examples[random_.below(i + 1, item, i)]);
  }
}

std::int64_t ExampleOrder::at(std::int64_t position) const {
  FT_CHECK(position >= 0, "positions count from 0, not {}", position);
  const std::int64_t number = epoch_of(position);
  Epoch& epoch = epochs_[static_cast<std::size_t>(number % 2)];
  if (epoch.number != number) draw(epoch, number);
  return epoch.examples[static_cast<std::size_t>(position % num_examples_)];
}

ConsumedDigest::ConsumedDigest(std::string_view saved) : state_(kDigits, '0') {
  if (saved.empty()) return;
  FT_CHECK(saved.size() == kDigits && saved.find_first_not_of("0123456789abcdef") == std::string_view::npos,
           "'{}' is no digest of consumed examples", saved);
  state_ = saved;
}

void ConsumedDigest::add(std::uint64_t id) { state_ = xxh128(fmt::format("{}{:016x}", state_, id)); }

}  // namespace ft
