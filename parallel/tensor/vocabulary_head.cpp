#include "parallel/tensor/vocabulary_head.h"

#include <ATen/ATen.h>

#include <algorithm>
#include <vector>

#include "framework/kernels/linear.h"
#include "framework/kernels/vocabulary_log_probs.h"
#include "framework/model/packed_products.h"
#include "parallel/tensor/autograd_ops.h"

namespace ft::tensor_parallel {
namespace {

using at::Tensor;

// log p of each row's target, whole on every rank; log_sum [M] receives log(sum over the whole vocabulary of
// exp(logits)). targets count from this rank's first row; those outside belong to another rank.
Tensor chunk_log_probs(const Tensor& logits, const Tensor& targets, Tensor log_sum, Communicator& tensor) {
  Tensor shift = row_max(logits);  // [M]
  tensor.all_reduce("largest logits", shift, ReduceOp::max);
  const Tensor outside = targets.lt(0).logical_or(targets.ge(logits.size(1)));  // [M]
  const Tensor place = targets.masked_fill(outside, 0).unsqueeze(1);            // [M, 1]
  const Tensor own = logits.gather(1, place).squeeze(1).masked_fill(outside, 0);
  Tensor packed = at::stack({row_sum_exp(logits, shift), own});  // [2, M]
  tensor.all_reduce("sums over the vocabulary and targets' logits", packed, ReduceOp::sum);
  log_sum.copy_(packed[0].log().add_(shift));
  return packed[1] - log_sum;
}

}  // namespace

ShardSpec rows_of_rank(std::int64_t vocab_size, int rank, int size) {
  const std::int64_t share = (vocab_size + size - 1) / size;
  return {.dim = 0, .begin = std::min(vocab_size, rank * share), .end = std::min(vocab_size, (rank + 1) * share)};
}

SplitHead::SplitHead(Communicator& tensor, const Parameter& weight) : tensor_(tensor), weight_(weight) {}

Tensor SplitHead::log_probs(const Tensor& hidden, const Tensor& rows, const Tensor& targets) {
  // By rank 0's share, the largest: the chunks must be the same on every rank.
  const std::int64_t step = vocabulary_chunk_rows(rows_of_rank(weight_.shape[0], 0, tensor_.size()).end);
  const Tensor entered = copy_to_group(hidden, tensor_, "gradient of the last hidden states");  // [T, H]
  return project_log_probs(entered, weight_, rows, targets - weight_.shard.begin, step,
                           [this](const Tensor& logits, const Tensor& own, const Tensor& log_sum) {
                             return chunk_log_probs(logits, own, log_sum, tensor_);
                           });
}

Tensor SplitHead::logits(const Tensor& hidden) {
  std::vector<std::int64_t> widths;
  for (int rank = 0; rank < tensor_.size(); ++rank) {
    const ShardSpec rows = rows_of_rank(weight_.shape[0], rank, tensor_.size());
    widths.push_back(rows.end - rows.begin);
  }
  const Tensor entered = copy_to_group(hidden, tensor_, "gradient of the last hidden states");  // [T, H]
  return gather_columns(project(entered, weight_), widths, tensor_, "logits");
}

}  // namespace ft::tensor_parallel
