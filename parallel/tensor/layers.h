// The layers that make_tensor_parallel_factory (factory.h) hands out: each wraps a dense kernel of framework/kernels,
// the slice of its parameters that this rank holds, and the exchanges around it.
#pragma once

#include <ATen/core/Tensor.h>
#include <torch/csrc/autograd/function.h>

#include <cstdint>
#include <memory>
#include <string>

#include "framework/comm/communicator.h"
#include "framework/model/layer_factory.h"
#include "framework/tensor/parameter.h"

namespace ft::tensor_parallel {

// The way into the group for layers that share an input (query, key and value; gate and up): the second one to ask gets
// the copy that the first one made, so that their gradients are added on the rank and summed over the group once.
class Entrance {
 public:
  explicit Entrance(Communicator& tensor);
  // x as copy_to_group gives it, to be made again as x is. The name is that of the layer that asks.
  [[nodiscard]] Remade enter(const Remade& x, const std::string& name);

 private:
  using WeakTensor = c10::weak_intrusive_ptr<c10::TensorImpl, c10::UndefinedTensorImpl>;
  using WeakNode = c10::weak_intrusive_ptr<torch::autograd::Node>;
  Communicator& tensor_;
  WeakTensor last_;  // weak: activations live as long as their graph, no longer
  WeakNode copy_;    // what made the copy
};

// This rank's weight and bias of a linear layer.
struct LinearSlice {
  const Parameter* weight = nullptr;
  const Parameter* bias = nullptr;  // null: none
};

class ColumnLinear final : public Linear {
 public:
  ColumnLinear(std::shared_ptr<Entrance> entrance, LinearSlice slice);
  // x [T, in] -> [T, out of this rank]
  at::Tensor forward(const Remade& x) override;

 private:
  std::shared_ptr<Entrance> entrance_;
  LinearSlice slice_;
};

// As ColumnLinear, where the ranks of `holders` hold the same slice.
class SharedColumnLinear final : public Linear {
 public:
  SharedColumnLinear(std::shared_ptr<Entrance> entrance, LinearSlice slice, std::shared_ptr<Communicator> holders);
  at::Tensor forward(const Remade& x) override;

 private:
  std::shared_ptr<Entrance> entrance_;
  LinearSlice slice_;
  std::shared_ptr<Communicator> holders_;
};

class RowLinear final : public Linear {
 public:
  RowLinear(Communicator& tensor, LinearSlice slice);
  // x [T, in of this rank] -> [T, out], whole; the bias is whole, too, and added after the sum
  at::Tensor forward(const Remade& x) override;

 private:
  Communicator& tensor_;
  LinearSlice slice_;
};

class SplitEmbedding final : public Embedding {
 public:
  SplitEmbedding(Communicator& tensor, const Parameter& weight);
  at::Tensor forward(const at::Tensor& tokens) override;

 private:
  Communicator& tensor_;
  const Parameter& weight_;  // rows of the vocabulary
};

// Its weight is whole on every rank, but each rank sees the gradient of its own heads alone.
class SplitHeadNorm final : public HeadNorm {
 public:
  SplitHeadNorm(Communicator& tensor, const Parameter& weight, double epsilon);
  at::Tensor forward(const at::Tensor& x) override;

 private:
  Communicator& tensor_;
  const Parameter& weight_;
  double epsilon_;
};

}  // namespace ft::tensor_parallel
