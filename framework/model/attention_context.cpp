#include "framework/model/attention_context.h"

#include <utility>

#include "framework/base/error.h"
#include "framework/kernels/packed_attention.h"

namespace ft {

PackedAttention::PackedAttention(std::vector<std::int64_t> offsets) : offsets_(std::move(offsets)) {
  FT_CHECK(offsets_.size() >= 2 && offsets_.front() == 0, "a pack needs a document, and offsets that start at 0");
  for (std::size_t d = 0; d + 1 < offsets_.size(); ++d) {
    FT_CHECK(offsets_[d] < offsets_[d + 1], "document {} of the pack is empty: offsets {} and {}", d, offsets_[d],
             offsets_[d + 1]);
  }
}

at::Tensor PackedAttention::attend(int /*layer*/, const at::Tensor& query, const at::Tensor& key,
                                   const at::Tensor& value) {
  return packed_attention(query, key, value, offsets_);
}

}  // namespace ft
