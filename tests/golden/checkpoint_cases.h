// A few parameters whose values say where they belong, for checkpoints that are committed: what an older program wrote
// must be read by every newer one.
#pragma once

#include <numeric>

#include "framework/checkpoint/checkpoint.h"
#include "framework/checkpoint/layout.h"

namespace ft::golden {

// Exact in float32, different for every element, weights and moments.
inline float value_of(int parameter, std::int64_t row, std::int64_t column, int kind) {
  return static_cast<float>(1000 * parameter + 20 * row + column) * 0.25F + static_cast<float>(kind) * 0.0625F;
}

// The model on one data rank: a matrix split by rows, one by columns, a norm that all tensor ranks hold.
struct Model {
  ParameterSet parameters;
  MomentsView moments;

  explicit Model(Groups groups) {
    const int rank = groups.tensor.rank(), size = groups.tensor.size();
    const auto slice = [&](int dim, std::int64_t n) {
      return size == 1 ? ShardSpec{} : ShardSpec{dim, n * rank / size, n * (rank + 1) / size};
    };
    parameters.add({.name = "embedding.weight", .shape = {13, 8}, .shard = slice(0, 13)});
    parameters.add({.name = "layers.0.o_proj.weight", .shape = {8, 6}, .shard = slice(1, 6)});
    parameters.add({.name = "norm.weight", .shape = {8}, .decay = false});
    parameters.finish();
    const auto sizes = owned_sizes(parameters.blocks(), groups.data.size());
    moments.begin = std::accumulate(sizes.begin(), sizes.begin() + groups.data.rank(), std::int64_t{0});
    moments.end = moments.begin + sizes[static_cast<std::size_t>(groups.data.rank())];
    moments.first = at::zeros({moments.end - moments.begin});
    moments.second = at::zeros({moments.end - moments.begin});
  }

  // Calls use(element of the buffer, its right value) for a buffer that begins at element `begin` of the flat one.
  template <class Use>
  void each(const at::Tensor& buffer, std::int64_t begin, int kind, Use use) const {
    float* values = buffer.mutable_data_ptr<float>();
    for (const LocalSlice& slice : slices_of_range(parameters, begin, begin + buffer.numel())) {
      float* element = values + (slice.offset - begin);
      const Box& box = slice.box;
      const bool matrix = box.shape.size() > 1;
      for (std::int64_t r = 0; r < box.shape[0]; ++r)
        for (std::int64_t c = 0; c < (matrix ? box.shape[1] : 1); ++c)
          use(*element++, value_of(slice.parameter, box.begin[0] + r, (matrix ? box.begin[1] : 0) + c, kind));
    }
  }
  void fill() {
    const auto set = [](float& element, float value) { element = value; };
    each(parameters.flat(), 0, 0, set);
    each(moments.first, moments.begin, 1, set);
    each(moments.second, moments.begin, 2, set);
  }
};

}  // namespace ft::golden
