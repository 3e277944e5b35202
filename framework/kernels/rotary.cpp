#include "framework/kernels/rotary.h"

#include <ATen/ATen.h>

#include "framework/base/error.h"
#include "framework/kernels/kernel_function.h"
#include "framework/kernels/simd.h"

FT_SIMD_BEGIN
namespace ft {
namespace {

using at::Tensor;

struct Size {
  std::int64_t tokens, heads, half;
};

// sign +1 turns forwards, -1 is the transpose: it turns back, and scales as the turn forwards does.
FT_SIMD_CLONES void rotate_rows(Size size, const float* __restrict x, const float* __restrict cos,
                                const float* __restrict sin, float sign, float* __restrict out) {
  for (std::int64_t t = 0; t < size.tokens; ++t) {
    const float* c = cos + t * size.half;
    const float* s = sin + t * size.half;
    for (std::int64_t h = 0; h < size.heads; ++h) {
      for (std::int64_t i = 0; i < size.half; ++i) {
        const float a = x[i], b = x[i + size.half], turn = sign * s[i];
        out[i] = a * c[i] - b * turn;
        out[i + size.half] = b * c[i] + a * turn;
      }
      x += 2 * size.half;
      out += 2 * size.half;
    }
  }
}

FT_SIMD_END

Tensor rotate_cpu(const Tensor& x, const Tensor& cos, const Tensor& sin, float sign) {
  Tensor out = at::empty_like(x);
  rotate_rows({x.size(0), x.size(1), x.size(2) / 2}, x.const_data_ptr<float>(), cos.const_data_ptr<float>(),
              sin.const_data_ptr<float>(), sign, out.mutable_data_ptr<float>());
  return out;
}

struct RotateFunction : KernelFunction<RotateFunction> {
  static Tensor forward(KernelContext* context, const Tensor& x, const Tensor& cos, const Tensor& sin) {
    context->save_for_backward({cos, sin});
    return rotate_cpu(x.contiguous(), cos, sin, 1.0f);
  }
  static torch::autograd::variable_list backward(KernelContext* context, torch::autograd::variable_list upstream) {
    const auto& saved = context->get_saved_variables();
    return {rotate_cpu(upstream[0].contiguous(), saved[0], saved[1], -1.0f), Tensor(), Tensor()};
  }
};

}  // namespace

RotaryAngles rotary_angles(const Tensor& inverse_frequencies, const Tensor& positions, double scale) {
  const Tensor angles = positions.to(at::kFloat).unsqueeze(1) * inverse_frequencies.unsqueeze(0);
  if (scale == 1) return {angles.cos(), angles.sin()};
  return {angles.cos() * scale, angles.sin() * scale};
}

Tensor rotate(const Tensor& x, const RotaryAngles& angles) {
  FT_CHECK(
      x.dim() == 3 && angles.cos.dim() == 2 && angles.cos.size(0) == x.size(0) && angles.cos.size(1) * 2 == x.size(2),
      "rotary: x must be [T, heads, head_dim], angles [T, head_dim/2]");
  const bool fast =
      x.device().is_cpu() && x.scalar_type() == at::kFloat && angles.cos.is_contiguous() && angles.sin.is_contiguous();
  return fast ? RotateFunction::apply(x, angles.cos, angles.sin) : rotate_reference(x, angles);
}

Tensor rotate_reference(const Tensor& x, const RotaryAngles& angles) {
  const std::int64_t half = x.size(-1) / 2;
  const Tensor a = x.narrow(-1, 0, half), b = x.narrow(-1, half, half);
  const Tensor cos = angles.cos.unsqueeze(1), sin = angles.sin.unsqueeze(1);
  return at::cat({a * cos - b * sin, b * cos + a * sin}, -1);
}

}  // namespace ft
