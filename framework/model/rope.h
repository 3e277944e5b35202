// The frequencies of a decoder's rotary positions.
#pragma once

#include <ATen/core/Tensor.h>

#include "framework/model/model_config.h"

namespace ft {

// 1 / theta^(2 i / head_dim) for i in 0 .. head_dim/2 - 1, float32, with Llama 3's scaling where the config has it:
// wavelengths beyond original_max_position / low_freq_factor are stretched by `factor`, those below
// original_max_position / high_freq_factor left alone, the ones between interpolated.
[[nodiscard]] at::Tensor rope_inverse_frequencies(const ModelConfig& config);

}  // namespace ft
