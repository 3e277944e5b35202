// The gate of a Llama feed-forward layer (Shazeer 2020).
#pragma once

#include <ATen/core/Tensor.h>

namespace ft {

// gate * sigmoid(gate) * up, elementwise; gate and up of one shape. Differentiable; one pass each way on the CPU in
// float32 (the sigmoid is computed again in backward), elsewhere the reference.
[[nodiscard]] at::Tensor swiglu(const at::Tensor& gate, const at::Tensor& up);

[[nodiscard]] at::Tensor swiglu_reference(const at::Tensor& gate, const at::Tensor& up);

}  // namespace ft
