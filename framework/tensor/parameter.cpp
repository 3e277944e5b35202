#include "framework/tensor/parameter.h"

#include <ATen/ATen.h>

#include <algorithm>
#include <cmath>
#include <numeric>
#include <utility>

#include "framework/base/digest.h"
#include "framework/base/error.h"

namespace ft {
namespace {

constexpr std::int64_t kBlockElements = 16384;
constexpr std::int64_t kBlockMultiple = 64;

std::int64_t product(std::span<const std::int64_t> sizes) {
  return std::accumulate(sizes.begin(), sizes.end(), std::int64_t{1}, std::multiplies<>());
}

// Rows of one block, from the logical shape alone: about kBlockElements, and a multiple of kBlockMultiple elements
// unless the rows are so long and odd that this would make a giant of the block.
std::int64_t rows_per_block(std::span<const std::int64_t> shape) {
  const std::int64_t row = std::max<std::int64_t>(1, product(shape.subspan(1)));
  std::int64_t unit = kBlockMultiple / std::gcd(kBlockMultiple, row);
  if (unit * row > 8 * kBlockElements) unit = 1;
  return std::max(unit, kBlockElements / (unit * row) * unit);
}

void check_shard(const Parameter& parameter) {
  const ShardSpec& shard = parameter.shard;
  if (shard.dim < 0) return;
  FT_CHECK(shard.dim < static_cast<int>(parameter.shape.size()), "{}: shard of dim {}, but the tensor has {} dims",
           parameter.name, shard.dim, parameter.shape.size());
  FT_CHECK(0 <= shard.begin && shard.begin <= shard.end && shard.end <= parameter.shape[shard.dim],
           "{}: shard [{}, {}) does not lie in dim {} of size {}", parameter.name, shard.begin, shard.end, shard.dim,
           parameter.shape[shard.dim]);
}

// Appends the blocks of one parameter. A slice of rows is cut at the same logical rows as the whole would be.
void append_blocks(const Parameter& parameter, int index, std::vector<Block>& blocks) {
  const std::vector<std::int64_t> local = parameter.local_shape();
  const std::int64_t row_size = product(std::span(local).subspan(1));
  const std::int64_t step = rows_per_block(parameter.shape);
  const std::int64_t first = parameter.shard.dim == 0 ? parameter.shard.begin : 0;  // logical row of local row 0
  for (std::int64_t row = 0; row < local[0];) {
    const std::int64_t next = std::min(local[0], ((first + row) / step + 1) * step - first);
    blocks.push_back({.parameter = index,
                      .row_begin = row,
                      .row_end = next,
                      .offset = parameter.offset + row * row_size,
                      .size = (next - row) * row_size});
    row = next;
  }
}

}  // namespace

std::vector<std::int64_t> Parameter::local_shape() const {
  std::vector<std::int64_t> local = shape;
  if (shard.dim >= 0) local[shard.dim] = shard.end - shard.begin;
  return local;
}

std::int64_t Parameter::num_local() const { return product(local_shape()); }

Parameter& ParameterSet::add(Parameter parameter) {
  FT_CHECK(!flat_.defined(), "parameter {} was added after finish()", parameter.name);
  FT_CHECK(!parameter.shape.empty(), "parameter {} has no dims", parameter.name);
  for (const std::int64_t size : parameter.shape) {
    FT_CHECK(size > 0, "parameter {} has a dim of size {}", parameter.name, size);
  }
  check_shard(parameter);
  const bool fresh = index_.emplace(parameter.name, parameters_.size()).second;
  FT_CHECK(fresh, "two parameters are named {}", parameter.name);
  return parameters_.emplace_back(std::move(parameter));
}

void ParameterSet::finish(at::Device device) {
  FT_CHECK(!flat_.defined(), "finish() was called twice");
  for (Parameter& parameter : parameters_) {
    parameter.offset = size_;
    size_ += parameter.num_local();
  }
  flat_ = at::zeros({size_}, at::TensorOptions(at::kFloat).device(device));
  for (std::size_t i = 0; i < parameters_.size(); ++i) {
    Parameter& parameter = parameters_[i];
    // detach() makes a leaf of the view: autograd then accumulates into its gradient and never asks for its base.
    parameter.value = flat_.narrow(0, parameter.offset, parameter.num_local()).view(parameter.local_shape()).detach();
    parameter.value.set_requires_grad(true);
    append_blocks(parameter, static_cast<int>(i), blocks_);
  }
}

Parameter& ParameterSet::at(std::string_view name) {
  return const_cast<Parameter&>(std::as_const(*this).at(name));  // *this is not const here
}

const Parameter& ParameterSet::at(std::string_view name) const {
  const auto found = index_.find(name);
  if (found != index_.end()) return parameters_[found->second];
  std::vector<std::string> names;
  for (const Parameter& parameter : parameters_) names.push_back(parameter.name);
  const std::optional<std::string> near = nearest(name, names);
  FT_CHECK(false, "there is no parameter {}{}", name, near ? "; the nearest name is " + *near : "");
}

void ParameterSet::set_compute(at::ScalarType dtype) {
  FT_CHECK(dtype == at::kFloat || dtype == at::kBFloat16, "products are computed in float32 or bfloat16, not {}",
           c10::toString(dtype));
  for (Parameter& parameter : parameters_) {
    if (parameter.shape.size() == 2) parameter.compute = dtype;
  }
}

void ParameterSet::set_gradient(const at::Tensor& flat_gradient) {
  FT_CHECK(flat_gradient.dim() == 1 && flat_gradient.size(0) == size_ && flat_gradient.is_contiguous() &&
               flat_gradient.scalar_type() == at::kFloat && !flat_gradient.requires_grad(),
           "the gradient must be a contiguous float32 buffer of {} elements without a gradient of its own", size_);
  for (Parameter& parameter : parameters_) {
    parameter.value.mutable_grad() =
        flat_gradient.narrow(0, parameter.offset, parameter.num_local()).view(parameter.local_shape());
  }
}

std::vector<Block> whole_blocks(const Parameter& parameter) {
  std::vector<Block> blocks;
  append_blocks({.name = parameter.name, .shape = parameter.shape}, 0, blocks);
  return blocks;
}

std::vector<std::int64_t> owned_sizes(std::span<const Block> blocks, int num_ranks) {
  FT_CHECK(num_ranks > 0, "{} ranks cannot own blocks", num_ranks);
  std::int64_t total = 0;
  for (const Block& block : blocks) total += block.size;
  std::vector<std::int64_t> sizes;
  std::int64_t begin = 0, end = 0;  // elements before this rank's run, and up to the next block boundary to consider
  std::size_t next = 0;
  for (int rank = 0; rank < num_ranks; ++rank) {
    const std::int64_t wanted = static_cast<std::int64_t>(static_cast<__int128>(total) * (rank + 1) / num_ranks);
    // The boundary nearest to the even share; the lower one of two equally near.
    while (next < blocks.size() && std::abs(end + blocks[next].size - wanted) < std::abs(end - wanted)) {
      end += blocks[next++].size;
    }
    sizes.push_back(end - begin);
    begin = end;
  }
  FT_CHECK(end == total, "the ranks own {} of {} elements", end, total);
  return sizes;
}

std::string weights_digest(const ParameterSet& parameters) {
  const at::Tensor host = parameters.flat().to(at::kCPU);  // [size()]
  const float* values = host.const_data_ptr<float>();
  Sha256 sum;
  for (const Block& block : parameters.blocks()) {
    sum.update(xxh128(std::as_bytes(std::span(values + block.offset, static_cast<std::size_t>(block.size)))));
  }
  return sum.finish();
}

}  // namespace ft
