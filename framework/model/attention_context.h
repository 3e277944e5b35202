// Who holds keys and values. The decoder computes queries, keys and values of some tokens; a context decides what each
// query may look at. Training packs whole documents (PackedAttention); sampling keeps a cache (in framework/sample). So
// there is one forward for training, scoring and sampling, and their log-probabilities can be compared.
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <vector>

namespace ft {

class AttentionContext {
 public:
  virtual ~AttentionContext() = default;

  // Causal attention of T tokens in layer `layer`, rotary positions already applied.
  //   query [T, heads, head_dim], key and value [T, kv_heads, head_dim]; heads is a multiple of kv_heads.
  // Returns [T, heads, head_dim]: softmax(query key' / sqrt(head_dim)) value over what the context lets each token see.
  [[nodiscard]] virtual at::Tensor attend(int layer, const at::Tensor& query, const at::Tensor& key,
                                          const at::Tensor& value) = 0;
};

// Documents laid end to end; each token sees its own document up to itself. Differentiable.
class PackedAttention final : public AttentionContext {
 public:
  // offsets: [documents + 1], from 0 to T, increasing.
  explicit PackedAttention(std::vector<std::int64_t> offsets);
  [[nodiscard]] at::Tensor attend(int layer, const at::Tensor& query, const at::Tensor& key,
                                  const at::Tensor& value) override;

 private:
  std::vector<std::int64_t> offsets_;
};

}  // namespace ft
