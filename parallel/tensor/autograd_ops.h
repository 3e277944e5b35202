// Where values enter, leave and cross a tensor group, as differentiable functions. Each is the conjugate of another:
// what one does in its forward, the other does in its backward (Shoeybi et al. 2019, section 3).
//
//   copy      forward: nothing               backward: sum over the group
//   reduce    forward: sum over the group    backward: nothing
//   gather    forward: columns of all ranks  backward: this rank's columns
//
// Used in that way, gradients of values that are whole on every rank are whole on every rank, too. All sums are of
// the tree over ranks, so these gradients have the same bits on all ranks.
//
// Forward and, where gradients flow, backward are collective over the group. Autograd runs backward functions in the
// reverse order of their forwards, in the calling thread on the CPU: the same order on every rank, as all build the
// same graph. The group must outlive the graph.
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <vector>

#include "framework/comm/communicator.h"

namespace ft {

// x, whole and the same on every rank, enters computations that differ by rank.
[[nodiscard]] at::Tensor copy_to_group(const at::Tensor& x, Communicator& group, Name name);

// The sum of the ranks' x, which all have the same shape. A new tensor.
[[nodiscard]] at::Tensor reduce_over_group(const at::Tensor& x, Communicator& group, Name name);

// x [T, widths[rank]] -> [T, sum of widths]: all ranks' columns in rank order. The gradient of the result must be the
// same on every rank.
[[nodiscard]] at::Tensor gather_columns(const at::Tensor& x, const std::vector<std::int64_t>& widths,
                                        Communicator& group, Name name);

// x itself; its gradient counts on the first rank of the group and is dropped on the others. For ranks that compute the
// same thing from the same x before a sum over a larger group. Not collective.
[[nodiscard]] at::Tensor count_once(const at::Tensor& x, const Communicator& group);

}  // namespace ft
