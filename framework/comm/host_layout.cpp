#include "framework/comm/host_layout.h"

#include <algorithm>
#include <bit>

#include "framework/base/error.h"

namespace ft {

HostLayout::HostLayout(std::span<const int> hosts) : hosts_(hosts.begin(), hosts.end()) {
  FT_CHECK(!hosts.empty(), "hosts of no rank");
  for (int rank = 0; rank < num_ranks(); ++rank) {
    const int host = host_of(rank);
    FT_CHECK(host >= 0 && host <= num_hosts(), "host {} of rank {} comes before its time", host, rank);
    if (host == num_hosts()) members_.emplace_back();
    auto& of_host = members_[static_cast<std::size_t>(host)];
    places_.push_back(static_cast<int>(of_host.size()));
    of_host.push_back(rank);
  }
  cut(0, num_ranks());
}

int HostLayout::handler(int host, int rank) const {
  if (host == host_of(rank)) return rank;
  const std::vector<int>& there = members(host);
  return there[static_cast<std::size_t>(place(rank)) % there.size()];
}

// As reduce_tree descends: the left part holds the largest power of two below the count.
void HostLayout::cut(int first, int count) {
  const auto begin = hosts_.begin() + first;
  if (std::all_of(begin, begin + count, [&](int host) { return host == *begin; })) {
    nodes_.push_back({*begin, first, count});
    return;
  }
  const auto left = static_cast<int>(std::bit_floor(static_cast<unsigned>(count - 1)));
  cut(first, left);
  cut(first + left, count - left);
}

}  // namespace ft
