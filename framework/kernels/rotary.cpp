#include "framework/kernels/rotary.h"

#include <ATen/ATen.h>

namespace ft {

using at::Tensor;

RotaryAngles rotary_angles(const Tensor& inverse_frequencies, const Tensor& positions) {
  const Tensor angles = positions.to(at::kFloat).unsqueeze(1) * inverse_frequencies.unsqueeze(0);
  return {angles.cos(), angles.sin()};
}

Tensor rotate_reference(const Tensor& x, const RotaryAngles& angles) {
  const std::int64_t half = x.size(-1) / 2;
  const Tensor a = x.narrow(-1, 0, half), b = x.narrow(-1, half, half);
  const Tensor cos = angles.cos.unsqueeze(1), sin = angles.sin.unsqueeze(1);
  return at::cat({a * cos - b * sin, b * cos + a * sin}, -1);
}

Tensor rotate(const Tensor& x, const RotaryAngles& angles) { return rotate_reference(x, angles); }

}  // namespace ft
