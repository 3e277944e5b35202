// Attention of one new token per sequence over a cache of keys and values: the inner loop of sampling.
//
//   Tensor out = decode_attention(query, key_cache, value_cache, lengths, slots);   // [B, heads, head_dim]
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <span>

namespace ft {

// Row b looks at the first lengths[b] positions of slot slots[b]; the new token's own key and value are already there.
//   query        [B, heads, head_dim] float32
//   key_cache    [num_slots, kv_heads, max_length, head_dim] float32, contiguous; value_cache likewise
//   lengths      [B], each in 1 .. max_length
//   slots        [B], each in 0 .. num_slots - 1 (may repeat)
// Query head h uses key/value head h / (heads / kv_heads). Returns softmax(q k' / sqrt(head_dim)) v as
// [B, heads, head_dim] float32. Not differentiable. The bits of a row depend on that row's query, length and cached
// values alone: not on B, on the other rows, on the slot's number or on max_length.
[[nodiscard]] at::Tensor decode_attention(const at::Tensor& query, const at::Tensor& key_cache,
                                          const at::Tensor& value_cache, std::span<const std::int64_t> lengths,
                                          std::span<const std::int64_t> slots);

// The same by ATen's operations, one row after another: the meaning of the above, and what other devices run.
[[nodiscard]] at::Tensor decode_attention_reference(const at::Tensor& query, const at::Tensor& key_cache,
                                                    const at::Tensor& value_cache,
                                                    std::span<const std::int64_t> lengths,
                                                    std::span<const std::int64_t> slots);

}  // namespace ft
