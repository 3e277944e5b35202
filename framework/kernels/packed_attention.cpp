#include "framework/kernels/packed_attention.h"

#include <ATen/ATen.h>

#include <cmath>
#include <limits>

#include "framework/base/error.h"

namespace ft {

using at::Tensor;

Tensor packed_attention_reference(const Tensor& query, const Tensor& key, const Tensor& value,
                                  std::span<const std::int64_t> offsets) {
  const std::int64_t group = query.size(1) / key.size(1);
  const double scale = 1.0 / std::sqrt(static_cast<double>(query.size(2)));
  std::vector<Tensor> documents;
  for (std::size_t d = 0; d + 1 < offsets.size(); ++d) {
    const std::int64_t length = offsets[d + 1] - offsets[d];
    const auto heads_first = [&](const Tensor& x) { return x.narrow(0, offsets[d], length).transpose(0, 1); };
    const Tensor q = heads_first(query);                              // [heads, L, head_dim]
    const Tensor k = heads_first(key).repeat_interleave(group, 0);    // [heads, L, head_dim]
    const Tensor v = heads_first(value).repeat_interleave(group, 0);  // [heads, L, head_dim]
    const Tensor hidden = at::ones({length, length}, query.options().dtype(at::kBool)).triu(1);
    const Tensor scores =
        (at::bmm(q, k.transpose(1, 2)) * scale).masked_fill(hidden, -std::numeric_limits<double>::infinity());
    documents.push_back(at::bmm(scores.softmax(-1), v).transpose(0, 1));
  }
  return at::cat(documents, 0);
}

Tensor packed_attention(const Tensor& query, const Tensor& key, const Tensor& value,
                        const std::vector<std::int64_t>& offsets) {
  return packed_attention_reference(query, key, value, offsets);
}

}  // namespace ft
