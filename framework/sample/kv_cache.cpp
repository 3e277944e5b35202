#include "framework/sample/kv_cache.h"

#include <ATen/ATen.h>

#include <algorithm>
#include <utility>

#include "framework/base/error.h"

namespace ft {
namespace {

constexpr std::int64_t kPage = KvPages::kTokens, kChunk = KvPages::kChunk;

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
  allocate_pages(layer, num_pages_, key);
  return layer;
}

void KvCache::write_prompt(int layer, int prompt, const at::Tensor& key, const at::Tensor& value) {
  const Prompt& p = prompts_.at(prompt);
  std::vector<PagePlace> places;
  for (std::int64_t t = 0; t < p.length; ++t) places.push_back(place_of(p.pages, t));
  store_tokens(layer_for(layer, key), places, key, value);
}

void KvCache::append(int layer, std::span<const int> slots, const at::Tensor& key, const at::Tensor& value) {
  std::vector<PagePlace> places;
  for (const int slot : slots) {
    const Slot& s = slots_.at(static_cast<std::size_t>(slot));
    FT_CHECK(s.length > 0, "slot {} has no token", slot);
    places.push_back(place_of(s.pages, s.length - 1));
  }
  store_tokens(layer_for(layer, key), places, key, value);
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
  return paged_attention(query.to(at::kFloat), cache_.pages(layer), rows_).to(query.scalar_type());
}

}  // namespace ft
