#include "framework/kernels/vocabulary_log_probs.h"

#include <ATen/ATen.h>

#include <algorithm>

#include "framework/base/error.h"
#include "framework/kernels/kernel_function.h"
#include "framework/kernels/linear.h"
#include "framework/kernels/simd.h"

FT_SIMD_BEGIN
namespace ft {
namespace {

using at::Tensor;
using simd::kWidth;
using simd::Vector;
using torch::autograd::Variable;
using torch::autograd::variable_list;

// The largest of each row; NaN where a row holds one is left to the sums.
FT_SIMD_CLONES void max_rows(std::int64_t rows, std::int64_t width, const float* logits, float* out) {
  for (std::int64_t m = 0; m < rows; ++m, logits += width) {
    float largest = logits[0];
    std::int64_t i = 0;
    if (width >= kWidth) {
      Vector vector = simd::load(logits);
      for (i = kWidth; i + kWidth <= width; i += kWidth) vector = simd::max(vector, simd::load(logits + i));
      largest = simd::largest(vector);
    }
    for (; i < width; ++i) largest = logits[i] > largest ? logits[i] : largest;
    out[m] = largest;
  }
}

// Sums in float over stretches of 1024, and those in double: a large vocabulary costs no digits.
FT_SIMD_CLONES void sum_exp_rows(std::int64_t rows, std::int64_t width, const float* logits, const float* shift,
                                 float* out) {
  constexpr std::int64_t kStretch = 1024;
  for (std::int64_t m = 0; m < rows; ++m, logits += width) {
    double total = 0;
    for (std::int64_t begin = 0; begin < width; begin += kStretch) {
      const std::int64_t end = std::min(begin + kStretch, width);
      Vector sum = {};
      std::int64_t i = begin;
      for (; i + kWidth <= end; i += kWidth) sum += simd::exp(simd::load(logits + i) - shift[m]);
      total += simd::sum(sum);
      if (i < end) {
        const Vector rest = simd::exp(simd::load_part(logits + i, end - i) - shift[m]);
        for (std::int64_t j = 0; j < end - i; ++j) total += rest[j];
      }
    }
    out[m] = static_cast<float>(total);
  }
}

FT_SIMD_CLONES void gradient_rows(std::int64_t rows, std::int64_t width, const float* log_sum,
                                  const std::int64_t* targets, const float* upstream, float* logits) {
  for (std::int64_t m = 0; m < rows; ++m, logits += width) {
    std::int64_t i = 0;
    const float factor = -upstream[m], shift = log_sum[m];
    for (; i + kWidth <= width; i += kWidth) {
      simd::store(logits + i, factor * simd::exp(simd::load(logits + i) - shift));
    }
    if (i < width) {
      const Vector rest = factor * simd::exp(simd::load_part(logits + i, width - i) - shift);
      simd::store_part(logits + i, rest, width - i);
    }
    if (targets[m] >= 0 && targets[m] < width) logits[targets[m]] += upstream[m];
  }
}

FT_SIMD_END

bool is_plain(const Tensor& x) { return x.device().is_cpu() && x.scalar_type() == at::kFloat && x.is_contiguous(); }

constexpr std::int64_t kChunkElements = std::int64_t{1} << 23;  // logits of one chunk: 32 MiB

struct LogProbsFunction : KernelFunction<LogProbsFunction> {
  static Variable forward(KernelContext* context, const Variable& hidden, const Variable& weight, const Variable& rows,
                          const Variable& targets, std::int64_t step, const ChunkLogProbs& softmax,
                          at::ScalarType compute) {
    const std::int64_t count = rows.size(0);
    Tensor log_probs = at::empty({count}, hidden.options().dtype(at::kFloat));  // [M]
    Tensor log_sum = at::empty_like(log_probs);                                 // [M]
    Tensor kept;                                                                // the logits, where all fit one chunk
    for (std::int64_t begin = 0; begin < count; begin += step) {
      const std::int64_t size = std::min(step, count - begin);
      const Tensor picked = hidden.index_select(0, rows.narrow(0, begin, size));  // [size, H]
      const Tensor logits = product(picked, weight.t(), compute).to(at::kFloat);  // [size, V]
      log_probs.narrow(0, begin, size)
          .copy_(softmax(logits, targets.narrow(0, begin, size), log_sum.narrow(0, begin, size)));
      if (count <= step) kept = logits;
    }
    context->save_for_backward({hidden, weight, rows, targets, log_sum, kept});
    context->saved_data["step"] = step;
    context->saved_data["compute"] = static_cast<std::int64_t>(compute);
    return log_probs;
  }

  static variable_list backward(KernelContext* context, variable_list gradients) {
    const variable_list& saved = context->get_saved_variables();
    const Tensor &hidden = saved[0], &weight = saved[1], &rows = saved[2], &targets = saved[3], &log_sum = saved[4];
    const Tensor upstream = gradients[0].contiguous();  // [M]
    const std::int64_t count = rows.size(0), step = context->saved_data["step"].toInt();
    const auto compute = static_cast<at::ScalarType>(context->saved_data["compute"].toInt());
    const bool in_place = weight.grad().defined();
    Tensor to_weight = in_place || !context->needs_input_grad(1) ? weight.grad() : at::zeros_like(weight);
    Tensor to_hidden = at::zeros_like(hidden);  // [T, H]
    for (std::int64_t begin = 0; begin < count; begin += step) {
      const std::int64_t size = std::min(step, count - begin);
      const Tensor chunk_rows = rows.narrow(0, begin, size);
      const Tensor picked = hidden.index_select(0, chunk_rows);  // [size, H]
      // Kept logits are copied, as backward may run twice on a retained graph.
      const Tensor logits = saved[5].defined() ? saved[5].clone() : product(picked, weight.t(), compute).to(at::kFloat);
      logits_to_gradient(logits, log_sum.narrow(0, begin, size), targets.narrow(0, begin, size),
                         upstream.narrow(0, begin, size));
      const Tensor to_logits = logits.to(hidden.scalar_type());
      if (context->needs_input_grad(1)) to_weight = add_weight_gradient(to_weight, to_logits, picked, compute);
      if (context->needs_input_grad(0)) to_hidden.index_add_(0, chunk_rows, product(to_logits, weight, compute));
    }
    return {to_hidden, in_place ? Tensor() : to_weight, Tensor(), Tensor(), Tensor(), Tensor(), Tensor()};
  }
};

}  // namespace

std::int64_t vocabulary_chunk_rows(std::int64_t vocab_size) {
  return std::max<std::int64_t>(16, kChunkElements / std::max<std::int64_t>(1, vocab_size));
}

Tensor row_max(const Tensor& logits) {
  if (!is_plain(logits)) return logits.amax(1);
  Tensor out = at::empty({logits.size(0)}, logits.options());
  max_rows(logits.size(0), logits.size(1), logits.const_data_ptr<float>(), out.mutable_data_ptr<float>());
  return out;
}

Tensor row_sum_exp(const Tensor& logits, const Tensor& shift) {
  if (!is_plain(logits)) return (logits - shift.unsqueeze(1)).exp_().sum(1);
  Tensor out = at::empty({logits.size(0)}, logits.options());
  sum_exp_rows(logits.size(0), logits.size(1), logits.const_data_ptr<float>(),
               shift.contiguous().const_data_ptr<float>(), out.mutable_data_ptr<float>());
  return out;
}

void logits_to_gradient(const Tensor& logits, const Tensor& log_sum, const Tensor& targets, const Tensor& upstream) {
  const at::NoGradGuard no_grad;
  if (is_plain(logits)) {
    const Tensor sums = log_sum.contiguous(), ids = targets.contiguous(), up = upstream.contiguous();
    gradient_rows(logits.size(0), logits.size(1), sums.const_data_ptr<float>(), ids.const_data_ptr<std::int64_t>(),
                  up.const_data_ptr<float>(), logits.mutable_data_ptr<float>());
    return;
  }
  Tensor gradient = logits;
  gradient.sub_(log_sum.unsqueeze(1)).exp_().mul_(upstream.neg().unsqueeze(1));
  const Tensor inside = targets.ge(0).bitwise_and(targets.lt(logits.size(1)));      // [M]
  const Tensor place = targets.masked_fill(inside.bitwise_not(), 0).unsqueeze(1);   // [M, 1]
  const Tensor sum = gradient.gather(1, place) + (upstream * inside).unsqueeze(1);  // [M, 1]
  gradient.scatter_(1, place, sum);  // one place a row, so no atomics that a device would add in any order
}

Tensor whole_log_probs(const Tensor& logits, const Tensor& targets, Tensor log_sum) {
  const Tensor shift = row_max(logits);
  log_sum.copy_(row_sum_exp(logits, shift).log_().add_(shift));
  return logits.gather(1, targets.unsqueeze(1)).squeeze(1) - log_sum;
}

Tensor vocabulary_log_probs(const Tensor& hidden, const Tensor& weight, const Tensor& rows, const Tensor& targets,
                            at::ScalarType compute) {
  return chunked_log_probs(hidden, weight, rows, targets, vocabulary_chunk_rows(weight.size(0)), whole_log_probs,
                           compute);
}

Tensor chunked_log_probs(const Tensor& hidden, const Tensor& weight, const Tensor& rows, const Tensor& targets,
                         std::int64_t chunk_rows, ChunkLogProbs softmax, at::ScalarType compute) {
  FT_CHECK(hidden.dim() == 2 && weight.dim() == 2 && hidden.size(1) == weight.size(1),
           "log-probabilities: hidden must be [T, H] and weight [V, H]");
  FT_CHECK(rows.dim() == 1 && rows.sizes() == targets.sizes() && rows.scalar_type() == at::kLong &&
               targets.scalar_type() == at::kLong,
           "log-probabilities: rows and targets must be [M] of int64");
  return LogProbsFunction::apply(hidden, weight, rows, targets, chunk_rows, softmax, compute);
}

}  // namespace ft
