#include "framework/comm/across_hosts.h"

#include <algorithm>
#include <numeric>
#include <utility>

namespace ft {

AcrossHosts::AcrossHosts(Transport& transport, std::vector<int> speakers, int own)
    : transport_(transport), speakers_(std::move(speakers)), own_(own) {}

std::vector<std::byte> AcrossHosts::gather(Name name, std::span<const std::byte> mine,
                                           std::span<const std::int64_t> sizes) {
  // Bytes of `count` hosts in turn, from `first` on.
  const auto bytes_of = [&](int first, int count) {
    std::int64_t sum = 0;
    for (int i = 0; i < count; ++i) sum += sizes[static_cast<std::size_t>((first + i) % hosts())];
    return sum;
  };
  std::vector<std::byte> all(static_cast<std::size_t>(bytes_of(own_, hosts())));
  std::ranges::copy(mine, all.begin());
  for (int have = 1; have < hosts(); have *= 2) {  // the bytes of `have` hosts in turn are here
    const int more = std::min(have, hosts() - have);
    const Outgoing send{speaker(own_ + hosts() - have), all.data(), bytes_of(own_, more)};
    const Incoming receive{speaker(own_ + have), all.data() + bytes_of(own_, have), bytes_of(own_ + have, more)};
    transport_.exchange(name, {&receive, receive.bytes > 0 ? 1U : 0U}, {&send, send.bytes > 0 ? 1U : 0U});
  }
  return all;
}

void AcrossHosts::broadcast(Name name, std::span<std::byte> data, int root) {
  if (data.empty()) return;
  const auto bytes = static_cast<std::int64_t>(data.size());
  const int turn = (own_ - root + hosts()) % hosts();  // the root's is 0
  for (int step = 1; step < hosts(); step *= 2) {      // the first `step` hosts in turn have it
    if (turn < step && turn + step < hosts()) {
      const Outgoing send{speaker(own_ + step), data.data(), bytes};
      transport_.exchange(name, {}, {&send, 1});
    } else if (turn >= step && turn < 2 * step) {
      const Incoming receive{speaker(own_ + hosts() - step), data.data(), bytes};
      transport_.exchange(name, {&receive, 1}, {});
    }
  }
}

}  // namespace ft
