// ZeRO stage 1 (Rajbhandari et al. 2020): each data rank owns a run of blocks of the flat buffer, receives the summed
// gradient of those blocks alone, updates them, and hands the new weights to the others.
//
// The sum over ranks continues the tree over lanes (comm/tree_sum.h), and the norm is a sum over blocks in their order: both have
// the same bits at any power-of-two data size.
//
// Tensor axis: a rank's buffer holds its slices. Slices that several tensor ranks hold alike (norms; key and value
// heads where the axis is wider than they are many) must come with the same, complete gradient on each of them: layers
// see to that in their backward (parallel/tensor). The norm counts each such slice once, on the lowest rank that holds
// it.
//
//   GradientExchange exchange(parameters, groups);
//   Tensor owned = exchange.reduce(gradient);
//   double norm = exchange.norm(owned);
//   optimizer.step(owned, learning_rate, clip_scale(norm, limit));
//   exchange.gather_parameters();
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <vector>

#include "framework/comm/groups.h"
#include "framework/tensor/parameter.h"

namespace ft {

class GradientExchange {
 public:
  // Collective over groups.tensor. `parameters` must outlive the exchange.
  GradientExchange(ParameterSet& parameters, Groups groups);

  // The owned range of the flat buffer, in elements.
  [[nodiscard]] std::int64_t begin() const { return begin_; }
  [[nodiscard]] std::int64_t end() const { return begin_ + sizes_[groups_.data.rank()]; }

  // Collective over groups.data. gradient [parameters.size()]: this rank's sum. Returns the owned range of the sum over
  // all ranks, [end - begin].
  [[nodiscard]] at::Tensor reduce(const at::Tensor& gradient);

  // Collective over groups.world: Euclidean norm of the gradient of the whole model, from each rank's owned range. The
  // same bits on every rank. Squares are summed in float64.
  [[nodiscard]] double norm(const at::Tensor& owned);

  // Collective over groups.data: every rank's owned parameters to all ranks.
  void gather_parameters();

 private:
  Groups groups_;
  ParameterSet& parameters_;
  std::vector<std::int64_t> sizes_;       // elements owned by each data rank
  std::vector<std::int64_t> num_blocks_;  // blocks owned by each data rank
  std::vector<Block> owned_blocks_;
  std::vector<bool> counted_;  // per parameter: this tensor rank's slice enters the norm
  std::int64_t begin_ = 0;
};

// Sum of squares of each block, [blocks] float64; `owned` starts at element `begin` of the flat buffer.
[[nodiscard]] at::Tensor block_squares(const at::Tensor& owned, std::span<const Block> blocks, std::int64_t begin);

// Factor that brings a gradient of this norm down to `limit`; 1 when it is smaller or limit is 0 (no clipping).
[[nodiscard]] double clip_scale(double norm, double limit);

}  // namespace ft
