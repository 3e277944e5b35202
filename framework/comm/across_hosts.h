// How one rank of each host, its speaker, exchanges with those of the other hosts: in about log2(hosts) messages each.
//
// Every rank may construct and hold one; only the speakers call it. A message is the run of bytes that a host gives,
// whatever its ranks have put there.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "framework/comm/transport.h"

namespace ft {

class AcrossHosts {
 public:
  // The speaker of each host; `own`: the host of this rank. `transport` must outlive this.
  AcrossHosts(Transport& transport, std::vector<int> speakers, int own);

  // Each host gives `sizes[host]` bytes; all speakers get all of them, those of their own host first and then in turn:
  // own, own + 1, ..., 0, 1, ... Doubling (Bruck's algorithm).
  [[nodiscard]] std::vector<std::byte> gather(Name name, std::span<const std::byte> mine,
                                              std::span<const std::int64_t> sizes);

  // `data` of host `root` to the speakers of all hosts, by a binomial tree.
  void broadcast(Name name, std::span<std::byte> data, int root);

 private:
  [[nodiscard]] int hosts() const { return static_cast<int>(speakers_.size()); }
  [[nodiscard]] int speaker(int host) const { return speakers_[static_cast<std::size_t>(host % hosts())]; }

  Transport& transport_;
  std::vector<int> speakers_;
  int own_;
};

}  // namespace ft
