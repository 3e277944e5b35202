#include "framework/sample/kv_cache.h"

#include <ATen/ATen.h>

#include <algorithm>
#include <cstring>

#include "framework/base/error.h"
#include "framework/kernels/decode_attention.h"

namespace ft {
namespace {

at::Tensor to_rows(const at::Tensor& x) { return x.to(at::kFloat).contiguous(); }

at::Tensor index_tensor(std::span<const std::int64_t> values, at::Device device) {
  at::Tensor t = at::empty({static_cast<std::int64_t>(values.size())}, at::kLong);
  std::copy(values.begin(), values.end(), t.data_ptr<std::int64_t>());
  return t.to(device);
}

// cache[slots[b], :, positions[b], :] = rows[b]. One memory copy per head; indexing would cost more than the model.
void store_rows(const at::Tensor& cache, std::span<const std::int64_t> slots, std::span<const std::int64_t> positions,
                const at::Tensor& rows) {
  if (!cache.is_cpu()) {
    cache.transpose(1, 2).index_put_({index_tensor(slots, cache.device()), index_tensor(positions, cache.device())},
                                     rows);
    return;
  }
  const std::int64_t heads = cache.size(1), length = cache.size(2), width = cache.size(3);
  const float* source = rows.const_data_ptr<float>();
  auto* target = cache.data_ptr<float>();
  for (std::size_t row = 0; row < slots.size(); ++row) {
    for (std::int64_t head = 0; head < heads; ++head, source += width) {
      std::memcpy(target + ((slots[row] * heads + head) * length + positions[row]) * width, source,
                  static_cast<std::size_t>(width) * sizeof(float));
    }
  }
}

}  // namespace

KvCache::KvCache(int num_layers, int num_slots) : num_slots_(num_slots), layers_(static_cast<std::size_t>(num_layers)) {
  FT_CHECK(num_layers > 0 && num_slots > 0, "a cache of {} layers and {} slots", num_layers, num_slots);
}

std::int64_t KvCache::bytes() const {
  std::int64_t sum = 0;
  for (const Layer& layer : layers_) {
    if (layer.keys.defined()) sum += static_cast<std::int64_t>(layer.keys.nbytes() + layer.values.nbytes());
  }
  return sum;
}

void KvCache::reserve(std::int64_t length) {
  if (length <= length_) return;
  constexpr std::int64_t kGrain = 32;
  const std::int64_t old_length = length_;
  length_ = (std::max(length, length_ + length_ / 2) + kGrain - 1) / kGrain * kGrain;
  for (Layer& layer : layers_) {
    for (at::Tensor* tensor : {&layer.keys, &layer.values}) {
      if (!tensor->defined()) continue;
      at::Tensor grown = at::empty({num_slots_, tensor->size(1), length_, tensor->size(3)}, tensor->options());
      grown.narrow(2, 0, old_length).copy_(*tensor);
      *tensor = std::move(grown);
    }
  }
}

KvCache::Layer& KvCache::layer_for(int index, const at::Tensor& key) {
  Layer& layer = layers_.at(static_cast<std::size_t>(index));
  if (!layer.keys.defined()) {
    layer.keys = at::empty({num_slots_, key.size(1), length_, key.size(2)}, key.options().dtype(at::kFloat));
    layer.values = at::empty_like(layer.keys);
  }
  FT_CHECK(layer.keys.size(1) == key.size(1) && layer.keys.size(3) == key.size(2),
           "layer {} has {} key heads of {} in the cache, got {} of {}", index, layer.keys.size(1), layer.keys.size(3),
           key.size(1), key.size(2));
  return layer;
}

void KvCache::write_prompt(int layer, int slot, const at::Tensor& key, const at::Tensor& value) {
  const std::int64_t num_tokens = key.size(0);
  FT_CHECK(num_tokens <= length_ && slot < num_slots_, "{} tokens into slot {} of a cache [{}, {}]", num_tokens, slot,
           num_slots_, length_);
  Layer& l = layer_for(layer, key);
  l.keys.select(0, slot).narrow(1, 0, num_tokens).copy_(key.transpose(0, 1));
  l.values.select(0, slot).narrow(1, 0, num_tokens).copy_(value.transpose(0, 1));
}

void KvCache::append(int layer, std::span<const std::int64_t> slots, std::span<const std::int64_t> positions,
                     const at::Tensor& key, const at::Tensor& value) {
  const auto num_rows = static_cast<std::int64_t>(slots.size());
  FT_CHECK(key.size(0) == num_rows && value.size(0) == num_rows, "{} keys and {} values for {} rows", key.size(0),
           value.size(0), num_rows);
  Layer& l = layer_for(layer, key);
  for (std::size_t row = 0; row < slots.size(); ++row) {
    FT_CHECK(slots[row] >= 0 && slots[row] < num_slots_ && positions[row] < length_,
             "token {} of slot {} is outside the cache [{}, {}]", positions[row], slots[row], num_slots_, length_);
  }
  store_rows(l.keys, slots, positions, to_rows(key));
  store_rows(l.values, slots, positions, to_rows(value));
}

void KvCache::copy_prefix(int from_slot, int to_slot, std::int64_t length) {
  for (Layer& layer : layers_) {
    for (const at::Tensor* tensor : {&layer.keys, &layer.values}) {
      if (!tensor->defined()) continue;
      tensor->select(0, to_slot).narrow(1, 0, length).copy_(tensor->select(0, from_slot).narrow(1, 0, length));
    }
  }
}

const at::Tensor& KvCache::keys(int layer) const { return layers_.at(static_cast<std::size_t>(layer)).keys; }
const at::Tensor& KvCache::values(int layer) const { return layers_.at(static_cast<std::size_t>(layer)).values; }

std::int64_t KvCache::estimate_bytes(const ModelConfig& config, int num_slots, std::int64_t length, int tensor_size) {
  const std::int64_t heads = std::max(1, config.num_kv_heads / tensor_size);
  return 2 * static_cast<std::int64_t>(sizeof(float)) * config.num_layers * num_slots * heads * length *
         config.head_dim;
}

PrefillAttention::PrefillAttention(KvCache& cache, int slot, std::int64_t num_tokens)
    : cache_(cache), slot_(slot), packed_({0, num_tokens}) {}

at::Tensor PrefillAttention::attend(int layer, const at::Tensor& query, const at::Tensor& key,
                                    const at::Tensor& value) {
  cache_.write_prompt(layer, slot_, key, value);
  return packed_.attend(layer, query, key, value);
}

void DecodeAttention::set_rows(std::span<const std::int64_t> slots, std::span<const std::int64_t> positions) {
  FT_CHECK(slots.size() == positions.size(), "{} slots for {} positions", slots.size(), positions.size());
  slots_.assign(slots.begin(), slots.end());
  positions_.assign(positions.begin(), positions.end());
  lengths_.resize(positions.size());
  std::ranges::transform(positions, lengths_.begin(), [](std::int64_t position) { return position + 1; });
}

at::Tensor DecodeAttention::attend(int layer, const at::Tensor& query, const at::Tensor& key, const at::Tensor& value) {
  cache_.append(layer, slots_, positions_, key, value);
  return decode_attention(to_rows(query), cache_.keys(layer), cache_.values(layer), lengths_, slots_)
      .to(query.scalar_type());
}

}  // namespace ft
