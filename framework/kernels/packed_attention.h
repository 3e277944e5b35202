// Causal attention inside each document of a pack: block-diagonal, grouped-query, without padding.
//
// A document's result and gradients are functions of that document alone, bit for bit: neither its neighbours nor its
// place in the pack matter. Memory is one document's scores of one head at a time.
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <span>
#include <vector>

namespace ft {

// query [T, heads, head_dim], key and value [T, kv_heads, head_dim]; heads a multiple of kv_heads (head h uses key and
// value head h / (heads / kv_heads)). offsets [documents + 1]: from 0 to T, strictly increasing; token t of document d
// sees tokens offsets[d] .. t. Returns softmax(q k' / sqrt(head_dim)) v as [T, heads, head_dim]. Differentiable.
[[nodiscard]] at::Tensor packed_attention(const at::Tensor& query, const at::Tensor& key, const at::Tensor& value,
                                          const std::vector<std::int64_t>& offsets);

// The same by ATen's operations, document by document: the meaning of the above, and what other devices run.
[[nodiscard]] at::Tensor packed_attention_reference(const at::Tensor& query, const at::Tensor& key,
                                                    const at::Tensor& value, std::span<const std::int64_t> offsets);

}  // namespace ft
