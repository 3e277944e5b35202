// One step of AdamW over a range of the flat buffers, in one pass over memory.
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>

namespace ft {

// AdamW with decoupled weight decay (Loshchilov and Hutter 2019), PyTorch's formula, g = gradient * gradient_scale:
//   p <- p (1 - lr weight_decay);  m <- m + (g - m)(1 - beta1);  v <- beta2 v + (1 - beta2) g g
//   p <- p - lr / (1 - beta1^step)  *  m / (sqrt(v) / sqrt(1 - beta2^step) + epsilon)
// parameter, gradient, first_moment, second_moment: [n] float32, contiguous (views of a flat buffer are); all but the
// gradient are changed in place. step counts from 1. gradient_scale carries clipping (and may be 1). Element i depends
// on the four elements i alone: cutting a range in two gives the same bits.
void adamw_step(const at::Tensor& parameter, const at::Tensor& gradient, const at::Tensor& first_moment,
                const at::Tensor& second_moment, double learning_rate, double beta1, double beta2, double epsilon,
                double weight_decay, std::int64_t step, double gradient_scale);

// The same by ATen's operations: the meaning of the above, and what other devices run.
void adamw_step_reference(const at::Tensor& parameter, const at::Tensor& gradient, const at::Tensor& first_moment,
                          const at::Tensor& second_moment, double learning_rate, double beta1, double beta2,
                          double epsilon, double weight_decay, std::int64_t step, double gradient_scale);

}  // namespace ft
