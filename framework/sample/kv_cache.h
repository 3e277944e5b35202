// Keys and values of the attempts that are being decoded, and the two attention contexts that fill and read them.
//
// One contiguous float32 tensor for keys and one for values per layer, [slots, kv_heads, length, head_dim]: an attempt
// owns a slot for its life, so nothing is gathered or moved between steps. Memory grows with use: a layer is allocated
// when it is first written (only then is it known how many heads this rank of a tensor group has), and the length grows
// by half when a sequence outgrows it, one layer at a time.
//
//   KvCache cache(config.num_layers, slots);
//   cache.reserve(prompt_length + 1);
//   PrefillAttention prefill(cache, slot, prompt_length);
//   Tensor hidden = model.forward(prompt, positions, prefill);                // [T, H]
//   DecodeAttention decode(cache);
//   decode.set_rows(slots_of_rows, positions_of_rows);
//   hidden = model.forward(next_tokens, positions, decode);                   // [B, H]
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <span>
#include <vector>

#include "framework/model/attention_context.h"
#include "framework/model/model_config.h"

namespace ft {

class KvCache {
 public:
  KvCache(int num_layers, int num_slots);

  [[nodiscard]] int num_slots() const { return num_slots_; }
  [[nodiscard]] std::int64_t length() const { return length_; }
  [[nodiscard]] std::int64_t bytes() const;  // allocated now

  // Makes room for sequences of `length` tokens; keeps what is stored. Call it between forwards.
  void reserve(std::int64_t length);

  // Stores T tokens of one sequence from position 0 on. key, value [T, kv_heads, head_dim].
  void write_prompt(int layer, int slot, const at::Tensor& key, const at::Tensor& value);
  // Stores one token of each of B sequences. key, value [B, kv_heads, head_dim]; rows must not share a place unless
  // they hold the same values.
  void append(int layer, std::span<const std::int64_t> slots, std::span<const std::int64_t> positions,
              const at::Tensor& key, const at::Tensor& value);
  // Copies the first `length` tokens of every layer from one slot to another.
  void copy_prefix(int from_slot, int to_slot, std::int64_t length);

  [[nodiscard]] const at::Tensor& keys(int layer) const;    // [slots, kv_heads, length(), head_dim]
  [[nodiscard]] const at::Tensor& values(int layer) const;  // the same

  // Bytes of a cache for `num_slots` sequences of `length` tokens, where a tensor group of `tensor_size` ranks splits
  // the heads: for `plan` and for warnings.
  [[nodiscard]] static std::int64_t estimate_bytes(const ModelConfig& config, int num_slots, std::int64_t length,
                                                   int tensor_size = 1);

 private:
  struct Layer {
    at::Tensor keys, values;  // [slots, kv_heads, length, head_dim] float32; undefined before the first write
  };
  Layer& layer_for(int layer, const at::Tensor& key);

  int num_slots_;
  std::int64_t length_ = 0;
  std::vector<Layer> layers_;
};

// One prompt alone: packed causal attention over its tokens, whose keys and values go to `slot` from position 0 on.
// Because nothing else is in the forward, the stored bits depend on the prompt alone.
class PrefillAttention final : public AttentionContext {
 public:
  PrefillAttention(KvCache& cache, int slot, std::int64_t num_tokens);
  [[nodiscard]] at::Tensor attend(int layer, const at::Tensor& query, const at::Tensor& key,
                                  const at::Tensor& value) override;

 private:
  KvCache& cache_;
  int slot_;
  PackedAttention packed_;
};

// One new token for each of B sequences: row b is token positions[b] of the sequence in slots[b], and sees that
// sequence up to itself. The tokens before it are in the cache already.
class DecodeAttention final : public AttentionContext {
 public:
  explicit DecodeAttention(KvCache& cache) : cache_(cache) {}
  void set_rows(std::span<const std::int64_t> slots, std::span<const std::int64_t> positions);
  [[nodiscard]] at::Tensor attend(int layer, const at::Tensor& query, const at::Tensor& key,
                                  const at::Tensor& value) override;

 private:
  KvCache& cache_;
  std::vector<std::int64_t> slots_, positions_, lengths_;  // [B]
};

}  // namespace ft
