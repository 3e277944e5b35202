#include "framework/sample/kv_cache.h"

#include <ATen/ATen.h>

#include <algorithm>
#include <utility>

#include "framework/base/error.h"

namespace ft {
namespace {

constexpr std::int64_t kPage = KvPages::kTokens, kChunk = KvPages::kChunk;

at::Tensor to_rows(const at::Tensor& x) { return x.to(at::kFloat).contiguous(); }

std::int64_t pages_for(std::int64_t tokens) { return (tokens + kPage - 1) / kPage; }

// A page and a token's place in it.
struct Place {
  std::int32_t page;
  std::int64_t token;
};

Place place_of(const std::vector<std::int32_t>& pages, std::int64_t token) {
  return {pages[static_cast<std::size_t>(token / kPage)], token % kPage};
}

at::Tensor page_of(const std::vector<at::Tensor>& chunks, std::int32_t page) {
  return chunks[static_cast<std::size_t>(page / kChunk)].select(0, page % kChunk);
}

// One token's key and value, [kv_heads, head_dim]. Indexing by ATen would cost more than the model.
void store_token(KvPages& pages, Place place, const float* key, const float* value) {
  const auto chunk = static_cast<std::size_t>(place.page / kChunk);
  const std::int64_t heads = pages.keys[chunk].size(1), width = pages.keys[chunk].size(2);
  const std::int64_t begin = place.page % kChunk * heads * width * kPage;
  float* keys = pages.keys[chunk].mutable_data_ptr<float>() + begin + place.token;
  float* values = pages.values[chunk].mutable_data_ptr<float>() + begin + place.token * width;
  for (std::int64_t head = 0; head < heads; ++head) {
    for (std::int64_t d = 0; d < width; ++d) keys[d * kPage] = key[d];
    std::copy_n(value, width, values);
    keys += width * kPage, values += width * kPage, key += width, value += width;
  }
}

// place(t) of each row t of key and value, [T, kv_heads, head_dim].
template <class PlaceOf>
void store_rows(KvPages& pages, const at::Tensor& key, const at::Tensor& value, PlaceOf place) {
  const at::Tensor keys = to_rows(key), values = to_rows(value);
  const std::int64_t size = key.size(1) * key.size(2);
  for (std::int64_t t = 0; t < key.size(0); ++t) {
    const Place p = place(t);
    if (keys.is_cpu()) {
      store_token(pages, p, keys.const_data_ptr<float>() + t * size, values.const_data_ptr<float>() + t * size);
    } else {
      page_of(pages.keys, p.page).select(2, p.token).copy_(keys[t]);
      page_of(pages.values, p.page).select(1, p.token).copy_(values[t]);
    }
  }
}

std::vector<std::int64_t> offsets_of(const KvCache& cache, const std::vector<int>& prompts) {
  std::vector<std::int64_t> offsets = {0};
  for (const int prompt : prompts) offsets.push_back(offsets.back() + cache.prompt_length(prompt));
  return offsets;
}

}  // namespace

KvCache::KvCache(int num_layers, int num_slots)
    : slots_(static_cast<std::size_t>(num_slots)), layers_(static_cast<std::size_t>(num_layers)) {
  FT_CHECK(num_layers > 0 && num_slots > 0, "a cache of {} layers and {} slots", num_layers, num_slots);
}

std::int32_t KvCache::take_page() {
  if (free_.empty()) {
    for (int i = 0; i < kChunk; ++i) free_.push_back(num_pages_ + static_cast<std::int32_t>(kChunk) - 1 - i);
    num_pages_ += static_cast<std::int32_t>(kChunk);
  }
  const std::int32_t page = free_.back();
  free_.pop_back();
  return page;
}

void KvCache::free_pages(std::vector<std::int32_t>& pages) {
  free_.insert(free_.end(), pages.rbegin(), pages.rend());
  pages.clear();
}

int KvCache::add_prompt(std::int64_t length) {
  FT_CHECK(length > 0, "a prompt of {} tokens", length);
  Prompt prompt{.pages = {}, .length = length};
  for (std::int64_t i = 0; i < pages_for(length); ++i) prompt.pages.push_back(take_page());
  prompts_.emplace(next_prompt_, std::move(prompt));
  return next_prompt_++;
}

void KvCache::forget_if_done(int prompt) {
  Prompt& p = prompts_.at(prompt);
  if (!p.dropped || p.users > 0) return;
  free_pages(p.pages);
  prompts_.erase(prompt);
}

void KvCache::drop_prompt(int prompt) {
  prompts_.at(prompt).dropped = true;
  forget_if_done(prompt);
}

void KvCache::start(int slot, int prompt) {
  Slot& s = slots_.at(static_cast<std::size_t>(slot));
  FT_CHECK(!s.used, "slot {} is in use", slot);
  if (prompt != kNoPrompt) ++prompts_.at(prompt).users;
  s.used = true;
  s.prompt = prompt;
}

std::int64_t KvCache::advance(int slot) {
  Slot& s = slots_.at(static_cast<std::size_t>(slot));
  FT_CHECK(s.used, "slot {} is not in use", slot);
  if (s.length % kPage == 0) s.pages.push_back(take_page());
  const std::int64_t before = s.prompt == kNoPrompt ? 0 : prompts_.at(s.prompt).length;
  return before + s.length++;
}

void KvCache::end(int slot) {
  Slot& s = slots_.at(static_cast<std::size_t>(slot));
  FT_CHECK(s.used, "slot {} is not in use", slot);
  free_pages(s.pages);
  if (s.prompt != kNoPrompt) {
    --prompts_.at(s.prompt).users;
    forget_if_done(s.prompt);
  }
  s.used = false;
  s.length = 0;
}

std::int64_t KvCache::bytes() const {
  std::size_t sum = 0;
  for (const KvPages& layer : layers_) {
    for (const at::Tensor& chunk : layer.keys) sum += 2 * chunk.nbytes();
  }
  return static_cast<std::int64_t>(sum);
}

KvPages& KvCache::layer_for(int index, const at::Tensor& key) {
  KvPages& layer = layers_.at(static_cast<std::size_t>(index));
  while (std::ssize(layer.keys) * kChunk < num_pages_) {
    const auto options = key.options().dtype(at::kFloat);
    layer.keys.push_back(at::empty({kChunk, key.size(1), key.size(2), kPage}, options));
    layer.values.push_back(at::empty({kChunk, key.size(1), kPage, key.size(2)}, options));
  }
  FT_CHECK(!layer.keys.empty(), "layer {}: the cache has no page yet", index);
  const at::Tensor& first = layer.keys.front();
  FT_CHECK(first.size(1) == key.size(1) && first.size(2) == key.size(2),
           "layer {} has {} key heads of {} in the cache, got {} of {}", index, first.size(1), first.size(2),
           key.size(1), key.size(2));
  return layer;
}

void KvCache::write_prompt(int layer, int prompt, const at::Tensor& key, const at::Tensor& value) {
  const Prompt& p = prompts_.at(prompt);
  FT_CHECK(key.size(0) == p.length && value.sizes() == key.sizes(), "{} keys and {} values for a prompt of {} tokens",
           key.size(0), value.size(0), p.length);
  store_rows(layer_for(layer, key), key, value, [&](std::int64_t t) { return place_of(p.pages, t); });
}

void KvCache::append(int layer, std::span<const int> slots, const at::Tensor& key, const at::Tensor& value) {
  FT_CHECK(key.size(0) == std::ssize(slots) && value.sizes() == key.sizes(), "{} keys and {} values for {} rows",
           key.size(0), value.size(0), slots.size());
  store_rows(layer_for(layer, key), key, value, [&](std::int64_t row) {
    const Slot& s = slots_.at(static_cast<std::size_t>(slots[static_cast<std::size_t>(row)]));
    FT_CHECK(s.length > 0, "slot {} has no token", slots[static_cast<std::size_t>(row)]);
    return place_of(s.pages, s.length - 1);
  });
}

PagedRow KvCache::row(int slot) const {
  const Slot& s = slots_.at(static_cast<std::size_t>(slot));
  PagedRow row{.prompt = {}, .own = {s.pages, s.length}};
  if (s.prompt == kNoPrompt) return row;
  const Prompt& prompt = prompts_.at(s.prompt);
  row.prompt = {prompt.pages, prompt.length};
  return row;
}

std::int64_t KvCache::estimate_bytes(const ModelConfig& config, std::int64_t sequences, std::int64_t own,
                                     std::int64_t prompts, std::int64_t prompt, int tensor_size) {
  const std::int64_t heads = std::max(1, config.num_kv_heads / tensor_size);
  const std::int64_t pages = sequences * pages_for(own) + prompts * pages_for(prompt);
  const std::int64_t tokens = (pages + kChunk - 1) / kChunk * kChunk * kPage;
  return 2 * static_cast<std::int64_t>(sizeof(float)) * config.num_layers * heads * tokens * config.head_dim;
}

PrefillAttention::PrefillAttention(KvCache& cache, std::vector<int> prompts)
    : cache_(cache), prompts_(std::move(prompts)), offsets_(offsets_of(cache, prompts_)), packed_(offsets_) {}

at::Tensor PrefillAttention::attend(int layer, const at::Tensor& query, const at::Tensor& key,
                                    const at::Tensor& value) {
  for (std::size_t p = 0; p < prompts_.size(); ++p) {
    const std::int64_t begin = offsets_[p], length = offsets_[p + 1] - begin;
    cache_.write_prompt(layer, prompts_[p], key.narrow(0, begin, length), value.narrow(0, begin, length));
  }
  return packed_.attend(layer, query, key, value);
}

DecodeAttention::DecodeAttention(KvCache& cache, std::span<const int> slots)
    : cache_(cache), slots_(slots.begin(), slots.end()) {
  rows_.reserve(slots_.size());
  for (const int slot : slots_) rows_.push_back(cache.row(slot));
}

at::Tensor DecodeAttention::attend(int layer, const at::Tensor& query, const at::Tensor& key, const at::Tensor& value) {
  cache_.append(layer, slots_, key, value);
  return paged_attention(to_rows(query), cache_.pages(layer), rows_).to(query.scalar_type());
}

}  // namespace ft
