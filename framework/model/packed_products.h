// Products with the weights of a model that is not trained: sampling and scoring multiply by the same matrices thousands
// of times, so these are laid out for it once (kernels/packed_weight.h), rounded to bfloat16 where that is asked for.
//
//   PackedProducts packed(model, at::kBFloat16);      // until it goes; forwards without gradients use it
//   Tensor hidden = model.forward(tokens, positions, context);
#pragma once

#include <ATen/core/Tensor.h>

#include <memory>
#include <string_view>
#include <vector>

#include "framework/base/compute.h"
#include "framework/kernels/remade.h"
#include "framework/kernels/vocabulary_log_probs.h"
#include "framework/model/decoder.h"

namespace ft {

class PackedProducts {
 public:
  // `compute`: float32 or bfloat16. The weights must stay as they are until this goes. Who asks for the same once more
  // gets what is there; the other dtype at the same time is an Error. Where a model lies on a GPU nothing is packed: its
  // products are computed as training does, from operands of `compute` from now on.
  PackedProducts(Decoder& model, at::ScalarType compute);

 private:
  std::vector<std::shared_ptr<const PackedWeight>> weights_;
};

// Is every product with the model's weights one from packed weights now? Then rows of a forward without gradients have bits
// of their own, however many there are (kernels/packed_weight.h).
[[nodiscard]] bool all_packed(const Decoder& model);

[[nodiscard]] at::ScalarType compute_dtype(Compute compute);

// x weight' + bias: by the packed weight where there is one and no gradient is wanted, else by linear(). For layers.
[[nodiscard]] at::Tensor project(const Remade& x, const Parameter& weight, const Parameter* bias = nullptr);

// As chunked_log_probs (kernels/vocabulary_log_probs.h), the logits by project(). For heads.
[[nodiscard]] at::Tensor project_log_probs(const at::Tensor& hidden, const Parameter& weight, const at::Tensor& rows,
                                           const at::Tensor& targets, std::int64_t chunk_rows,
                                           const ChunkLogProbs& softmax);

}  // namespace ft
