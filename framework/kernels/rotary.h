// Rotary position embedding (Su et al. 2021) in Hugging Face's half-rotation convention: element i of a head turns with
// element i + head_dim/2.
//
//   RotaryAngles angles = rotary_angles(inverse_frequencies, positions);      // once per forward
//   q = rotate(q, angles);                                                    // in every layer
#pragma once

#include <ATen/core/Tensor.h>

namespace ft {

struct RotaryAngles {
  at::Tensor cos;  // [T, head_dim/2]
  at::Tensor sin;  // [T, head_dim/2]
};

// inverse_frequencies [head_dim/2] float32, positions [T] int64. The angle is the float32 product, as in transformers.
// `scale` multiplies cos and sin (YaRN's attention factor): rotate() then also lengthens.
[[nodiscard]] RotaryAngles rotary_angles(const at::Tensor& inverse_frequencies, const at::Tensor& positions,
                                         double scale = 1);

// x [T, heads, head_dim] -> the same shape: (a, b) of the two halves become (a cos - b sin, b cos + a sin).
// Differentiable in x; one pass each way on the CPU in float32, elsewhere the reference.
[[nodiscard]] at::Tensor rotate(const at::Tensor& x, const RotaryAngles& angles);

[[nodiscard]] at::Tensor rotate_reference(const at::Tensor& x, const RotaryAngles& angles);

}  // namespace ft
