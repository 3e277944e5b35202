#include "parallel/tensor/layers.h"

#include <ATen/ATen.h>
#include <torch/csrc/autograd/variable.h>

#include <utility>

#include "framework/kernels/linear.h"
#include "framework/kernels/rms_norm.h"
#include "framework/model/packed_products.h"
#include "parallel/tensor/autograd_ops.h"

namespace ft::tensor_parallel {
namespace {

using at::Tensor;

Tensor apply(const LinearSlice& slice, const Remade& x) { return project(x, *slice.weight, slice.bias); }

}  // namespace

Entrance::Entrance(Communicator& tensor)
    : tensor_(tensor), last_(Tensor().getIntrusivePtr()), copy_(c10::intrusive_ptr<torch::autograd::Node>()) {}

Remade Entrance::enter(const Remade& remade, const std::string& name) {
  const Tensor& x = remade.value;
  if (!at::GradMode::is_enabled() || !x.requires_grad()) return remade;
  if (const auto last = last_.lock(); last && last.get() == x.unsafeGetTensorImpl()) {
    if (auto node = copy_.lock()) {  // the first one's graph has it, though nobody may have kept the copy itself
      Tensor copy = x.detach();
      torch::autograd::impl::set_gradient_edge(copy, torch::autograd::Edge(std::move(node), 0));
      return {std::move(copy), remade.from, remade.make};
    }
  }
  Tensor copy = copy_to_group(x, tensor_, "gradient of the input of " + name);
  last_ = WeakTensor(x.getIntrusivePtr());
  copy_ = WeakNode(copy.grad_fn());
  return {std::move(copy), remade.from, remade.make};
}

ColumnLinear::ColumnLinear(std::shared_ptr<Entrance> entrance, LinearSlice slice)
    : entrance_(std::move(entrance)), slice_(slice) {}

Tensor ColumnLinear::forward(const Remade& x) { return apply(slice_, entrance_->enter(x, slice_.weight->name)); }

SharedColumnLinear::SharedColumnLinear(std::shared_ptr<Entrance> entrance, LinearSlice slice,
                                       std::shared_ptr<Communicator> holders)
    : entrance_(std::move(entrance)), slice_(slice), holders_(std::move(holders)) {}

// After the sum over the holders each of them has the whole gradient of its output, and so of the weight; that of the
// input, which is summed over the whole group, must come from one of them alone.
Tensor SharedColumnLinear::forward(const Remade& x) {
  Remade entered = entrance_->enter(x, slice_.weight->name);  // [T, in]
  entered.value = count_once(entered.value, *holders_);
  return copy_to_group(apply(slice_, entered), *holders_, "gradient of the output of " + slice_.weight->name);
}

RowLinear::RowLinear(Communicator& tensor, LinearSlice slice) : tensor_(tensor), slice_(slice) {}

Tensor RowLinear::forward(const Remade& x) {
  const Tensor partial = project(x, *slice_.weight);  // [T, out]
  const Tensor whole = reduce_over_group(partial, tensor_, "output of " + slice_.weight->name);
  return slice_.bias ? whole + slice_.bias->value : whole;
}

SplitEmbedding::SplitEmbedding(Communicator& tensor, const Parameter& weight) : tensor_(tensor), weight_(weight) {}

// Each token's row lies on one rank; the others add zeros, so the sum has the bits of the row.
Tensor SplitEmbedding::forward(const Tensor& tokens) {
  const Tensor inside = tokens.ge(weight_.shard.begin).logical_and(tokens.lt(weight_.shard.end)).nonzero().squeeze(1);
  const Tensor local = tokens.index_select(0, inside) - weight_.shard.begin;  // [tokens of this rank]
  const Tensor rows = ft::embedding(weight_.value, local);
  const Tensor partial = at::zeros({tokens.size(0), weight_.shape[1]}, rows.options()).index_copy(0, inside, rows);
  return reduce_over_group(partial, tensor_, "rows of " + weight_.name);
}

SplitHeadNorm::SplitHeadNorm(Communicator& tensor, const Parameter& weight, double epsilon)
    : tensor_(tensor), weight_(weight), epsilon_(epsilon) {}

// By ATen's operations: our own norm adds to the gradient of a parameter, where this one must be summed first.
Tensor SplitHeadNorm::forward(const Tensor& x) {
  return rms_norm_reference(x, copy_to_group(weight_.value, tensor_, "gradient of " + weight_.name), epsilon_);
}

}  // namespace ft::tensor_parallel
