#include "framework/kernels/linear.h"

#include <ATen/ATen.h>
#include <sys/auxv.h>

#include <algorithm>
#include <optional>
#include <unordered_map>
#include <utility>
#include <vector>

#include "framework/base/error.h"
#include "framework/kernels/kernel_function.h"

namespace ft {
namespace {

using at::Tensor;
using torch::autograd::Variable;
using torch::autograd::variable_list;

// A BLAS may add all terms of a product in one run: on some processors it does, and after 300,000 float32 terms four of
// seven digits are left. So sums of more terms than this are cut into stretches, each a product of its own.
constexpr std::int64_t kLongestRun = 8192;
constexpr std::int64_t kStretch = 1024;

// Operands are rounded so many elements at a time: a copy of a whole vocabulary would take hundreds of megabytes.
constexpr std::int64_t kRoundedElements = std::int64_t{1} << 23;

// f(begin, size) for the pieces of at most `step` of [0, count); once for an empty range.
template <class F>
void for_pieces(std::int64_t count, std::int64_t step, F f) {
  std::int64_t begin = 0;
  do {
    const std::int64_t size = std::min(step, count - begin);
    f(begin, size);
    begin += size;
  } while (begin < count);
}

// Only float32 is rounded: operands of other dtypes (float64 in tests) are what the caller wants them to be.
bool is_rounded(const Tensor& x, at::ScalarType compute) {
  return compute != at::kFloat && x.scalar_type() == at::kFloat;
}

// An autograd context stores values of libtorch's own types: a function goes as a capsule.
struct Held : torch::CustomClassHolder {
  explicit Held(Remade::Make m) : make(std::move(m)) {}
  Remade::Make make;
};

struct LinearFunction : KernelFunction<LinearFunction> {
  static Variable forward(KernelContext* context, const Variable& x, const Variable& weight,
                          const std::optional<Variable>& bias, at::ScalarType compute, const Remade& remade) {
    variable_list kept = {weight, bias.value_or(Tensor())};
    if (remade.make) {
      for (const Tensor& from : remade.from) kept.push_back(from.detach());
      context->saved_data["make"] = c10::IValue::make_capsule(c10::make_intrusive<Held>(remade.make));
    } else {
      kept.push_back(x);
    }
    context->save_for_backward(std::move(kept));
    context->saved_data["compute"] = static_cast<std::int64_t>(compute);
    if (bias && !is_rounded(x, compute)) return at::addmm(*bias, x, weight.t());
    const Tensor y = product(x, weight.t(), compute);
    return bias ? y + *bias : y;
  }

  static variable_list backward(KernelContext* context, variable_list gradients) {
    const variable_list& saved = context->get_saved_variables();
    const Tensor &weight = saved[0], &bias = saved[1];
    const Tensor upstream = gradients[0].contiguous();  // [T, out]
    const auto compute = static_cast<at::ScalarType>(context->saved_data["compute"].toInt());
    Tensor to_x, to_weight, to_bias;
    if (context->needs_input_grad(1)) {
      const Tensor sum = add_weight_gradient(weight.grad(), upstream, input(*context, saved), compute);
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
    return {to_x, to_weight, to_bias, Tensor(), Tensor()};
  }

  // x, kept or made again.
  static Tensor input(const KernelContext& context, const variable_list& saved) {
    const auto make = context.saved_data.find("make");
    if (make == context.saved_data.end()) return saved[2];
    return static_cast<const Held&>(*make->second.toCapsule()).make({saved.begin() + 2, saved.end()});
  }
};

void add_row(const float* from, std::int64_t width, float* to) {
  for (std::int64_t i = 0; i < width; ++i) to[i] += from[i];
}

// Rows of one stretch of tokens, added by token: a line break may occur ten thousand times, and each addition to one
// growing sum would round anew. The sums of a stretch are then added to the gradient, in the order of first occurrence.
class StretchOfRows {
 public:
  explicit StretchOfRows(std::int64_t width) : width_(width) {}

  void add(std::int64_t token, const float* row) {
    const auto [place, fresh] = place_of_.try_emplace(token, tokens_.size());
    if (fresh) {
      tokens_.push_back(token);
      sums_.insert(sums_.end(), row, row + width_);
    } else {
      add_row(row, width_, sums_.data() + place->second * static_cast<std::size_t>(width_));
    }
  }

  void flush(float* gradient) {
    for (std::size_t i = 0; i < tokens_.size(); ++i) {
      add_row(sums_.data() + i * static_cast<std::size_t>(width_), width_, gradient + tokens_[i] * width_);
    }
    place_of_.clear();
    tokens_.clear();
    sums_.clear();
  }

 private:
  std::int64_t width_;
  std::unordered_map<std::int64_t, std::size_t> place_of_;
  std::vector<std::int64_t> tokens_;
  std::vector<float> sums_;  // [tokens_][width]
};

// Adds row t of `upstream` to row tokens[t] of `gradient`.
void add_rows(Tensor& gradient, const Tensor& tokens, const Tensor& upstream) {
  if (!gradient.device().is_cpu() || gradient.scalar_type() != at::kFloat || !gradient.is_contiguous()) {
    gradient.index_add_(0, tokens, upstream);
    return;
  }
  const std::int64_t* ids = tokens.const_data_ptr<std::int64_t>();
  const float* rows = upstream.const_data_ptr<float>();
  const std::int64_t width = gradient.size(1);
  StretchOfRows stretch(width);
  for_pieces(tokens.numel(), kStretch, [&](std::int64_t begin, std::int64_t size) {
    for (std::int64_t t = begin; t < begin + size; ++t) stretch.add(ids[t], rows + t * width);
    stretch.flush(gradient.mutable_data_ptr<float>());
  });
}

struct EmbeddingFunction : KernelFunction<EmbeddingFunction> {
  static Variable forward(KernelContext* context, const Variable& weight, const Variable& tokens) {
    context->save_for_backward({weight, tokens});
    return weight.index_select(0, tokens);
  }

  static variable_list backward(KernelContext* context, variable_list gradients) {
    const variable_list& saved = context->get_saved_variables();
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

namespace {

// The library behind products in bfloat16 prepares and keeps a program of about a megabyte for each shape that it meets,
// and the number of tokens is another in each micro-batch. So operands are rounded into matrices whose sides are
// multiples of this, zeros beyond.
constexpr std::int64_t kSide = 64;

std::int64_t padded(std::int64_t size) { return (size + kSide - 1) / kSide * kSide; }

Tensor rounded(const Tensor& x, at::ScalarType compute) {
  const std::int64_t rows = padded(x.size(0)), columns = padded(x.size(1));
  if (rows == x.size(0) && columns == x.size(1)) return x.to(compute);
  const bool transposed = x.stride(0) == 1 && x.size(0) > 1;
  const auto options = x.options().dtype(compute);
  Tensor out = transposed ? at::zeros({columns, rows}, options).t() : at::zeros({rows, columns}, options);
  out.narrow(0, 0, x.size(0)).narrow(1, 0, x.size(1)).copy_(x);
  return out;
}

// As product(), of sums that are short enough. Rounded column by column, where `right` is large.
Tensor short_product(const Tensor& left, const Tensor& right, at::ScalarType compute) {
  if (!is_rounded(left, compute)) return at::mm(left, right);
  Tensor out = at::empty({left.size(0), right.size(1)}, left.options());
  if (out.numel() == 0) return out;
  const Tensor rounded_left = rounded(left, compute);
  const std::int64_t columns =
      std::max(kSide, kRoundedElements / std::max<std::int64_t>(1, right.size(0)) / kSide * kSide);
  for_pieces(right.size(1), columns, [&](std::int64_t begin, std::int64_t size) {
    const Tensor piece = at::mm(rounded_left, rounded(right.narrow(1, begin, size), compute));
    out.narrow(1, begin, size).copy_(piece.narrow(0, 0, left.size(0)).narrow(1, 0, size));
  });
  return out;
}

}  // namespace

Tensor product(const Tensor& left, const Tensor& right, at::ScalarType compute) {
  if (left.size(1) <= kLongestRun) return short_product(left, right, compute);
  Tensor sum;
  for_pieces(left.size(1), kStretch, [&](std::int64_t begin, std::int64_t size) {
    const Tensor part = short_product(left.narrow(1, begin, size), right.narrow(0, begin, size), compute);
    sum = sum.defined() ? sum.add_(part) : part;
  });
  return sum;
}

Tensor linear(const Remade& x, const Tensor& weight, const Tensor& bias, at::ScalarType compute) {
  FT_CHECK(x.value.dim() == 2 && weight.dim() == 2 && x.value.size(1) == weight.size(1),
           "linear: x must be [T, in] and weight [out, in]");
  return LinearFunction::apply(x.value, weight, bias.defined() ? std::optional(bias) : std::nullopt, compute, x);
}

Tensor embedding(const Tensor& weight, const Tensor& tokens) {
  FT_CHECK(tokens.dim() == 1 && tokens.scalar_type() == at::kLong && tokens.is_contiguous(),
           "tokens must be a contiguous [T] of int64");
  return EmbeddingFunction::apply(weight, tokens);
}

Tensor add_weight_gradient(const Tensor& gradient, const Tensor& left, const Tensor& right, at::ScalarType compute) {
  Tensor sum = gradient.defined() ? gradient : at::zeros({left.size(1), right.size(1)}, left.options());
  if (!is_rounded(left, compute) && left.size(0) <= kLongestRun) return sum.addmm_(left.t(), right);
  // A product that is to be added by itself has some rows of the gradient at a time.
  const std::int64_t rows =
      std::max(kSide, kRoundedElements / std::max<std::int64_t>(1, right.size(1)) / kSide * kSide);
  for_pieces(left.size(1), rows, [&](std::int64_t begin, std::int64_t size) {
    sum.narrow(0, begin, size).add_(product(left.narrow(1, begin, size).t(), right, compute));
  });
  return sum;
}

}  // namespace ft
