// Keys and values of the attempts that are being decoded, and the two attention contexts that fill and read them.
//
// They lie in pages of 32 tokens (kernels/paged_attention.h), in float32: a prompt's pages are shared by all attempts that
// continue it, each attempt has pages of its own for what it writes. Nothing is moved or copied while sequences grow, and
// memory is what is in use: pages of ended sequences serve the next ones. A layer's memory is allocated when it is first
// written, for only then is it known how many heads this rank of a tensor group has.
//
//   KvCache cache(config.num_layers, slots);
//   const int prompt = cache.add_prompt(length);
//   PrefillAttention prefill(cache, {prompt});
//   Tensor hidden = model.forward(tokens, positions, prefill);                // [T, H]
//   cache.start(slot, prompt);                                                // for each of its attempts
//   cache.drop_prompt(prompt);                                                // no more will start
//   const std::int64_t position = cache.advance(slot);                        // before each decoded token
//   DecodeAttention decode(cache, slots_of_rows);
//   hidden = model.forward(next_tokens, positions, decode);                   // [B, H]
//   cache.end(slot);
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <map>
#include <span>
#include <vector>

#include "framework/kernels/paged_attention.h"
#include "framework/model/attention_context.h"
#include "framework/model/model_config.h"

namespace ft {

class KvCache {
 public:
  static constexpr int kNoPrompt = -1;

  KvCache(int num_layers, int num_slots);

  // A prompt of `length` tokens; write_prompt fills it. It goes when it was dropped and no slot continues it any more.
  [[nodiscard]] int add_prompt(std::int64_t length);
  void drop_prompt(int prompt);
  [[nodiscard]] std::int64_t prompt_length(int prompt) const { return prompts_.at(prompt).length; }

  // The slot, which is free, begins a sequence after `prompt`, or one from nothing (kNoPrompt).
  void start(int slot, int prompt);
  // Room for the sequence's next token, whose position is returned; append() fills it.
  std::int64_t advance(int slot);
  // The slot is free again.
  void end(int slot);

  // Stores a whole prompt of one layer. key, value [length, kv_heads, head_dim].
  void write_prompt(int layer, int prompt, const at::Tensor& key, const at::Tensor& value);
  // Stores the last token of each slot, key and value [slots, kv_heads, head_dim]. A slot may stand there many times if
  // its rows are equal.
  void append(int layer, std::span<const int> slots, const at::Tensor& key, const at::Tensor& value);

  // What the slot's last token may look at. Valid until the cache changes.
  [[nodiscard]] PagedRow row(int slot) const;
  [[nodiscard]] const KvPages& pages(int layer) const { return layers_.at(static_cast<std::size_t>(layer)); }

  [[nodiscard]] int num_slots() const { return static_cast<int>(slots_.size()); }
  [[nodiscard]] std::int64_t pages_in_use() const { return num_pages_ - std::ssize(free_); }
  [[nodiscard]] std::int64_t bytes() const;  // allocated now

  // Bytes of `sequences` attempts of `own` tokens at once, beside `prompts` prompts of `prompt` tokens, where a tensor
  // group of `tensor_size` ranks splits the heads: for `plan` and for warnings.
  [[nodiscard]] static std::int64_t estimate_bytes(const ModelConfig& config, std::int64_t sequences, std::int64_t own,
                                                   std::int64_t prompts, std::int64_t prompt, int tensor_size = 1);

 private:
  struct Prompt {
    std::vector<std::int32_t> pages;
    std::int64_t length = 0;
    int users = 0;
    bool dropped = false;
  };
  struct Slot {
    bool used = false;
    int prompt = kNoPrompt;
    std::vector<std::int32_t> pages;
    std::int64_t length = 0;  // of its own tokens
  };
  std::int32_t take_page();
  void free_pages(std::vector<std::int32_t>& pages);
  void forget_if_done(int prompt);
  KvPages& layer_for(int layer, const at::Tensor& key);

  std::map<int, Prompt> prompts_;
  int next_prompt_ = 0;
  std::vector<Slot> slots_;
  std::vector<std::int32_t> free_;  // pages
  std::int32_t num_pages_ = 0;
  std::vector<KvPages> layers_;
};

// Whole prompts laid end to end, each alone in what it sees: packed causal attention over its tokens, whose keys and
// values go to the cache. What is stored of a prompt has the same bits whatever is computed beside it, as far as the
// products around the attention keep their rows' bits.
class PrefillAttention final : public AttentionContext {
 public:
  // Of the cache's prompts, in the order of the forward's tokens.
  PrefillAttention(KvCache& cache, std::vector<int> prompts);
  [[nodiscard]] at::Tensor attend(int layer, const at::Tensor& query, const at::Tensor& key,
                                  const at::Tensor& value) override;

 private:
  KvCache& cache_;
  std::vector<int> prompts_;
  std::vector<std::int64_t> offsets_;
  PackedAttention packed_;
};

// One new token for each of B sequences: row b is the last token of slots[b] (KvCache::advance), and sees that sequence up
// to itself. Slots must neither start, advance nor end while this is in use.
class DecodeAttention final : public AttentionContext {
 public:
  DecodeAttention(KvCache& cache, std::span<const int> slots);
  [[nodiscard]] at::Tensor attend(int layer, const at::Tensor& query, const at::Tensor& key,
                                  const at::Tensor& value) override;

 private:
  KvCache& cache_;
  std::vector<int> slots_;
  std::vector<PagedRow> rows_;
};

}  // namespace ft
