#include "framework/kernels/adamw.h"

#include <ATen/ATen.h>

#include <cmath>

#include "framework/base/error.h"

namespace ft {

using at::Tensor;

void adamw_step_reference(const Tensor& parameter, const Tensor& gradient, const Tensor& first_moment,
                          const Tensor& second_moment, double learning_rate, double beta1, double beta2,
                          double epsilon, double weight_decay, std::int64_t step, double gradient_scale) {
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

void adamw_step(const Tensor& parameter, const Tensor& gradient, const Tensor& first_moment,
                const Tensor& second_moment, double learning_rate, double beta1, double beta2, double epsilon,
                double weight_decay, std::int64_t step, double gradient_scale) {
  FT_CHECK(step >= 1, "AdamW counts steps from 1, not {}", step);
  FT_CHECK(gradient.sizes() == parameter.sizes() && first_moment.sizes() == parameter.sizes() &&
               second_moment.sizes() == parameter.sizes(),
           "AdamW: parameter, gradient and moments must have one shape");
  adamw_step_reference(parameter, gradient, first_moment, second_moment, learning_rate, beta1, beta2, epsilon,
                       weight_decay, step, gradient_scale);
}

}  // namespace ft
