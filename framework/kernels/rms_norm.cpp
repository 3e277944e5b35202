#include "framework/kernels/rms_norm.h"

#include <ATen/ATen.h>

namespace ft {

using at::Tensor;

Tensor rms_norm_reference(const Tensor& x, const Tensor& weight, double epsilon) {
  return x * at::rsqrt(x.square().mean(-1, true) + epsilon) * weight;
}

Tensor rms_norm(const Tensor& x, const Tensor& weight, double epsilon) {
  return rms_norm_reference(x, weight, epsilon);
}

std::pair<Tensor, Tensor> add_rms_norm(const Tensor& x, const Tensor& delta, const Tensor& weight, double epsilon) {
  Tensor sum = x + delta;
  return {sum, rms_norm(sum, weight, epsilon)};
}

}  // namespace ft
