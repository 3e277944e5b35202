// The parameters of a model on one rank, as views into one flat buffer.
//
// One buffer serves everything that treats parameters alike: the optimiser walks it, gradients have its layout, ranks
// exchange ranges of it, checkpoints cut it into slices. It is divided into blocks: some whole rows of one parameter, a
// multiple of 64 elements (the last block of a parameter may be smaller). Blocks are the unit of ownership, norm and
// digest; they depend on the parameter's logical shape alone, never on the number of ranks.
//
//   ParameterSet parameters;
//   auto& w = parameters.add({.name = "model.norm.weight", .shape = {576}, .decay = false});
//   parameters.finish();           // allocates; w.value is now a leaf tensor with requires_grad
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <vector>

namespace ft {

class PackedWeight;

// Where a rank's slice lies in the logical tensor: rows or columns [begin, end) of dim `dim`; dim -1 = the whole
// tensor.
struct ShardSpec {
  int dim = -1;
  std::int64_t begin = 0;
  std::int64_t end = 0;
};

struct Parameter {
  std::string name;                          // full name as in the Hugging Face folder: logical coordinates
  std::vector<std::int64_t> shape;           // logical shape, of the whole model
  bool decay = true;                         // weight decay applies (matrices); false for norms and biases
  at::ScalarType compute = at::kFloat;       // to which both operands of a product with it are rounded
  ShardSpec shard;                           // this rank's slice; whole by default
  std::weak_ptr<const PackedWeight> packed;  // `value` laid out for products (model/packed_products.h)
  at::Tensor value;                          // the slice: a view of the flat buffer, requires_grad; set by finish()
  std::int64_t offset = 0;                   // first element in the flat buffer
  [[nodiscard]] std::vector<std::int64_t> local_shape() const;
  [[nodiscard]] std::int64_t num_local() const;
};

// Rows [row_begin, row_end) of one parameter's local slice (a 1-d parameter has rows of 1 element), at
// [offset, offset + size) of the flat buffer. Parameters lie gapless in the buffer, and blocks lie in its order.
struct Block {
  int parameter = 0;
  std::int64_t row_begin = 0, row_end = 0;
  std::int64_t offset = 0, size = 0;
};

class ParameterSet {
 public:
  ParameterSet() = default;
  ParameterSet(const ParameterSet&) = delete;
  ParameterSet& operator=(const ParameterSet&) = delete;

  // Declares a parameter; names are unique. The reference stays valid for the life of the set. Before finish() only.
  Parameter& add(Parameter parameter);
  // Allocates the flat buffer (zeros, float32) and makes every value a leaf view of it that requires a gradient.
  void finish(at::Device device = at::kCPU);

  [[nodiscard]] const std::deque<Parameter>& all() const { return parameters_; }
  [[nodiscard]] Parameter& at(std::string_view name);  // throws Error with the nearest name
  [[nodiscard]] const Parameter& at(std::string_view name) const;
  [[nodiscard]] const at::Tensor& flat() const { return flat_; }  // [size()], float32
  [[nodiscard]] std::int64_t size() const { return size_; }
  [[nodiscard]] const std::vector<Block>& blocks() const { return blocks_; }

  // Products with matrices are computed from operands of this dtype from now on: float32, or bfloat16 (kernels/linear.h).
  // The weights themselves, their gradients and everything else stay float32.
  void set_compute(at::ScalarType dtype);

  // Makes `flat_gradient` ([size()], float32, zeroed by the caller) the place where backward adds this rank's
  // gradients.
  void set_gradient(const at::Tensor& flat_gradient);

 private:
  std::deque<Parameter> parameters_;
  std::map<std::string, std::size_t, std::less<>> index_;  // name -> place in parameters_
  std::vector<Block> blocks_;
  at::Tensor flat_;
  std::int64_t size_ = 0;
};

// The blocks of a parameter as they are where it is held whole, their offsets counted from its first element.
[[nodiscard]] std::vector<Block> whole_blocks(const Parameter& parameter);

// Cuts the blocks into `num_ranks` contiguous runs of about equal size; element counts per rank (sum = size()).
// Boundaries are block boundaries, so each rank owns at most one run of rows of any parameter.
[[nodiscard]] std::vector<std::int64_t> owned_sizes(std::span<const Block> blocks, int num_ranks);

// XXH3-128 of each block's bytes, in order, then SHA-256 over those: the digest of the weights in logical order.
[[nodiscard]] std::string weights_digest(const ParameterSet& parameters);

}  // namespace ft
