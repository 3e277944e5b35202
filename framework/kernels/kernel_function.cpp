#include "framework/kernels/kernel_function.h"

#include <ATen/ATen.h>
#include <torch/csrc/autograd/graph_task.h>
#include <torch/csrc/autograd/variable.h>

#include "framework/base/error.h"

namespace ft {

using at::Tensor;
using torch::autograd::variable_list;

at::IValue& KernelContext::Values::operator[](std::string_view name) {
  for (auto& value : values_)
    if (value.first == name) return value.second;
  return values_.emplace_back(name, at::IValue()).second;
}

bool KernelContext::needs_input_grad(std::size_t input) const {
  if (!node_->inputs_[input].leaf.defined()) return node_->task_should_compute_output(input);
  // A backward that is for some tensors only (autograd::grad()) never is for a leaf without an edge.
  const auto* only = torch::autograd::get_current_graph_task_exec_info();
  return only == nullptr || only->empty();
}

void KernelNode::add_argument(const Tensor& tensor) {
  const std::size_t argument = next_argument_++;
  if (!tensor.defined()) return;
  const bool has_gradient = tensor.requires_grad() && tensor.is_leaf() && tensor.grad().defined();
  inputs_.push_back({argument, tensor.unsafeGetTensorImpl(), has_gradient ? tensor : Tensor()});
  add_next_edge(has_gradient ? torch::autograd::Edge() : torch::autograd::impl::gradient_edge(tensor));
}

// A node that holds its own output would never be freed: what is saved of one is another name for its values. So is an
// output that is one of the arguments.
void KernelNode::finish(std::span<Tensor> outputs) {
  for (Tensor& output : outputs) {
    const auto is_output = [&](const Input& input) { return input.tensor == output.unsafeGetTensorImpl(); };
    if (std::ranges::any_of(inputs_, is_output)) output = output.detach();
    for (Tensor& saved : context.saved_)
      if (saved.is_same(output)) saved = saved.detach();
    torch::autograd::set_history(output, getptr());
  }
}

void KernelNode::release_variables() {
  context.saved_.clear();
  released_ = true;
}

variable_list KernelNode::apply(variable_list&& upstream) {
  FT_CHECK(!released_, "backward through one graph twice, which was not retained");
  bool any = false;
  for (const Tensor& gradient : upstream) any = any || gradient.defined();
  variable_list result(inputs_.size());
  if (!any) return result;
  for (std::size_t i = 0; i < upstream.size() && context.materialize_; ++i)
    if (!upstream[i].defined()) upstream[i] = input_metadata(i).zeros_like();
  const at::AutoGradMode no_grad(false);
  const at::AutoDispatchBelowADInplaceOrView below;
  variable_list gradients = backward(std::move(upstream));
  FT_CHECK(gradients.size() == arguments_, "a kernel gives {} gradients of {} arguments", gradients.size(), arguments_);
  for (std::size_t i = 0; i < inputs_.size(); ++i) {
    Tensor& gradient = gradients[inputs_[i].argument];
    const Tensor& leaf = inputs_[i].leaf;
    if (!leaf.defined()) {
      result[i] = std::move(gradient);
    } else if (gradient.defined() && leaf.grad().defined()) {
      leaf.mutable_grad().add_(gradient);
    } else if (gradient.defined()) {
      leaf.mutable_grad() = std::move(gradient);
    }
  }
  return result;
}

}  // namespace ft
