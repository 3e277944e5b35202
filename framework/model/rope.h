// The frequencies of a decoder's rotary positions.
#pragma once

#include <ATen/core/Tensor.h>

#include "framework/model/model_config.h"

namespace ft {

// 1 / theta^(2 i / head_dim) for i in 0 .. head_dim/2 - 1, float32, scaled as the config says (rope_config.h). Computed
// in double: within float32's rounding of transformers', which computes in float32.
[[nodiscard]] at::Tensor rope_inverse_frequencies(const ModelConfig& config);

}  // namespace ft
