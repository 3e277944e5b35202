// Which ranks share a host, and what follows from it for the way of a byte between hosts.
//
// The tree over ranks (tree_sum.h) has nodes whose ranks all sit on one host: what these ranks add up to can be formed
// there, and only the sum crosses to another host. Where a host's ranks are an aligned power of two of them that is one
// sum a host; elsewhere a few, never more than there are ranks, and always the same tree.
//
//   const HostLayout layout({0, 0, 1, 1});
//   layout.nodes()         -> {host 0, ranks 0 and 1}, {host 1, ranks 2 and 3}
//   layout.handler(1, 0)   -> 2: who on host 1 deals with what belongs to rank 0
#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace ft {

// A node of the tree over ranks: the ranks [first, first + count), all on one host.
struct HostNode {
  int host;
  int first;
  int count;
};

class HostLayout {
 public:
  // `hosts`: as Transport::hosts(), of at least one rank.
  explicit HostLayout(std::span<const int> hosts);

  [[nodiscard]] int num_ranks() const { return static_cast<int>(hosts_.size()); }
  [[nodiscard]] int num_hosts() const { return static_cast<int>(members_.size()); }
  [[nodiscard]] int host_of(int rank) const { return hosts_[static_cast<std::size_t>(rank)]; }
  // The ranks of a host, in order.
  [[nodiscard]] const std::vector<int>& members(int host) const { return members_[static_cast<std::size_t>(host)]; }
  // The place of a rank among those of its host.
  [[nodiscard]] int place(int rank) const { return places_[static_cast<std::size_t>(rank)]; }
  // The rank on `host` that deals with what belongs to `rank`: `rank` itself on its own host, elsewhere its twin by
  // place. So each byte comes to a host once, and the work is spread over the host's ranks.
  [[nodiscard]] int handler(int host, int rank) const;
  // The largest nodes within hosts: together all ranks, in their order.
  [[nodiscard]] const std::vector<HostNode>& nodes() const { return nodes_; }

 private:
  void cut(int first, int count);

  std::vector<int> hosts_, places_;
  std::vector<std::vector<int>> members_;
  std::vector<HostNode> nodes_;
};

}  // namespace ft
