// The last layer with its vocabulary split by rows over the tensor group. It never holds logits of the whole vocabulary
// while it trains.
#pragma once

#include <ATen/core/Tensor.h>

#include "framework/comm/communicator.h"
#include "framework/model/layer_factory.h"
#include "framework/tensor/parameter.h"

namespace ft::tensor_parallel {

class SplitHead final : public VocabularyHead {
 public:
  // `weight`: this rank's rows; may be the embedding's. Every rank holds rows_of_rank(V, ...) of them.
  SplitHead(Communicator& tensor, const Parameter& weight);
  at::Tensor log_probs(const at::Tensor& hidden, const at::Tensor& rows, const at::Tensor& targets) override;
  at::Tensor logits(const at::Tensor& hidden) override;

 private:
  Communicator& tensor_;
  const Parameter& weight_;
};

// Rows [r * ceil(V / t), (r + 1) * ceil(V / t)) of V, cut at V: the slice of rank r of t.
[[nodiscard]] ShardSpec rows_of_rank(std::int64_t vocab_size, int rank, int size);

}  // namespace ft::tensor_parallel
