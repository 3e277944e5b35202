// From the log-probabilities of a batch's targets to the loss of a step, and each term's sum for the log.
//
// With l(s) = sum of the log-probabilities of span s (natural logarithm), an item of each kind is
//   mle                 -l(s0)                                            unit: token of s0
//   cross_entropy_full  -l(s0)                                            unit: item
//   cross_entropy_two   softplus(l(s1) - l(s0))                           unit: item
//   margin              max(0, log S(s2, s3) - log S(s0, s1) + margin)    unit: pair
//   contrastive         max(0, l(s1)/|s1|^a - l(s0)/|s0|^a + margin)      unit: pair
// where log S(c, i) = -softplus(l(i) - l(c)) (arXiv 2310.10047, equations 7 to 10), and the loss of a step is  sum over kinds of weight[kind] * sum(items) / count[kind],
// where count is the number of units in the whole step, over all micro-batches, lanes and ranks. Because every
// micro-batch divides by the step's counts, the gradient does not depend on how the step is cut.
//
//   Tensor log_probs = model.log_probs(hidden, batch.target_rows, batch.targets);
//   BatchLoss loss = batch_loss(log_probs, batch, weights, step_counts);
//   if (loss.total.requires_grad()) loss.total.backward();
#pragma once

#include <ATen/core/Tensor.h>

#include <array>
#include <cstdint>
#include <string_view>

#include "framework/batching/batch.h"
#include "framework/batching/example.h"

namespace ft {

using LossCounts = std::array<std::int64_t, kNumLossKinds>;
using LossSums = std::array<double, kNumLossKinds>;

struct BatchLoss {
  at::Tensor total;    // scalar, float64, on the host: this batch's share of the step's loss; differentiable
  LossSums sums = {};  // each kind's sum over the batch's items, unweighted, undivided
};

// log_probs [M]: of batch.targets, in order; any device and dtype. Sums are formed in float64 on the host, in a fixed
// order. `counts`: units of the whole step; a kind that occurs in the batch must have a positive count.
[[nodiscard]] BatchLoss batch_loss(const at::Tensor& log_probs, const Batch& batch, const LossWeights& weights,
                                   const LossCounts& counts);

// sum over kinds of weight * sums / counts; kinds without units contribute nothing.
[[nodiscard]] double weighted_total(const LossSums& sums, const LossWeights& weights, const LossCounts& counts);

// "mle", "cross_entropy_full", ...: the names of terms in logs.
[[nodiscard]] std::string_view to_string(LossKind kind);

}  // namespace ft
