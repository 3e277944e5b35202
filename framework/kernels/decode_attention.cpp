#include "framework/kernels/decode_attention.h"

#include <ATen/ATen.h>

#include <cmath>

#include "framework/base/error.h"

namespace ft {

using at::Tensor;

Tensor decode_attention_reference(const Tensor& query, const Tensor& key_cache, const Tensor& value_cache,
                                  std::span<const std::int64_t> lengths, std::span<const std::int64_t> slots) {
  const std::int64_t heads = query.size(1), kv_heads = key_cache.size(1), head_dim = query.size(2);
  const double scale = 1.0 / std::sqrt(static_cast<double>(head_dim));
  Tensor out = at::empty_like(query);
  for (std::int64_t b = 0; b < query.size(0); ++b) {
    const auto cached = [&](const Tensor& cache) { return cache[slots[b]].narrow(1, 0, lengths[b]); };
    const Tensor q = query[b].view({kv_heads, heads / kv_heads, head_dim});
    const Tensor p = (at::bmm(q, cached(key_cache).transpose(1, 2)) * scale).softmax(-1);  // [kv_heads, group, L]
    out[b].copy_(at::bmm(p, cached(value_cache)).view({heads, head_dim}));
  }
  return out;
}

Tensor decode_attention(const Tensor& query, const Tensor& key_cache, const Tensor& value_cache,
                        std::span<const std::int64_t> lengths, std::span<const std::int64_t> slots) {
  FT_CHECK(query.dim() == 3 && key_cache.dim() == 4 && key_cache.sizes() == value_cache.sizes(),
           "decode attention: query must be [B, heads, head_dim], caches [slots, kv_heads, max_length, head_dim]");
  FT_CHECK(static_cast<std::int64_t>(lengths.size()) == query.size(0) && slots.size() == lengths.size(),
           "decode attention: {} rows, {} lengths, {} slots", query.size(0), lengths.size(), slots.size());
  return decode_attention_reference(query, key_cache, value_cache, lengths, slots);
}

}  // namespace ft
