#include "framework/kernels/rms_norm.h"

#include <ATen/ATen.h>

#include <algorithm>
#include <cmath>
#include <vector>

#include "framework/base/error.h"
#include "framework/kernels/kernel_function.h"
#include "framework/kernels/simd.h"

FT_SIMD_BEGIN
namespace ft {
namespace {

using at::Tensor;
using simd::kWidth;
using simd::Vector;
using torch::autograd::Variable;
using torch::autograd::variable_list;

// The last vector of a row may be partial; a row's sums run over its vectors in order.
FT_SIMD_INLINE Vector load_at(const float* row, std::int64_t i, std::int64_t width) {
  return i + kWidth <= width ? simd::load(row + i) : simd::load_part(row + i, width - i);
}
FT_SIMD_INLINE void store_at(float* row, std::int64_t i, std::int64_t width, const Vector& x) {
  if (i + kWidth <= width) {
    simd::store(row + i, x);
  } else {
    simd::store_part(row + i, x, width - i);
  }
}

struct Size {
  std::int64_t rows, width;
};

// sum <- x + delta (delta may be null: then sum is not written), normed <- sum / rms * weight, inverse <- 1 / rms.
FT_SIMD_CLONES void norm_rows(Size size, const float* x, const float* delta, const float* weight, float epsilon,
                              float* sum, float* normed, float* inverse) {
  for (std::int64_t t = 0; t < size.rows; ++t) {
    const std::int64_t start = t * size.width;
    Vector squares = {};
    for (std::int64_t i = 0; i < size.width; i += kWidth) {
      Vector value = load_at(x + start, i, size.width);
      if (delta) {
        value += load_at(delta + start, i, size.width);
        store_at(sum + start, i, size.width, value);
      }
      squares += value * value;
    }
    const float r = 1.0f / std::sqrt(simd::sum(squares) / static_cast<float>(size.width) + epsilon);
    inverse[t] = r;
    const float* row = (delta ? sum : x) + start;
    for (std::int64_t i = 0; i < size.width; i += kWidth) {
      store_at(normed + start, i, size.width, load_at(row, i, size.width) * r * load_at(weight, i, size.width));
    }
  }
}

// With y = x r w: dx = r (g w - x r^2 mean(g w x)) + to_sum (null: zero); dw += sum over rows of g x r.
FT_SIMD_CLONES void norm_rows_backward(Size size, const float* x, const float* weight, const float* inverse,
                                       const float* g, const float* to_sum, float* dx, float* dw) {
  for (std::int64_t t = 0; t < size.rows; ++t) {
    const std::int64_t start = t * size.width;
    const float r = inverse[t];
    Vector dots = {};
    for (std::int64_t i = 0; i < size.width; i += kWidth) {
      dots += load_at(g + start, i, size.width) * load_at(weight, i, size.width) * load_at(x + start, i, size.width);
    }
    const float c = r * r * simd::sum(dots) / static_cast<float>(size.width);
    for (std::int64_t i = 0; i < size.width; i += kWidth) {
      const Vector value = load_at(x + start, i, size.width), up = load_at(g + start, i, size.width);
      Vector gradient = r * (up * load_at(weight, i, size.width) - value * c);
      if (to_sum) gradient += load_at(to_sum + start, i, size.width);
      store_at(dx + start, i, size.width, gradient);
      store_at(dw, i, size.width, load_at(dw, i, size.width) + up * value * r);
    }
  }
}

FT_SIMD_END

// Rows whose parts of the weight's gradient are added in one run, so that a hundred thousand rows do not wear off its
// digits.
constexpr std::int64_t kStretch = 1024;

Size size_of(const Tensor& x) { return {x.numel() / x.size(-1), x.size(-1)}; }

struct Normed {
  Tensor sum, normed, inverse;  // [.., H], [.., H], [rows]
};

Normed forward_cpu(const Tensor& x, const Tensor& delta, const Tensor& weight, double epsilon) {
  const Size size = size_of(x);
  Normed out{delta.defined() ? at::empty_like(x) : x, at::empty_like(x), at::empty({size.rows}, x.options())};
  norm_rows(size, x.const_data_ptr<float>(), delta.defined() ? delta.const_data_ptr<float>() : nullptr,
            weight.const_data_ptr<float>(), static_cast<float>(epsilon),
            delta.defined() ? out.sum.mutable_data_ptr<float>() : nullptr, out.normed.mutable_data_ptr<float>(),
            out.inverse.mutable_data_ptr<float>());
  return out;
}

// Returns {dx, dw}; dw is undefined where it was added to weight.grad().
std::pair<Tensor, Tensor> backward_cpu(const Tensor& x, const Tensor& weight, const Tensor& inverse, const Tensor& g,
                                       const Tensor& to_sum) {
  Tensor dx = at::empty_like(x);
  const Tensor grad = weight.grad();
  const bool in_place = grad.defined() && grad.is_contiguous();
  Tensor dw = in_place ? grad : at::zeros_like(weight);
  const Size size = size_of(x);
  std::vector<float> part(static_cast<std::size_t>(size.width));
  for (std::int64_t row = 0; row < size.rows; row += kStretch) {
    const std::int64_t start = row * size.width;
    std::fill(part.begin(), part.end(), 0.0f);
    norm_rows_backward({std::min(kStretch, size.rows - row), size.width}, x.const_data_ptr<float>() + start,
                       weight.const_data_ptr<float>(), inverse.const_data_ptr<float>() + row,
                       g.const_data_ptr<float>() + start,
                       to_sum.defined() ? to_sum.const_data_ptr<float>() + start : nullptr,
                       dx.mutable_data_ptr<float>() + start, part.data());
    float* sum = dw.mutable_data_ptr<float>();
    for (std::size_t i = 0; i < part.size(); ++i) sum[i] += part[i];
  }
  return {dx, in_place ? Tensor() : dw};
}

struct NormFunction : KernelFunction<NormFunction> {
  static Variable forward(KernelContext* context, const Variable& x, const Variable& weight, double epsilon) {
    const Tensor input = x.contiguous();
    const Normed out = forward_cpu(input, Tensor(), weight, epsilon);
    context->save_for_backward({input, weight, out.inverse});
    return out.normed;
  }
  static variable_list backward(KernelContext* context, variable_list upstream) {
    const variable_list& saved = context->get_saved_variables();
    auto [dx, dw] = backward_cpu(saved[0], saved[1], saved[2], upstream[0].contiguous(), Tensor());
    return {dx, dw, Tensor()};
  }
};

struct AddNormFunction : KernelFunction<AddNormFunction> {
  static variable_list forward(KernelContext* context, const Variable& x, const Variable& delta, const Variable& weight,
                               double epsilon) {
    context->set_materialize_grads(false);  // the last norm's sum has no other use, and no gradient
    const Normed out = forward_cpu(x.contiguous(), delta.contiguous(), weight, epsilon);
    context->save_for_backward({out.sum, weight, out.inverse});
    return {out.sum, out.normed};
  }
  static variable_list backward(KernelContext* context, variable_list upstream) {
    const variable_list& saved = context->get_saved_variables();
    if (!upstream[1].defined()) return {upstream[0], upstream[0], Tensor(), Tensor()};
    auto [dx, dw] = backward_cpu(saved[0], saved[1], saved[2], upstream[1].contiguous(),
                                 upstream[0].defined() ? upstream[0].contiguous() : Tensor());
    return {dx, dx, dw, Tensor()};
  }
};

bool runs_here(const Tensor& x, const Tensor& weight) {
  return x.device().is_cpu() && x.scalar_type() == at::kFloat && weight.scalar_type() == at::kFloat &&
         weight.is_contiguous();
}

}  // namespace

Tensor rms_norm(const Tensor& x, const Tensor& weight, double epsilon) {
  FT_CHECK(weight.dim() == 1 && x.dim() >= 1 && x.size(-1) == weight.size(0), "norm: x must be [..., H], weight [H]");
  return runs_here(x, weight) ? NormFunction::apply(x, weight, epsilon) : rms_norm_reference(x, weight, epsilon);
}

std::pair<Tensor, Tensor> add_rms_norm(const Tensor& x, const Tensor& delta, const Tensor& weight, double epsilon) {
  FT_CHECK(weight.dim() == 1 && x.dim() == 2 && x.sizes() == delta.sizes() && x.size(-1) == weight.size(0),
           "norm: x and delta must be [T, H], weight [H]");
  if (runs_here(x, weight)) {
    const variable_list out = AddNormFunction::apply(x, delta, weight, epsilon);
    return {out[0], out[1]};
  }
  Tensor sum = x + delta;
  return {sum, rms_norm_reference(sum, weight, epsilon)};
}

Tensor rms_norm_reference(const Tensor& x, const Tensor& weight, double epsilon) {
  return x * at::rsqrt(x.square().mean(-1, true) + epsilon) * weight;
}

}  // namespace ft
