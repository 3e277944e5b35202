// Many texts with one beginning: keys and values of the beginning are computed once, and each text goes on from there.
// What scoring the attempts of a problem needs.
//
//   RememberedAttention beginning(length);
//   (void)model.forward(tokens, positions, beginning);                // [P, H]
//   ContinuedAttention context(beginning, lengths);                   // of what follows in each text
//   Tensor hidden = model.forward(rest, positions_from_P, context);   // [T, H]
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <map>
#include <utility>
#include <vector>

#include "framework/kernels/paged_attention.h"
#include "framework/model/attention_context.h"

namespace ft {

// Packed attention of one text, whose keys and values are kept.
class RememberedAttention final : public AttentionContext {
 public:
  explicit RememberedAttention(std::int64_t length) : length_(length), packed_({0, length}) {}
  [[nodiscard]] at::Tensor attend(int layer, const at::Tensor& query, const at::Tensor& key,
                                  const at::Tensor& value) override;
  [[nodiscard]] std::int64_t length() const { return length_; }
  // Of a layer that has been computed: [length, kv_heads, head_dim] each.
  [[nodiscard]] const std::pair<at::Tensor, at::Tensor>& keys_and_values(int layer) const { return layers_.at(layer); }

 private:
  std::int64_t length_;
  PackedAttention packed_;
  std::map<int, std::pair<at::Tensor, at::Tensor>> layers_;
};

// What follows the beginning in each of some texts, laid end to end: each token sees the beginning and its own text up to
// itself. Not differentiable. A token's bits depend on its own text and on how long the beginning is.
class ContinuedAttention final : public AttentionContext {
 public:
  // lengths: tokens of each text after the beginning, at least one. `beginning` must outlive this.
  ContinuedAttention(const RememberedAttention& beginning, const std::vector<std::int64_t>& lengths);
  [[nodiscard]] at::Tensor attend(int layer, const at::Tensor& query, const at::Tensor& key,
                                  const at::Tensor& value) override;

 private:
  const RememberedAttention& beginning_;
  KvPages pages_;  // of one layer at a time
  std::vector<std::int32_t> page_numbers_;
  std::vector<PagePlace> beginning_places_, places_;
  std::vector<PagedRow> rows_;
};

}  // namespace ft
