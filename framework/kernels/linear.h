// y = x W' + b, with a backward that adds the weight's gradient to where it is kept.
//
// Autograd's own linear makes a fresh tensor of the weight's size in every backward and adds it to .grad afterwards.
// Here the matrix product itself adds (beta = 1), which saves two passes over every weight a micro-batch.
#pragma once

#include <ATen/core/Tensor.h>

#include "framework/kernels/remade.h"

namespace ft {

// x [T, in], weight [out, in], bias [out] or undefined; returns [T, out]. Any device and floating dtype. `compute`:
// float32, or bfloat16, to which both operands of each product are rounded, forward and backward; results and sums stay
// in the dtype of x and of the weight.
// Backward: where weight.grad() is defined, the weight's gradient is added to it in place and autograd sees none (so
// autograd::grad() on the weight does not work then); else it is returned as usual. The same for the bias. Where x can be
// made again it is not kept.
[[nodiscard]] at::Tensor linear(const Remade& x, const at::Tensor& weight, const at::Tensor& bias = {},
                                at::ScalarType compute = at::kFloat);

// Does this processor multiply bfloat16 numbers itself? Otherwise it is emulated, at a fraction of float32's speed.
[[nodiscard]] bool has_native_bfloat16();

// left right, [M, K] times [K, N], from operands rounded to `compute`, in the dtype of `left`. Sums of more than 8,192
// terms are added in stretches of 1,024, so that float32 keeps its digits whatever the BLAS does.
[[nodiscard]] at::Tensor product(const at::Tensor& left, const at::Tensor& right, at::ScalarType compute);

// Rows tokens[t] of weight [V, H], as [T, H]; tokens [T] int64, each in 0 .. V-1. Backward as linear's, in a fixed
// order.
[[nodiscard]] at::Tensor embedding(const at::Tensor& weight, const at::Tensor& tokens);

// gradient += left' right, where left [T, out], right [T, in], gradient [out, in]; returns `gradient` or a new tensor
// when it is undefined. For backward functions of other layers that keep the rule above.
[[nodiscard]] at::Tensor add_weight_gradient(const at::Tensor& gradient, const at::Tensor& left,
                                             const at::Tensor& right, at::ScalarType compute = at::kFloat);

}  // namespace ft
