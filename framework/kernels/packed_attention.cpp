// One document and head at a time. Queries go in blocks of 48 rows, so that a block's scores (48 x length) stay in the
// second-level cache however long the document is; operands are packed into aligned scratch first, which makes the
// inner products fast and their bits independent of where the document lies in the pack.
#include "framework/kernels/packed_attention.h"

#include <ATen/ATen.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "framework/base/error.h"
#include "framework/kernels/kernel_function.h"
#include "framework/kernels/small_gemm.h"

FT_SIMD_BEGIN
namespace ft {
namespace {

using at::Tensor;
using simd::kBand;
using simd::kWidth;
using simd::Operand;
using simd::Rows;
using simd::Vector;

constexpr std::int64_t kBlock = 48;  // rows of queries at a time: a multiple of kBand and of kWidth

constexpr std::int64_t round_up(std::int64_t n, std::int64_t multiple) {
  return (n + multiple - 1) / multiple * multiple;
}

// One head of one document in a tensor [T, heads, head_dim]: `length` rows, `stride` floats apart.
struct HeadView {
  float* data;
  std::int64_t stride;
  std::int64_t length;
  std::int64_t head_dim;
};

// Padded copies of what the products of one head need. Padding is zero, or is never read into a result.
class Scratch {
 public:
  // For documents of up to `length` tokens.
  Scratch(std::int64_t length, std::int64_t head_dim)
      : rows_(round_up(length, kBlock)), width_(round_up(head_dim, kWidth)) {
    storage_ = at::zeros({6 * rows_ * width_ + 2 * kBlock * rows_ + 3 * kBlock * width_}, at::kFloat);
    float* next = storage_.mutable_data_ptr<float>();
    const auto take = [&](std::int64_t count, std::int64_t stride) {
      const Rows rows{next, stride};
      next += count * stride;
      return rows;
    };
    key = take(rows_, width_);
    value = take(rows_, width_);
    key_t = take(width_, rows_);
    value_t = take(width_, rows_);
    to_key = take(rows_, width_);
    to_value = take(rows_, width_);
    scores = take(kBlock, rows_);
    to_scores = take(kBlock, rows_);
    query = take(kBlock, width_);
    upstream = take(kBlock, width_);
    out = take(kBlock, width_);
  }

  Rows key, value;         // [length][head_dim]
  Rows key_t, value_t;     // [head_dim][length]
  Rows to_key, to_value;   // gradients, [length][head_dim]
  Rows scores, to_scores;  // [48][length]: scores, then probabilities; their gradient
  Rows query, upstream;    // [48][head_dim]
  Rows out;                // [48][head_dim]
  [[nodiscard]] std::int64_t width() const { return width_; }

 private:
  std::int64_t rows_, width_;
  Tensor storage_;
};

FT_SIMD_CLONES void pack(const HeadView& from, std::int64_t begin, std::int64_t end, float scale, const Rows& to) {
  for (std::int64_t i = begin; i < end; ++i) {
    const float* row = from.data + i * from.stride;
    float* out = to.data + (i - begin) * to.stride;
    for (std::int64_t d = 0; d < from.head_dim; ++d) out[d] = row[d] * scale;
  }
}

// to[d][i] = from[i][d]; columns up to the next multiple of 16 are zero, as the products read them.
FT_SIMD_CLONES void pack_transposed(const HeadView& from, const Rows& to) {
  const std::int64_t padded = round_up(from.length, kWidth);
  for (std::int64_t i = 0; i < from.length; ++i) {
    const float* row = from.data + i * from.stride;
    for (std::int64_t d = 0; d < from.head_dim; ++d) to.data[d * to.stride + i] = row[d];
  }
  for (std::int64_t d = 0; d < from.head_dim; ++d) {
    for (std::int64_t i = from.length; i < padded; ++i) to.data[d * to.stride + i] = 0;
  }
}

// Columns that a band of rows [row, row + 6) of the document may see, rounded up to whole vectors.
FT_SIMD_INLINE std::int64_t visible(std::int64_t row, std::int64_t length) {
  return round_up(std::min(row + kBand, length), kWidth);
}

// left [rows][head_dim] times right_t [head_dim][length] into out [rows][length], up to what each row may see.
FT_SIMD_INLINE void causal_scores(const Rows& left, const Rows& right_t, const Rows& out, std::int64_t first,
                                  std::int64_t rows, std::int64_t length, std::int64_t width) {
  for (std::int64_t m = 0; m < rows; m += kBand) {
    simd::gemm_band({left.data + m * left.stride, left.stride, 1}, right_t, {out.data + m * out.stride, out.stride},
                    visible(first + m, length), 0, width, false);
  }
}

// left [rows][length] times right [length][head_dim] into out [rows][head_dim]; left is zero where a row may not look.
FT_SIMD_INLINE void causal_mix(const Rows& left, const Rows& right, const Rows& out, std::int64_t first,
                               std::int64_t rows, std::int64_t length, std::int64_t width) {
  for (std::int64_t m = 0; m < rows; m += kBand) {
    simd::gemm_band({left.data + m * left.stride, left.stride, 1}, right, {out.data + m * out.stride, out.stride},
                    width, 0, std::min(first + m + kBand, length), false);
  }
}

// out [length][head_dim] += left' right, over the block's rows: left [rows][length], right [rows][head_dim].
FT_SIMD_INLINE void add_transposed(const Rows& left, const Rows& right, const Rows& out, std::int64_t rows,
                                   std::int64_t seen, std::int64_t width) {
  for (std::int64_t j = 0; j < seen; j += kBand) {
    simd::gemm_band({left.data + j, 1, left.stride}, right, {out.data + j * out.stride, out.stride}, width, 0, rows,
                    true);
  }
}

// Row of scores -> exp(score - shift) for its first `count` columns, 0 up to `padded`. Returns the sum.
FT_SIMD_INLINE float exponentials(float* row, std::int64_t count, std::int64_t padded, float shift) {
  for (std::int64_t j = count; j < round_up(count, kWidth); ++j) row[j] = -std::numeric_limits<float>::infinity();
  Vector sum = {};
  std::int64_t j = 0;
  for (; j < count; j += kWidth) {
    const Vector p = simd::exp(simd::load(row + j) - simd::broadcast(shift));
    simd::store(row + j, p);
    sum += p;
  }
  for (; j < padded; j += kWidth) simd::store(row + j, Vector{});
  return simd::sum(sum);
}

FT_SIMD_INLINE float row_largest(const float* row, std::int64_t count) {
  float largest = row[0];
  std::int64_t j = 0;
  if (count >= kWidth) {
    Vector vector = simd::load(row);
    for (j = kWidth; j + kWidth <= count; j += kWidth) vector = simd::max(vector, simd::load(row + j));
    largest = simd::largest(vector);
  }
  for (; j < count; ++j) largest = row[j] > largest ? row[j] : largest;
  return largest;
}

// The block's rows of the output, and their log sums of exponentials for backward.
FT_SIMD_CLONES void forward_block(const Scratch& s, std::int64_t first, std::int64_t rows, std::int64_t length,
                                  const HeadView& out, float* log_sum, std::int64_t log_sum_stride) {
  causal_scores(s.query, s.key_t, s.scores, first, rows, length, s.width());
  const std::int64_t padded = visible(first + rows - 1, length);
  float inverse[kBlock];
  for (std::int64_t i = 0; i < rows; ++i) {
    float* row = s.scores.data + i * s.scores.stride;
    const std::int64_t count = first + i + 1;
    const float largest = row_largest(row, count);
    const float sum = exponentials(row, count, padded, largest);
    inverse[i] = 1.0f / sum;
    log_sum[(first + i) * log_sum_stride] = largest + std::log(sum);
  }
  causal_mix(s.scores, s.value, s.out, first, rows, length, s.width());
  for (std::int64_t i = 0; i < rows; ++i) {
    float* to = out.data + (first + i) * out.stride;
    const float* from = s.out.data + i * s.out.stride;
    for (std::int64_t d = 0; d < out.head_dim; ++d) to[d] = from[d] * inverse[i];
  }
}

// With P the probabilities and dP = dO V': dS = P (dP - sum_j P dP); dQ = scale dS K; dK += dS' (scale Q); dV += P' dO.
FT_SIMD_CLONES void backward_block(const Scratch& s, std::int64_t first, std::int64_t rows, std::int64_t length,
                                   float scale, const HeadView& to_query, const float* log_sum,
                                   std::int64_t log_sum_stride) {
  causal_scores(s.query, s.key_t, s.scores, first, rows, length, s.width());
  causal_scores(s.upstream, s.value_t, s.to_scores, first, rows, length, s.width());
  const std::int64_t padded =
      std::max(visible(first + rows - 1, length), round_up(std::min(first + rows, length), kBand));
  for (std::int64_t i = 0; i < rows; ++i) {
    float* p = s.scores.data + i * s.scores.stride;
    float* dp = s.to_scores.data + i * s.to_scores.stride;
    const std::int64_t count = first + i + 1;
    exponentials(p, count, round_up(padded, kWidth), log_sum[(first + i) * log_sum_stride]);
    Vector dots = {};
    for (std::int64_t j = 0; j < count; j += kWidth) dots += simd::load(p + j) * simd::load(dp + j);
    const float dot = simd::sum(dots);
    std::int64_t j = 0;
    for (; j < count; j += kWidth) simd::store(dp + j, simd::load(p + j) * (simd::load(dp + j) - simd::broadcast(dot)));
    for (; j < padded; j += kWidth) simd::store(dp + j, Vector{});
  }
  add_transposed(s.scores, s.upstream, s.to_value, rows, std::min(first + rows, length), s.width());
  add_transposed(s.to_scores, s.query, s.to_key, rows, std::min(first + rows, length), s.width());
  causal_mix(s.to_scores, s.key, s.out, first, rows, length, s.width());
  for (std::int64_t i = 0; i < rows; ++i) {
    float* to = to_query.data + (first + i) * to_query.stride;
    const float* from = s.out.data + i * s.out.stride;
    for (std::int64_t d = 0; d < to_query.head_dim; ++d) to[d] = from[d] * scale;
  }
}

FT_SIMD_END

// Head `head` of the document [begin, begin + length) in a contiguous [T, heads, head_dim].
HeadView head_of(const Tensor& x, std::int64_t begin, std::int64_t length, std::int64_t head) {
  const std::int64_t heads = x.size(1), head_dim = x.size(2);
  // const_cast: inputs and outputs share the view type; inputs are only read.
  float* data = const_cast<float*>(x.const_data_ptr<float>());
  return {data + (begin * heads + head) * head_dim, heads * head_dim, length, head_dim};
}

struct Shape {
  explicit Shape(const Tensor& query, const Tensor& key)
      : heads(query.size(1)),
        kv_heads(key.size(1)),
        group(heads / kv_heads),
        head_dim(query.size(2)),
        scale(1.0f / std::sqrt(static_cast<float>(head_dim))) {}
  std::int64_t heads, kv_heads, group, head_dim;
  float scale;
};

std::int64_t longest(const std::vector<std::int64_t>& offsets) {
  std::int64_t length = 0;
  for (std::size_t d = 0; d + 1 < offsets.size(); ++d) length = std::max(length, offsets[d + 1] - offsets[d]);
  return length;
}

// log_sum [T, heads] is written.
Tensor forward_cpu(const Tensor& query, const Tensor& key, const Tensor& value,
                   const std::vector<std::int64_t>& offsets, const Tensor& log_sum) {
  const Shape shape(query, key);
  const Scratch scratch(longest(offsets), shape.head_dim);
  Tensor out = at::empty_like(query);
  float* sums = log_sum.mutable_data_ptr<float>();
  for (std::size_t d = 0; d + 1 < offsets.size(); ++d) {
    const std::int64_t begin = offsets[d], length = offsets[d + 1] - begin;
    for (std::int64_t kv_head = 0; kv_head < shape.kv_heads; ++kv_head) {
      pack_transposed(head_of(key, begin, length, kv_head), scratch.key_t);
      pack(head_of(value, begin, length, kv_head), 0, length, 1.0f, scratch.value);
      for (std::int64_t head = kv_head * shape.group; head < (kv_head + 1) * shape.group; ++head) {
        for (std::int64_t first = 0; first < length; first += kBlock) {
          const std::int64_t rows = std::min(kBlock, length - first);
          pack(head_of(query, begin, length, head), first, first + rows, shape.scale, scratch.query);
          forward_block(scratch, first, rows, length, head_of(out, begin, length, head),
                        sums + begin * shape.heads + head, shape.heads);
        }
      }
    }
  }
  return out;
}

struct Gradients {
  Tensor query, key, value;
};

void copy_rows(const Rows& from, const HeadView& to) {
  for (std::int64_t i = 0; i < to.length; ++i) {
    std::copy_n(from.data + i * from.stride, to.head_dim, to.data + i * to.stride);
  }
}

Gradients backward_cpu(const Tensor& query, const Tensor& key, const Tensor& value, const Tensor& upstream,
                       const std::vector<std::int64_t>& offsets, const Tensor& log_sum) {
  const Shape shape(query, key);
  const Scratch scratch(longest(offsets), shape.head_dim);
  const Gradients gradients{at::empty_like(query), at::empty_like(key), at::empty_like(value)};
  const float* sums = log_sum.const_data_ptr<float>();
  for (std::size_t d = 0; d + 1 < offsets.size(); ++d) {
    const std::int64_t begin = offsets[d], length = offsets[d + 1] - begin;
    for (std::int64_t kv_head = 0; kv_head < shape.kv_heads; ++kv_head) {
      pack_transposed(head_of(key, begin, length, kv_head), scratch.key_t);
      pack_transposed(head_of(value, begin, length, kv_head), scratch.value_t);
      pack(head_of(key, begin, length, kv_head), 0, length, 1.0f, scratch.key);
      const std::int64_t count = round_up(length, kBlock) * scratch.width();
      std::fill_n(scratch.to_key.data, count, 0.0f);
      std::fill_n(scratch.to_value.data, count, 0.0f);
      for (std::int64_t head = kv_head * shape.group; head < (kv_head + 1) * shape.group; ++head) {
        for (std::int64_t first = 0; first < length; first += kBlock) {
          const std::int64_t rows = std::min(kBlock, length - first);
          pack(head_of(query, begin, length, head), first, first + rows, shape.scale, scratch.query);
          pack(head_of(upstream, begin, length, head), first, first + rows, 1.0f, scratch.upstream);
          backward_block(scratch, first, rows, length, shape.scale, head_of(gradients.query, begin, length, head),
                         sums + begin * shape.heads + head, shape.heads);
        }
      }
      copy_rows(scratch.to_key, head_of(gradients.key, begin, length, kv_head));
      copy_rows(scratch.to_value, head_of(gradients.value, begin, length, kv_head));
    }
  }
  return gradients;
}

struct PackedAttentionFunction : KernelFunction<PackedAttentionFunction> {
  static Tensor forward(KernelContext* context, const Tensor& query, const Tensor& key, const Tensor& value,
                        const std::vector<std::int64_t>& offsets) {
    const Tensor q = query.contiguous(), k = key.contiguous(), v = value.contiguous();
    const Tensor log_sum = at::empty({q.size(0), q.size(1)}, q.options());  // [T, heads]
    const Tensor out = forward_cpu(q, k, v, offsets, log_sum);
    context->save_for_backward({q, k, v, log_sum});
    context->saved_data["offsets"] = offsets;
    return out;
  }

  static torch::autograd::variable_list backward(KernelContext* context, torch::autograd::variable_list upstream) {
    const auto& saved = context->get_saved_variables();
    Gradients gradients = backward_cpu(saved[0], saved[1], saved[2], upstream[0].contiguous(),
                                       context->saved_data["offsets"].toIntVector(), saved[3]);
    return {gradients.query, gradients.key, gradients.value, Tensor()};
  }
};

}  // namespace

Tensor packed_attention(const Tensor& query, const Tensor& key, const Tensor& value,
                        const std::vector<std::int64_t>& offsets) {
  FT_CHECK(query.dim() == 3 && key.dim() == 3 && key.sizes() == value.sizes() && key.size(0) == query.size(0) &&
               key.size(2) == query.size(2) && query.size(1) % key.size(1) == 0,
           "attention: query must be [T, heads, head_dim], key and value [T, kv_heads, head_dim]");
  FT_CHECK(offsets.size() >= 2 && offsets.front() == 0 && offsets.back() == query.size(0),
           "attention: {} tokens, but the documents do not span them", query.size(0));
  if (query.device().is_cpu() && query.scalar_type() == at::kFloat) {
    return PackedAttentionFunction::apply(query, key, value, offsets);
  }
  return packed_attention_reference(query, key, value, offsets);
}

Tensor packed_attention_reference(const Tensor& query, const Tensor& key, const Tensor& value,
                                  std::span<const std::int64_t> offsets) {
  const std::int64_t group = query.size(1) / key.size(1);
  const double scale = 1.0 / std::sqrt(static_cast<double>(query.size(2)));
  std::vector<Tensor> documents;
  for (std::size_t d = 0; d + 1 < offsets.size(); ++d) {
    const std::int64_t length = offsets[d + 1] - offsets[d];
    const auto heads_first = [&](const Tensor& x) { return x.narrow(0, offsets[d], length).transpose(0, 1); };
    const Tensor q = heads_first(query);                              // [heads, L, head_dim]
    const Tensor k = heads_first(key).repeat_interleave(group, 0);    // [heads, L, head_dim]
    const Tensor v = heads_first(value).repeat_interleave(group, 0);  // [heads, L, head_dim]
    const Tensor hidden = at::ones({length, length}, query.options().dtype(at::kBool)).triu(1);
    const Tensor scores =
        (at::bmm(q, k.transpose(1, 2)) * scale).masked_fill(hidden, -std::numeric_limits<double>::infinity());
    documents.push_back(at::bmm(scores.softmax(-1), v).transpose(0, 1));
  }
  return at::cat(documents, 0);
}

}  // namespace ft
