#include "framework/kernels/swiglu.h"

#include <ATen/ATen.h>

#include "framework/base/error.h"
#include "framework/kernels/kernel_function.h"
#include "framework/kernels/simd.h"

FT_SIMD_BEGIN
namespace ft {
namespace {

using at::Tensor;
using simd::kWidth;
using simd::Vector;

FT_SIMD_CLONES void forward_range(std::int64_t n, const float* gate, const float* up, float* out) {
  std::int64_t i = 0;
  for (; i + kWidth <= n; i += kWidth) {
    const Vector g = simd::load(gate + i);
    simd::store(out + i, g * simd::sigmoid(g) * simd::load(up + i));
  }
  if (i < n) {
    const Vector g = simd::load_part(gate + i, n - i);
    simd::store_part(out + i, g * simd::sigmoid(g) * simd::load_part(up + i, n - i), n - i);
  }
}

// With s = sigmoid(gate): d gate = y up s (1 + gate (1 - s)), d up = y gate s.
FT_SIMD_CLONES void backward_range(std::int64_t n, const float* gate, const float* up, const float* upstream,
                                   float* to_gate, float* to_up) {
  for (std::int64_t i = 0; i < n; i += kWidth) {
    const std::int64_t count = n - i;
    const bool whole = count >= kWidth;
    const Vector g = whole ? simd::load(gate + i) : simd::load_part(gate + i, count);
    const Vector u = whole ? simd::load(up + i) : simd::load_part(up + i, count);
    const Vector y = whole ? simd::load(upstream + i) : simd::load_part(upstream + i, count);
    const Vector s = simd::sigmoid(g);
    const Vector dg = y * u * s * (1.0f + g * (1.0f - s)), du = y * g * s;
    if (whole) {
      simd::store(to_gate + i, dg);
      simd::store(to_up + i, du);
    } else {
      simd::store_part(to_gate + i, dg, count);
      simd::store_part(to_up + i, du, count);
    }
  }
}

FT_SIMD_END

struct SwigluFunction : KernelFunction<SwigluFunction> {
  static Tensor forward(KernelContext* context, const Tensor& gate, const Tensor& up) {
    const Tensor g = gate.contiguous(), u = up.contiguous();
    Tensor out = at::empty_like(g);
    forward_range(g.numel(), g.const_data_ptr<float>(), u.const_data_ptr<float>(), out.mutable_data_ptr<float>());
    context->save_for_backward({g, u});
    return out;
  }
  static torch::autograd::variable_list backward(KernelContext* context, torch::autograd::variable_list gradients) {
    const auto& saved = context->get_saved_variables();
    const Tensor upstream = gradients[0].contiguous();
    Tensor to_gate = at::empty_like(upstream), to_up = at::empty_like(upstream);
    backward_range(upstream.numel(), saved[0].const_data_ptr<float>(), saved[1].const_data_ptr<float>(),
                   upstream.const_data_ptr<float>(), to_gate.mutable_data_ptr<float>(),
                   to_up.mutable_data_ptr<float>());
    return {to_gate, to_up};
  }
};

}  // namespace

Tensor swiglu_reference(const Tensor& gate, const Tensor& up) { return at::silu(gate) * up; }

Tensor swiglu(const Tensor& gate, const Tensor& up) {
  FT_CHECK(gate.sizes() == up.sizes(), "SwiGLU: gate and up must have one shape");
  const bool fast = gate.device().is_cpu() && gate.scalar_type() == at::kFloat && up.scalar_type() == at::kFloat;
  return fast ? SwigluFunction::apply(gate, up) : swiglu_reference(gate, up);
}

}  // namespace ft
