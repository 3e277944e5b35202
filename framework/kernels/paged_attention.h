// Attention of one new token per sequence over keys and values that lie in pages: the inner loop of sampling.
//
// A sequence is a prompt, which many sequences may share, and what follows it, each in pages of its own. Rows that
// continue one prompt and stand side by side attend to it in one matrix product: its keys are read once for all of them.
//
//   Tensor out = paged_attention(query, pages, rows);   // [B, heads, head_dim]
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <span>
#include <vector>

namespace ft {

// The pages of one layer. They come in chunks, so that more of them move nothing.
struct KvPages {
  static constexpr std::int64_t kTokens = 32;  // in a page
  static constexpr std::int64_t kChunk = 16;   // pages: page p is row p % kChunk of chunk p / kChunk
  std::vector<at::Tensor> keys;                // each [kChunk, kv_heads, head_dim, kTokens] float32, contiguous
  std::vector<at::Tensor> values;              // each [kChunk, kv_heads, kTokens, head_dim] float32, contiguous
};

// One token's place.
struct PagePlace {
  std::int32_t page = 0;
  std::int64_t token = 0;  // within the page
};
[[nodiscard]] inline PagePlace place_of(std::span<const std::int32_t> pages, std::int64_t token) {
  return {pages[static_cast<std::size_t>(token / KvPages::kTokens)], token % KvPages::kTokens};
}
[[nodiscard]] inline std::int64_t pages_for(std::int64_t tokens) {
  return (tokens + KvPages::kTokens - 1) / KvPages::kTokens;
}

// Makes sure that pages 0 .. count - 1 are there, for keys and values like `key` [T, kv_heads, head_dim].
void allocate_pages(KvPages& pages, std::int64_t count, const at::Tensor& key);

// Row t of key and value [T, kv_heads, head_dim], of any floating dtype, goes to places[t], which is allocated. Rows share a
// place only if they are equal.
void store_tokens(KvPages& pages, std::span<const PagePlace> places, const at::Tensor& key, const at::Tensor& value);

// `length` tokens in pages, all but the last page full.
struct PagedTokens {
  std::span<const std::int32_t> pages;
  std::int64_t length = 0;
};

struct PagedRow {
  PagedTokens prompt;  // may be empty
  PagedTokens own;     // the new token's own key and value are there already
};

// Row b of `query` [B, heads, head_dim] float32 looks at the tokens of rows[b], of which there is at least one. Query head
// h uses key/value head h / (heads / kv_heads). Returns softmax(q k' / sqrt(head_dim)) v as [B, heads, head_dim] float32.
// Not differentiable. The bits of a row depend on that row's query, its two lengths and its keys and values alone: not on
// the other rows, nor on which pages these lie in. Rows share a prompt when their prompt.pages are the same memory.
[[nodiscard]] at::Tensor paged_attention(const at::Tensor& query, const KvPages& pages, std::span<const PagedRow> rows);

// The same by ATen's operations, one row after another: the meaning of the above, and what other devices run. Of any
// floating dtype.
[[nodiscard]] at::Tensor paged_attention_reference(const at::Tensor& query, const KvPages& pages,
                                                   std::span<const PagedRow> rows);

}  // namespace ft
