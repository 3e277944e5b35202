// One order of addition for everything that ranks and lanes add: a binary tree over contributions in their order.
//
// Floating-point addition is not associative: ranks that add in the order of arrival, or lanes that add from left to
// right, get other bits than another number of ranks. Here neighbours are added pairwise, like a binary counter
// carries: four contributions give ((c0+c1)+(c2+c3)). For a count that is no power of two the partial sums that are
// left over are folded from the smallest (rightmost) to the largest, always left + right: six give
// ((c0+c1)+(c2+c3))+(c4+c5), seven give ((c0+c1)+(c2+c3))+((c4+c5)+c6). In other words: the left subtree holds the
// largest power of two below the count.
//
// The lanes of one rank, a power of two, add up to an inner node of the tree over all lanes, and the sum between a power
// of two of ranks continues the same tree: it has the same bits for every number of ranks.
//
//   TreeSum sum;
//   for (const Lane& lane : my_lanes) sum.add(gradient_of(lane));
//   Tensor mine = sum.take();                    // a rank without lanes: zeros
//   comm.all_reduce("gradients", mine, ReduceOp::sum);
//
// Memory: at most log2(contributions) + 1 tensors at once.
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "framework/comm/communicator.h"

namespace ft {

class TreeSum {
 public:
  // Adds the next contribution, any shape, the same in every call. Taken over and written to: the caller does not use
  // it afterwards. bfloat16 and float16 are converted to float first, and the sum is float. Throws Error when shape or
  // dtype are not those of the first contribution.
  void add(at::Tensor contribution);

  // The sum of all contributions; leaves the object empty, ready for use again. Throws Error when there was none: who
  // has none contributes zeros. (x + 0 has the bits of x, except that -0.0 + 0.0 is 0.0.)
  [[nodiscard]] at::Tensor take();

  [[nodiscard]] std::int64_t num_added() const { return num_added_; }

 private:
  // levels_[k] holds the sum of 2^k neighbours that waits for its right-hand twin.
  std::vector<std::optional<at::Tensor>> levels_;
  std::int64_t num_added_ = 0;
};

// The same tree over plain memory, in one pass: out[i] = tree of contributions[r][i] for i in [0, count). `out` may be
// one of the contributions and may not overlap them otherwise. dtype: float, double, int32, int64. max hands on a NaN.
//
// `leaves`, where given, says how many neighbours each contribution is already the sum of: nodes of the tree over all of
// them (comm/host_layout.h). Throws Error for another dtype, no contribution, or sums that are no nodes of the tree.
void reduce_tree(at::ScalarType dtype, ReduceOp op, std::span<const void* const> contributions, void* out,
                 std::int64_t count, std::span<const int> leaves = {});

}  // namespace ft
