#include "framework/kernels/linear.h"

#include <ATen/ATen.h>
#include <sys/auxv.h>
#include <torch/csrc/autograd/custom_function.h>

#include <optional>

#include "framework/base/error.h"

namespace ft {
namespace {

using at::Tensor;
using torch::autograd::AutogradContext;
using torch::autograd::Variable;
using torch::autograd::variable_list;

// Only float32 is rounded: operands of other dtypes (float64 in tests) are what the caller wants them to be.
bool is_rounded(const Tensor& x, at::ScalarType compute) {
  return compute != at::kFloat && x.scalar_type() == at::kFloat;
}

struct LinearFunction : torch::autograd::Function<LinearFunction> {
  static Variable forward(AutogradContext* context, const Variable& x, const Variable& weight,
                          const std::optional<Variable>& bias, at::ScalarType compute) {
    context->save_for_backward({x, weight, bias.value_or(Tensor())});
    context->saved_data["compute"] = static_cast<std::int64_t>(compute);
    if (bias && !is_rounded(x, compute)) return at::addmm(*bias, x, weight.t());
    const Tensor y = product(x, weight.t(), compute);
    return bias ? y + *bias : y;
  }

  static variable_list backward(AutogradContext* context, variable_list gradients) {
    const at::NoGradGuard no_grad;
    const variable_list saved = context->get_saved_variables();
    const Tensor &x = saved[0], &weight = saved[1], &bias = saved[2];
    const Tensor upstream = gradients[0].contiguous();  // [T, out]
    const auto compute = static_cast<at::ScalarType>(context->saved_data["compute"].toInt());
    Tensor to_x, to_weight, to_bias;
    if (context->needs_input_grad(1)) {
      const Tensor sum = add_weight_gradient(weight.grad(), upstream, x, compute);
      if (!weight.grad().defined()) to_weight = sum;
    }
    if (bias.defined() && context->needs_input_grad(2)) {
      to_bias = upstream.sum(0);
      if (bias.grad().defined()) {
        bias.grad().add_(to_bias);
        to_bias = Tensor();
      }
    }
    if (context->needs_input_grad(0)) to_x = product(upstream, weight, compute);
    return {to_x, to_weight, to_bias, Tensor()};
  }
};

// Adds row t of `upstream` to row tokens[t] of `gradient`, in the order of t.
void add_rows(Tensor& gradient, const Tensor& tokens, const Tensor& upstream) {
  if (gradient.device().is_cpu() && gradient.scalar_type() == at::kFloat && gradient.is_contiguous()) {
    const std::int64_t* ids = tokens.const_data_ptr<std::int64_t>();
    const float* rows = upstream.const_data_ptr<float>();
    float* out = gradient.mutable_data_ptr<float>();
    const std::int64_t width = gradient.size(1);
    for (std::int64_t t = 0; t < tokens.numel(); ++t) {
      float* to = out + ids[t] * width;
      const float* from = rows + t * width;
      for (std::int64_t i = 0; i < width; ++i) to[i] += from[i];
    }
  } else {
    gradient.index_add_(0, tokens, upstream);
  }
}

struct EmbeddingFunction : torch::autograd::Function<EmbeddingFunction> {
  static Variable forward(AutogradContext* context, const Variable& weight, const Variable& tokens) {
    context->save_for_backward({weight, tokens});
    return weight.index_select(0, tokens);
  }

  static variable_list backward(AutogradContext* context, variable_list gradients) {
    const at::NoGradGuard no_grad;
    const variable_list saved = context->get_saved_variables();
    const Tensor &weight = saved[0], &tokens = saved[1];
    const Tensor upstream = gradients[0].contiguous();  // [T, H]
    const bool in_place = weight.grad().defined();
    Tensor gradient = in_place ? weight.grad() : at::zeros_like(weight);
    add_rows(gradient, tokens, upstream);
    return {in_place ? Tensor() : gradient, Tensor()};
  }
};

}  // namespace

bool has_native_bfloat16() {
#if defined(__x86_64__)
  return __builtin_cpu_supports("avx512bf16") != 0;
#elif defined(__aarch64__)
  constexpr unsigned long kBfloat16 = 1UL << 14;  // HWCAP2_BF16
  return (getauxval(AT_HWCAP2) & kBfloat16) != 0;
#else
  return false;
#endif
}

Tensor product(const Tensor& left, const Tensor& right, at::ScalarType compute) {
  if (!is_rounded(left, compute)) return at::mm(left, right);
  return at::mm(left.to(compute), right.to(compute)).to(left.scalar_type());
}

Tensor linear(const Tensor& x, const Tensor& weight, const Tensor& bias, at::ScalarType compute) {
  FT_CHECK(x.dim() == 2 && weight.dim() == 2 && x.size(1) == weight.size(1),
           "linear: x must be [T, in] and weight [out, in]");
  return LinearFunction::apply(x, weight, bias.defined() ? std::optional(bias) : std::nullopt, compute);
}

Tensor embedding(const Tensor& weight, const Tensor& tokens) {
  FT_CHECK(tokens.dim() == 1 && tokens.scalar_type() == at::kLong && tokens.is_contiguous(),
           "tokens must be a contiguous [T] of int64");
  return EmbeddingFunction::apply(weight, tokens);
}

Tensor add_weight_gradient(const Tensor& gradient, const Tensor& left, const Tensor& right, at::ScalarType compute) {
  if (!gradient.defined()) return product(left.t(), right, compute);
  Tensor sum = gradient;
  if (is_rounded(left, compute)) return sum.add_(at::mm(left.t().to(compute), right.to(compute)));
  return sum.addmm_(left.t(), right);
}

}  // namespace ft
