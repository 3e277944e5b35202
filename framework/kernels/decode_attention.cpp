#include "framework/kernels/decode_attention.h"

#include <ATen/ATen.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "framework/base/error.h"
#include "framework/kernels/small_gemm.h"

FT_SIMD_BEGIN
namespace ft {
namespace {

using at::Tensor;
using simd::kWidth;
using simd::Vector;

// Sums of neighbours: (a0+a1, a2+a3, ..., b0+b1, ...).
FT_SIMD_INLINE Vector pair_sums(const Vector& a, const Vector& b) {
  const simd::IntVector even = {0, 2, 4, 6, 8, 10, 12, 14, 16, 18, 20, 22, 24, 26, 28, 30};
  return __builtin_shuffle(a, b, even) + __builtin_shuffle(a, b, even + 1);
}

// Dot products of q [head_dim] with sixteen keys, of which the first `count` exist.
FT_SIMD_INLINE Vector sixteen_dots(const float* q, const float* keys, std::int64_t count, std::int64_t head_dim) {
  Vector dots[kWidth];
#pragma GCC unroll 16
  for (std::int64_t t = 0; t < kWidth; ++t) {
    dots[t] = Vector{};
    if (t < count) {
      for (std::int64_t d = 0; d < head_dim; d += kWidth) {
        dots[t] += simd::load(q + d) * simd::load(keys + t * head_dim + d);
      }
    }
  }
#pragma GCC unroll 4
  for (std::int64_t half = kWidth / 2; half > 0; half /= 2) {
#pragma GCC unroll 8
    for (std::int64_t i = 0; i < half; ++i) dots[i] = pair_sums(dots[2 * i], dots[2 * i + 1]);
  }
  return dots[0];
}

// scores [padded] <- softmax(scale q keys'), zero from `length` to the next multiple of 16.
FT_SIMD_INLINE void probabilities(const float* q, const float* keys, std::int64_t length, std::int64_t head_dim,
                                  float scale, float* scores) {
  Vector largest = simd::broadcast(-std::numeric_limits<float>::infinity());
  for (std::int64_t t = 0; t < length; t += kWidth) {
    const std::int64_t count = std::min(kWidth, length - t);
    simd::store(scores + t, simd::broadcast(scale) * sixteen_dots(q, keys + t * head_dim, count, head_dim));
    for (std::int64_t i = count; i < kWidth; ++i) scores[t + i] = -std::numeric_limits<float>::infinity();
    largest = simd::max(largest, simd::load(scores + t));
  }
  const Vector shift = simd::broadcast(simd::largest(largest));
  Vector sum = {};
  for (std::int64_t t = 0; t < length; t += kWidth) {
    const Vector p = simd::exp(simd::load(scores + t) - shift);
    simd::store(scores + t, p);
    sum += p;
  }
  const Vector inverse = simd::broadcast(1.0f / simd::sum(sum));
  for (std::int64_t t = 0; t < length; t += kWidth) simd::store(scores + t, simd::load(scores + t) * inverse);
}

// out[0 .. 16 kVectors) = sum_t p[t] values[t]. Four sums take turns, so that additions need not wait for each other.
template <int kVectors>
FT_SIMD_INLINE void weighted_sum(const float* p, const float* values, std::int64_t length, std::int64_t stride,
                                 float* out) {
  Vector sum[4][kVectors] = {};
  std::int64_t t = 0;
  for (; t + 4 <= length; t += 4) {
#pragma GCC unroll 4
    for (int turn = 0; turn < 4; ++turn) {
#pragma GCC unroll 4
      for (int v = 0; v < kVectors; ++v) {
        sum[turn][v] += simd::broadcast(p[t + turn]) * simd::load(values + (t + turn) * stride + v * kWidth);
      }
    }
  }
  for (; t < length; ++t) {
#pragma GCC unroll 4
    for (int v = 0; v < kVectors; ++v)
      sum[0][v] += simd::broadcast(p[t]) * simd::load(values + t * stride + v * kWidth);
  }
#pragma GCC unroll 4
  for (int v = 0; v < kVectors; ++v) {
    simd::store(out + v * kWidth, (sum[0][v] + sum[1][v]) + (sum[2][v] + sum[3][v]));
  }
}

// All query heads of one key/value head: query and out [group][head_dim], keys and values [length][head_dim].
FT_SIMD_CLONES void attend_group(const float* query, const float* keys, const float* values, std::int64_t group,
                                 std::int64_t length, std::int64_t head_dim, float scale, float* scores, float* out) {
  for (std::int64_t head = 0; head < group; ++head) {
    probabilities(query + head * head_dim, keys, length, head_dim, scale, scores);
    float* to = out + head * head_dim;
    std::int64_t d = 0;
    for (; d + 4 * kWidth <= head_dim; d += 4 * kWidth) weighted_sum<4>(scores, values + d, length, head_dim, to + d);
    for (; d < head_dim; d += kWidth) weighted_sum<1>(scores, values + d, length, head_dim, to + d);
  }
}

Tensor decode_attention_cpu(const Tensor& query, const Tensor& key_cache, const Tensor& value_cache,
                            std::span<const std::int64_t> lengths, std::span<const std::int64_t> slots) {
  const std::int64_t heads = query.size(1), head_dim = query.size(2), kv_heads = key_cache.size(1);
  const std::int64_t max_length = key_cache.size(2), group = heads / kv_heads;
  const float scale = 1.0f / std::sqrt(static_cast<float>(head_dim));
  const Tensor scores = at::empty({(max_length + kWidth - 1) / kWidth * kWidth}, query.options());
  Tensor out = at::empty_like(query);
  const float* keys = key_cache.const_data_ptr<float>();
  const float* values = value_cache.const_data_ptr<float>();
  for (std::int64_t b = 0; b < query.size(0); ++b) {
    for (std::int64_t kv_head = 0; kv_head < kv_heads; ++kv_head) {
      const std::int64_t cached = (slots[b] * kv_heads + kv_head) * max_length * head_dim;
      const std::int64_t row = (b * heads + kv_head * group) * head_dim;
      attend_group(query.const_data_ptr<float>() + row, keys + cached, values + cached, group, lengths[b], head_dim,
                   scale, scores.mutable_data_ptr<float>(), out.mutable_data_ptr<float>() + row);
    }
  }
  return out;
}

}  // namespace

Tensor decode_attention(const Tensor& query, const Tensor& key_cache, const Tensor& value_cache,
                        std::span<const std::int64_t> lengths, std::span<const std::int64_t> slots) {
  FT_CHECK(query.dim() == 3 && key_cache.dim() == 4 && key_cache.sizes() == value_cache.sizes() &&
               key_cache.size(3) == query.size(2) && query.size(1) % key_cache.size(1) == 0,
           "decode attention: query must be [B, heads, head_dim], caches [slots, kv_heads, max_length, head_dim]");
  FT_CHECK(key_cache.is_contiguous() && value_cache.is_contiguous(), "decode attention: the caches must be contiguous");
  FT_CHECK(static_cast<std::int64_t>(lengths.size()) == query.size(0) && slots.size() == lengths.size(),
           "decode attention: {} rows, {} lengths, {} slots", query.size(0), lengths.size(), slots.size());
  for (std::size_t b = 0; b < lengths.size(); ++b) {
    FT_CHECK(1 <= lengths[b] && lengths[b] <= key_cache.size(2) && 0 <= slots[b] && slots[b] < key_cache.size(0),
             "decode attention: row {} has length {} and slot {}, but the cache has {} slots of {}", b, lengths[b],
             slots[b], key_cache.size(0), key_cache.size(2));
  }
  const at::NoGradGuard no_grad;
  const bool fast = query.device().is_cpu() && query.scalar_type() == at::kFloat && query.size(2) % kWidth == 0;
  return fast ? decode_attention_cpu(query.contiguous(), key_cache, value_cache, lengths, slots)
              : decode_attention_reference(query, key_cache, value_cache, lengths, slots);
}

Tensor decode_attention_reference(const Tensor& query, const Tensor& key_cache, const Tensor& value_cache,
                                  std::span<const std::int64_t> lengths, std::span<const std::int64_t> slots) {
  const std::int64_t heads = query.size(1), kv_heads = key_cache.size(1), head_dim = query.size(2);
  const double scale = 1.0 / std::sqrt(static_cast<double>(head_dim));
  Tensor out = at::empty_like(query);
  for (std::int64_t b = 0; b < query.size(0); ++b) {
    const auto cached = [&](const Tensor& cache) { return cache[slots[b]].narrow(1, 0, lengths[b]); };
    const Tensor q = query[b].reshape({kv_heads, heads / kv_heads, head_dim});
    const Tensor p = (at::bmm(q, cached(key_cache).transpose(1, 2)) * scale).softmax(-1);  // [kv_heads, group, L]
    out[b].copy_(at::bmm(p, cached(value_cache)).view({heads, head_dim}));
  }
  return out;
}

}  // namespace ft
FT_SIMD_END
