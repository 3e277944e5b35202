// The verbs among processes, for tensors in host memory: the algorithms, once, over whatever Transport there is.
//
// Within a host data goes through shared buffers, a round at a time (window_rounds.h): sums are formed straight from the
// others' buffers, each rank its own slice. Between hosts each byte travels once for each host, not for each rank:
// - a sum over ranks: each host adds what its ranks give, as far as the tree over ranks allows (host_layout.h), and
//   sends the sums of a slice to the rank that owns it. So the order of additions is that of tree_sum.h on any hosts.
// - a slice for all ranks goes to one rank of each host, the others read it there.
// Tensors of any size go in chunks, so that the memory for what others give stays bounded.
//
// Every exchange between hosts begins with a small record from each rank to all others, handed on by one rank a host:
// what the exchange is, and the first bytes of what is to be said. So ranks that disagree all get an Error that names
// both; what is short (flags, counters, agreements) is said with that record; and the lengths of all are known.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "framework/comm/host_layout.h"
#include "framework/comm/transport.h"
#include "framework/comm/window_rounds.h"

namespace ft {

class TransportCommunicator final : public Communicator {
 public:
  explicit TransportCommunicator(std::unique_ptr<Transport> transport);

  [[nodiscard]] int rank() const override { return rank_; }
  [[nodiscard]] int size() const override { return layout_.num_ranks(); }
  [[nodiscard]] std::vector<int> hosts() const override;
  void all_reduce(Name name, at::Tensor inout, ReduceOp op) override;
  void all_gather(Name name, at::Tensor out, const at::Tensor& shard, std::span<const std::int64_t> sizes) override;
  void reduce_scatter(Name name, at::Tensor shard, const at::Tensor& in, std::span<const std::int64_t> sizes) override;
  [[nodiscard]] std::vector<std::string> all_gather_bytes(Name name, std::string_view bytes) override;
  [[nodiscard]] std::vector<std::string> gather_bytes(Name name, std::string_view bytes, int root) override;
  [[nodiscard]] std::string broadcast_bytes(Name name, std::string_view bytes, int root) override;
  void barrier(Name name) override;
  [[nodiscard]] std::unique_ptr<SharedCounter> make_counter(Name name) override;
  [[nodiscard]] std::unique_ptr<Communicator> split(int colour, int key) override;
  [[noreturn]] void abort(std::string_view why, ExitCode code = ExitCode::failure) override;

 private:
  // What every rank says to all others at the beginning of an exchange.
  struct Greeting;
  // How a tensor is added over ranks.
  struct Sum {
    at::ScalarType dtype;
    ReduceOp op;
    std::int64_t width;  // bytes of an element
  };
  // A run of elements in this rank's memory.
  struct Run {
    const std::byte* at;
    std::int64_t count;
  };

  [[nodiscard]] int own_host() const { return layout_.host_of(rank_); }
  [[nodiscard]] bool one_host() const { return layout_.num_hosts() == 1; }
  // The rank of each host that speaks to other hosts: the first one; on the host of `root`, if any, `root` itself.
  [[nodiscard]] std::vector<int> speakers(int root = -1) const;

  [[nodiscard]] std::vector<Greeting> greet(const Exchange& exchange, std::string_view bytes);
  // Where ranks share memory they are compared in each round anyway.
  void announce(const Exchange& exchange);
  [[noreturn]] void throw_disagreement(const Exchange& exchange, const std::vector<Greeting>& all);
  // all + r * bytes becomes the record of rank r; this rank's own is there already.
  void gather_records(const Exchange& exchange, std::byte* all, std::int64_t bytes);
  // Everybody's pieces to everybody: `of_rank[r]`, of the same size on all ranks. This rank's own is filled.
  void spread(const Exchange& exchange, const Pieces& of_rank);

  [[nodiscard]] std::int64_t slice_elements(std::int64_t width) const;
  void reduce_slices(const Exchange& exchange, std::byte* shard, const std::byte* in, const Sum& sum,
                     std::span<const std::int64_t> sizes);
  void reduce_chunk(const Exchange& exchange, std::byte* shard, const std::vector<Run>& slices, std::int64_t stride,
                    const Sum& sum);
  void all_reduce_small(const Exchange& exchange, const at::Tensor& inout, const Sum& sum);

  std::unique_ptr<Transport> transport_;
  HostLayout layout_;
  int rank_;
  WindowRounds window_;
  std::vector<std::byte> host_sums_, foreign_sums_;
};

}  // namespace ft
