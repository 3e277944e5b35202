#include "framework/train/gradient_exchange.h"

#include <ATen/ATen.h>

#include <cmath>
#include <numeric>

#include "framework/tensor/slices.h"

namespace ft {

namespace {

// Eight running sums, so that the additions of one do not wait for each other; their order is fixed all the same.
double sum_of_squares(const float* values, std::int64_t size) {
  double sums[8] = {};
  std::int64_t i = 0;
  for (; i + 8 <= size; i += 8)
    for (int j = 0; j < 8; ++j) sums[j] += static_cast<double>(values[i + j]) * static_cast<double>(values[i + j]);
  for (; i < size; ++i) sums[i % 8] += static_cast<double>(values[i]) * static_cast<double>(values[i]);
  return ((sums[0] + sums[1]) + (sums[2] + sums[3])) + ((sums[4] + sums[5]) + (sums[6] + sums[7]));
}

}  // namespace

at::Tensor block_squares(const at::Tensor& owned, std::span<const Block> blocks, std::int64_t begin) {
  at::Tensor squares = at::empty({std::ssize(blocks)}, at::kDouble);  // [blocks]
  if (owned.is_cpu()) {
    for (std::size_t b = 0; b < blocks.size(); ++b)
      squares.mutable_data_ptr<double>()[b] =
          sum_of_squares(owned.const_data_ptr<float>() + (blocks[b].offset - begin), blocks[b].size);
    return squares;
  }
  std::vector<at::Tensor> parts;
  for (const Block& block : blocks) parts.push_back(owned.narrow(0, block.offset - begin, block.size));
  // One launch for many blocks; the root that it takes is undone.
  return parts.empty() ? squares : at::stack(at::_foreach_norm(parts, 2, at::kDouble)).square().to(at::kCPU);
}

GradientExchange::GradientExchange(ParameterSet& parameters, Groups groups)
    : groups_(groups),
      parameters_(parameters),
      sizes_(owned_sizes(parameters.blocks(), groups.data.size())),
      num_blocks_(sizes_.size(), 0),
      counted_(first_holders(parameters,
                             groups.tensor.all_gather_bytes("slices of the parameters", describe_slices(parameters)),
                             groups.tensor.rank())) {
  std::size_t rank = 0;
  std::int64_t boundary = sizes_[0];
  for (const Block& block : parameters.blocks()) {
    while (block.offset >= boundary && block.size > 0) boundary += sizes_[++rank];
    ++num_blocks_[rank];
    if (static_cast<int>(rank) == groups.data.rank()) owned_blocks_.push_back(block);
  }
  begin_ = std::accumulate(sizes_.begin(), sizes_.begin() + groups.data.rank(), std::int64_t{0});
}

at::Tensor GradientExchange::reduce(const at::Tensor& gradient) {
  // The owned range may be reduced in place: the rest of the buffer is not needed afterwards.
  at::Tensor owned = gradient.narrow(0, begin_, end() - begin_);  // [owned]
  groups_.data.reduce_scatter("gradients", owned, gradient, sizes_);
  return owned;
}

double GradientExchange::norm(const at::Tensor& owned) {
  const at::Tensor own = block_squares(owned, owned_blocks_, begin_);
  const at::Tensor all = at::empty({std::ssize(parameters_.blocks())}, at::kDouble);  // [blocks]
  groups_.data.all_gather("squares of the gradient's blocks", all, own, num_blocks_);
  double sum = 0;
  for (std::size_t b = 0; b < parameters_.blocks().size(); ++b)
    if (counted_[parameters_.blocks()[b].parameter]) sum += all.const_data_ptr<double>()[b];
  const at::Tensor sums = at::empty({groups_.tensor.size()}, at::kDouble);  // [tensor ranks]
  const std::vector<std::int64_t> ones(groups_.tensor.size(), 1);
  groups_.tensor.all_gather("squared norm of the slices", sums, at::full({1}, sum, at::kDouble), ones);
  double total = 0;
  for (int rank = 0; rank < groups_.tensor.size(); ++rank) total += sums.const_data_ptr<double>()[rank];
  return std::sqrt(total);
}

void GradientExchange::gather_parameters() {
  const at::NoGradGuard no_grad;
  const at::Tensor& flat = parameters_.flat();
  groups_.data.all_gather("parameters", flat, flat.narrow(0, begin_, end() - begin_), sizes_);
}

double clip_scale(double norm, double limit) { return limit > 0 && norm > limit ? limit / norm : 1.0; }

}  // namespace ft
