#include "parallel/tensor/vocabulary_head.h"

#include <ATen/ATen.h>
#include <torch/csrc/autograd/custom_function.h>

#include <algorithm>
#include <vector>

#include "framework/base/error.h"
#include "framework/kernels/linear.h"
#include "framework/kernels/vocabulary_log_probs.h"
#include "parallel/tensor/autograd_ops.h"

namespace ft::tensor_parallel {
namespace {

using at::Tensor;
using torch::autograd::AutogradContext;
using torch::autograd::Variable;
using torch::autograd::variable_list;

// log p of each row's target, whole on every rank; log_sum [M] receives log(sum over the whole vocabulary of
// exp(logits)). targets count from this rank's first row; those outside belong to another rank.
Tensor chunk_log_probs(const Tensor& logits, const Tensor& targets, Tensor log_sum, Communicator& tensor) {
  Tensor shift = row_max(logits);  // [M]
  tensor.all_reduce("largest logits", shift, ReduceOp::max, Order::exact).wait();
  const Tensor outside = targets.lt(0).logical_or(targets.ge(logits.size(1)));  // [M]
  const Tensor place = targets.masked_fill(outside, 0).unsqueeze(1);            // [M, 1]
  const Tensor own = logits.gather(1, place).squeeze(1).masked_fill(outside, 0);
  Tensor packed = at::stack({row_sum_exp(logits, shift), own});  // [2, M]
  tensor.all_reduce("sums over the vocabulary and targets' logits", packed, ReduceOp::sum, Order::exact).wait();
  log_sum.copy_(packed[0].log().add_(shift));
  return packed[1] - log_sum;
}

// As kernels/vocabulary_log_probs, over one slice. The gradient of `hidden` is this slice's part: copy_to_group sums
// it.
struct SplitLogProbs : torch::autograd::Function<SplitLogProbs> {
  static Variable forward(AutogradContext* context, const Variable& hidden, const Variable& weight,
                          const Variable& rows, const Variable& targets, Communicator* tensor, std::int64_t step) {
    const std::int64_t count = rows.size(0);
    Tensor log_probs = at::empty({count}, hidden.options().dtype(at::kFloat));  // [M]
    Tensor log_sum = at::empty_like(log_probs);                                 // [M]
    Tensor kept;                                                                // the logits, where all fit one chunk
    for (std::int64_t begin = 0; begin < count; begin += step) {
      const std::int64_t size = std::min(step, count - begin);
      const Tensor picked = hidden.index_select(0, rows.narrow(0, begin, size));  // [size, H]
      const Tensor logits = at::mm(picked, weight.t()).to(at::kFloat);            // [size, V of this rank]
      log_probs.narrow(0, begin, size)
          .copy_(chunk_log_probs(logits, targets.narrow(0, begin, size), log_sum.narrow(0, begin, size), *tensor));
      if (count <= step) kept = logits;
    }
    context->save_for_backward({hidden, weight, rows, targets, log_sum, kept});
    context->saved_data["step"] = step;
    return log_probs;
  }

  static variable_list backward(AutogradContext* context, variable_list gradients) {
    const at::NoGradGuard no_grad;
    const variable_list saved = context->get_saved_variables();
    const Tensor &hidden = saved[0], &weight = saved[1], &rows = saved[2], &targets = saved[3], &log_sum = saved[4];
    const Tensor upstream = gradients[0].contiguous();  // [M]
    const std::int64_t count = rows.size(0), step = context->saved_data["step"].toInt();
    const bool in_place = weight.grad().defined(), wanted = context->needs_input_grad(1);
    Tensor to_weight = in_place || !wanted ? weight.grad() : at::zeros_like(weight);
    Tensor to_hidden = at::zeros_like(hidden);  // [T, H]
    for (std::int64_t begin = 0; begin < count; begin += step) {
      const std::int64_t size = std::min(step, count - begin);
      const Tensor chunk_rows = rows.narrow(0, begin, size);
      const Tensor picked = hidden.index_select(0, chunk_rows);  // [size, H]
      // Kept logits are copied, as backward may run twice on a retained graph.
      const Tensor logits = saved[5].defined() ? saved[5].clone() : at::mm(picked, weight.t()).to(at::kFloat);
      logits_to_gradient(logits, log_sum.narrow(0, begin, size), targets.narrow(0, begin, size),
                         upstream.narrow(0, begin, size));
      const Tensor to_logits = logits.to(hidden.scalar_type());
      if (wanted) to_weight = add_weight_gradient(to_weight, to_logits, picked);
      if (context->needs_input_grad(0)) to_hidden.index_add_(0, chunk_rows, at::mm(to_logits, weight));
    }
    return {to_hidden, in_place ? Tensor() : to_weight, Tensor(), Tensor(), Tensor(), Tensor()};
  }
};

}  // namespace

ShardSpec rows_of_rank(std::int64_t vocab_size, int rank, int size) {
  const std::int64_t share = (vocab_size + size - 1) / size;
  return {.dim = 0, .begin = std::min(vocab_size, rank * share), .end = std::min(vocab_size, (rank + 1) * share)};
}

SplitHead::SplitHead(Communicator& tensor, const Parameter& weight) : tensor_(tensor), weight_(weight) {}

Tensor SplitHead::log_probs(const Tensor& hidden, const Tensor& rows, const Tensor& targets) {
  FT_CHECK(rows.dim() == 1 && rows.sizes() == targets.sizes() && rows.scalar_type() == at::kLong &&
               targets.scalar_type() == at::kLong,
           "log-probabilities: rows and targets must be [M] of int64");
  // By rank 0's share, the largest: the chunks must be the same on every rank.
  const std::int64_t step = vocabulary_chunk_rows(rows_of_rank(weight_.shape[0], 0, tensor_.size()).end);
  const Tensor entered = copy_to_group(hidden, tensor_, "gradient of the last hidden states");  // [T, H]
  return SplitLogProbs::apply(entered, weight_.value, rows, targets - weight_.shard.begin, &tensor_, step);
}

Tensor SplitHead::logits(const Tensor& hidden) {
  std::vector<std::int64_t> widths;
  for (int rank = 0; rank < tensor_.size(); ++rank) {
    const ShardSpec rows = rows_of_rank(weight_.shape[0], rank, tensor_.size());
    widths.push_back(rows.end - rows.begin);
  }
  const Tensor entered = copy_to_group(hidden, tensor_, "gradient of the last hidden states");  // [T, H]
  return gather_columns(ft::linear(entered, weight_.value), widths, tensor_, "logits");
}

}  // namespace ft::tensor_parallel
