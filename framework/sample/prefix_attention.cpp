#include "framework/sample/prefix_attention.h"

#include <ATen/ATen.h>

#include <numeric>
#include <span>

#include "framework/base/error.h"

namespace ft {

at::Tensor RememberedAttention::attend(int layer, const at::Tensor& query, const at::Tensor& key,
                                       const at::Tensor& value) {
  layers_.insert_or_assign(layer, std::pair(key, value));
  return packed_.attend(layer, query, key, value);
}

ContinuedAttention::ContinuedAttention(const RememberedAttention& beginning, const std::vector<std::int64_t>& lengths)
    : beginning_(beginning) {
  std::int64_t count = pages_for(beginning.length());
  for (const std::int64_t length : lengths) {
    FT_CHECK(length > 0, "a text goes on with {} tokens", length);
    count += pages_for(length);
  }
  page_numbers_.resize(static_cast<std::size_t>(count));
  std::iota(page_numbers_.begin(), page_numbers_.end(), 0);
  std::span<const std::int32_t> free = page_numbers_;
  const auto take = [&](std::int64_t tokens) {
    const auto pages = free.first(static_cast<std::size_t>(pages_for(tokens)));
    free = free.subspan(pages.size());
    return pages;
  };
  const PagedTokens shared{take(beginning.length()), beginning.length()};
  for (std::int64_t t = 0; t < shared.length; ++t) beginning_places_.push_back(place_of(shared.pages, t));
  for (const std::int64_t length : lengths) {
    const auto pages = take(length);
    for (std::int64_t t = 0; t < length; ++t) {
      places_.push_back(place_of(pages, t));
      rows_.push_back({.prompt = shared, .own = {pages, t + 1}});
    }
  }
}

at::Tensor ContinuedAttention::attend(int layer, const at::Tensor& query, const at::Tensor& key,
                                      const at::Tensor& value) {
  allocate_pages(pages_, std::ssize(page_numbers_), key);
  const auto& [keys, values] = beginning_.keys_and_values(layer);
  store_tokens(pages_, beginning_places_, keys, values);
  store_tokens(pages_, places_, key, value);
  return paged_attention(query.to(at::kFloat), pages_, rows_).to(query.scalar_type());
}

}  // namespace ft
