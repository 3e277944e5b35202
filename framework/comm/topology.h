// Which rank sits where in the grid of data x tensor, and which lanes it computes. Arithmetic only: nothing is sent, so
// that `ftrun plan` can ask about machines that are not there.
//
// Tensor ranks are neighbours (world = data * tensor_size + tensor): they talk most and so share a host.
//
//   const Topology topology = make_topology(comm.size(), settings.parallel.tensor, place_of_the_key);
//   const LaneRange lanes = topology.lanes_of(topology.data_rank(comm.rank()), settings.lanes);
#pragma once

#include <cstdint>
#include <string>

#include "framework/base/error.h"

namespace ft {

// The lanes [begin, end) of a step.
struct LaneRange {
  std::int64_t begin = 0;
  std::int64_t end = 0;
  [[nodiscard]] std::int64_t count() const { return end - begin; }
};

struct Topology {
  int ranks = 1;
  int tensor = 1;  // ranks that share one copy of the model; divides ranks

  [[nodiscard]] int data() const { return ranks / tensor; }
  [[nodiscard]] int data_rank(int world_rank) const { return world_rank / tensor; }
  [[nodiscard]] int tensor_rank(int world_rank) const { return world_rank % tensor; }
  [[nodiscard]] int world_rank(int data_rank, int tensor_rank) const { return data_rank * tensor + tensor_rank; }

  // Lanes [d*L/D, (d+1)*L/D) of a step of L lanes for data rank d of D: contiguous, in rank order, each lane once.
  // Ranks may get none where L < D. Throws Error outside 0 <= d < D, or L < 0.
  [[nodiscard]] LaneRange lanes_of(int data_rank, std::int64_t num_lanes) const;

  // Whether a step of `num_lanes` has the same bits on this number of data ranks as on one: both are powers of two.
  [[nodiscard]] bool keeps_bits(std::int64_t num_lanes) const;

  // For the log: "6 ranks = 3 data x 2 tensor".
  [[nodiscard]] std::string describe() const;

  // For the log, empty when all is well: what the user loses with this number of lanes (bits that differ from other
  // numbers of ranks, ranks without work, ranks with more work than others), and which numbers are better.
  [[nodiscard]] std::string lanes_note(std::int64_t num_lanes) const;
};

// The grid of `ranks` with `tensor` ranks a copy of the model. Throws UserError at `where` (the key parallel.tensor;
// may be empty) when they do not divide, with the values that would do.
[[nodiscard]] Topology make_topology(int ranks, int tensor, const Place& where = {});

}  // namespace ft
