// Root-mean-square norm (Zhang and Sennrich 2019), alone and together with the residual addition before it.
#pragma once

#include <ATen/core/Tensor.h>

#include <utility>

namespace ft {

// x / sqrt(mean(x^2) + epsilon) * weight over the last dim. x [..., H], weight [H]; returns [..., H].
// Differentiable in x and weight; the weight's gradient follows the rule of linear.h (added to .grad where defined).
// One pass each way on the CPU in float32; elsewhere the reference.
[[nodiscard]] at::Tensor rms_norm(const at::Tensor& x, const at::Tensor& weight, double epsilon);

// The residual stream and its norm: {x + delta, rms_norm(x + delta)}. x, delta [T, H].
[[nodiscard]] std::pair<at::Tensor, at::Tensor> add_rms_norm(const at::Tensor& x, const at::Tensor& delta,
                                                             const at::Tensor& weight, double epsilon);

[[nodiscard]] at::Tensor rms_norm_reference(const at::Tensor& x, const at::Tensor& weight, double epsilon);

}  // namespace ft
