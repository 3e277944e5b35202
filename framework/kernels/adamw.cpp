#include "framework/kernels/adamw.h"

#include <ATen/ATen.h>

#include <algorithm>
#include <cmath>

#include "framework/base/error.h"
#include "framework/kernels/simd.h"

FT_SIMD_BEGIN
namespace ft {
namespace {

using at::Tensor;
using simd::kWidth;

struct Coefficients {
  float shrink;         // 1 - lr * weight decay
  float first, second;  // 1 - beta1, beta2
  float fresh;          // 1 - beta2
  float root;           // 1 / sqrt(1 - beta2^step)
  float rate;           // lr / (1 - beta1^step)
  float epsilon, scale;
};

// Sixteen elements in place.
FT_SIMD_INLINE void step_vector(float* __restrict p, const float* __restrict g, float* __restrict m,
                                float* __restrict v, const Coefficients& c) {
  for (std::int64_t i = 0; i < kWidth; ++i) {
    const float gradient = g[i] * c.scale;
    m[i] += (gradient - m[i]) * c.first;
    v[i] = v[i] * c.second + c.fresh * gradient * gradient;
    p[i] = p[i] * c.shrink - c.rate * m[i] / (__builtin_sqrtf(v[i]) * c.root + c.epsilon);
  }
}

FT_SIMD_CLONES void step_range(std::int64_t n, float* p, const float* g, float* m, float* v, const Coefficients& c) {
  std::int64_t i = 0;
  for (; i + kWidth <= n; i += kWidth) step_vector(p + i, g + i, m + i, v + i, c);
  if (i == n) return;
  // The rest goes through whole vectors, too: an element's bits must not depend on where a range ends.
  float parts[4][kWidth] = {};
  const std::int64_t count = n - i;
  std::copy_n(p + i, count, parts[0]);
  std::copy_n(g + i, count, parts[1]);
  std::copy_n(m + i, count, parts[2]);
  std::copy_n(v + i, count, parts[3]);
  step_vector(parts[0], parts[1], parts[2], parts[3], c);
  std::copy_n(parts[0], count, p + i);
  std::copy_n(parts[2], count, m + i);
  std::copy_n(parts[3], count, v + i);
}

bool is_plain(const Tensor& x) { return x.device().is_cpu() && x.scalar_type() == at::kFloat && x.is_contiguous(); }

}  // namespace

void adamw_step(const Tensor& parameter, const Tensor& gradient, const Tensor& first_moment,
                const Tensor& second_moment, double learning_rate, double beta1, double beta2, double epsilon,
                double weight_decay, std::int64_t step, double gradient_scale) {
  FT_CHECK(step >= 1, "AdamW counts steps from 1, not {}", step);
  FT_CHECK(gradient.sizes() == parameter.sizes() && first_moment.sizes() == parameter.sizes() &&
               second_moment.sizes() == parameter.sizes(),
           "AdamW: parameter, gradient and moments must have one shape");
  if (!is_plain(parameter) || !is_plain(gradient) || !is_plain(first_moment) || !is_plain(second_moment)) {
    adamw_step_reference(parameter, gradient, first_moment, second_moment, learning_rate, beta1, beta2, epsilon,
                         weight_decay, step, gradient_scale);
    return;
  }
  const double correction1 = 1 - std::pow(beta1, static_cast<double>(step));
  const double correction2 = 1 - std::pow(beta2, static_cast<double>(step));
  const Coefficients c{.shrink = static_cast<float>(1 - learning_rate * weight_decay),
                       .first = static_cast<float>(1 - beta1),
                       .second = static_cast<float>(beta2),
                       .fresh = static_cast<float>(1 - beta2),
                       .root = static_cast<float>(1 / std::sqrt(correction2)),
                       .rate = static_cast<float>(learning_rate / correction1),
                       .epsilon = static_cast<float>(epsilon),
                       .scale = static_cast<float>(gradient_scale)};
  step_range(parameter.numel(), parameter.mutable_data_ptr<float>(), gradient.const_data_ptr<float>(),
             first_moment.mutable_data_ptr<float>(), second_moment.mutable_data_ptr<float>(), c);
}

void adamw_step_reference(const Tensor& parameter, const Tensor& gradient, const Tensor& first_moment,
                          const Tensor& second_moment, double learning_rate, double beta1, double beta2, double epsilon,
                          double weight_decay, std::int64_t step, double gradient_scale) {
  const at::NoGradGuard no_grad;
  Tensor p = parameter, m = first_moment, v = second_moment;
  const Tensor g = gradient * gradient_scale;
  p.mul_(1 - learning_rate * weight_decay);
  m.lerp_(g, 1 - beta1);
  v.mul_(beta2).addcmul_(g, g, 1 - beta2);
  const double correction1 = 1 - std::pow(beta1, static_cast<double>(step));
  const double correction2 = 1 - std::pow(beta2, static_cast<double>(step));
  p.addcdiv_(m, v.sqrt().div_(std::sqrt(correction2)).add_(epsilon), -learning_rate / correction1);
}

}  // namespace ft
FT_SIMD_END
