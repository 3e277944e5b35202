// torch::autograd::Function for kernels: the same forward and backward, at a fraction of what a call costs.
//
// libtorch's own writes down shapes and devices of all that goes in and out, gives each weight a node that adds its
// gradient even where the kernel has done that, and runs what a kernel computes through the layers of dispatch that serve
// autograd. Here a call makes one node with the edges that it needs, and none where no gradient is wanted: for the tiny
// model 29 % fewer instructions outside of products and kernels, which is 1 % of all.
//
//   struct Square : KernelFunction<Square> {
//     static Tensor forward(KernelContext* context, const Tensor& x) { context->save_for_backward({x}); return x * x; }
//     static variable_list backward(KernelContext* context, variable_list upstream) {
//       return {2 * context->get_saved_variables()[0] * upstream[0]};       // one a parameter of forward, in its order
//     }
//   };
//   y = Square::apply(x);
//
// What differs: a leaf whose gradient is defined when apply() is called is no part of the graph. What backward returns for
// it is added to that gradient in place (nothing, where backward has added it), and autograd::grad() does not find it.
// Saved tensors are not watched for changes in place. Backward functions have no derivative.
#pragma once

#include <ATen/core/LegacyTypeDispatch.h>
#include <torch/csrc/autograd/function.h>
#include <torch/csrc/autograd/functions/utils.h>

#include <algorithm>
#include <optional>
#include <span>
#include <string_view>
#include <utility>
#include <vector>

namespace ft {

class KernelNode;

// What a call keeps for its backward.
class KernelContext {
 public:
  void save_for_backward(torch::autograd::variable_list tensors) { saved_ = std::move(tensors); }
  [[nodiscard]] const torch::autograd::variable_list& get_saved_variables() const { return saved_; }
  // In backward: is the gradient of the `input`-th tensor among forward's arguments wanted (undefined ones not counted)?
  [[nodiscard]] bool needs_input_grad(std::size_t input) const;
  // False: where nobody used an output its upstream gradient is an undefined tensor, not zeros.
  void set_materialize_grads(bool value) { materialize_ = value; }

  // Plain values by name.
  class Values {
   public:
    at::IValue& operator[](std::string_view name);  // `name` must be a literal
    [[nodiscard]] auto find(std::string_view name) const {
      return std::find_if(values_.begin(), values_.end(), [&](const auto& value) { return value.first == name; });
    }
    [[nodiscard]] auto end() const { return values_.end(); }

   private:
    std::vector<std::pair<std::string_view, at::IValue>> values_;
  };
  Values saved_data;

 private:
  friend class KernelNode;
  torch::autograd::variable_list saved_;
  bool materialize_ = true;
  const KernelNode* node_ = nullptr;  // null: no gradient is wanted
};

// A call in autograd's graph.
class KernelNode : public torch::autograd::Node {
 public:
  // `arguments`: how many forward has.
  explicit KernelNode(std::size_t arguments) : arguments_(arguments) { context.node_ = this; }

  // The next argument of forward: a tensor, or something else.
  void add_argument(const at::Tensor& tensor);
  void add_argument(const std::optional<at::Tensor>& tensor) { add_argument(tensor.value_or(at::Tensor())); }
  template <class T>
  void add_argument(const T&) {
    ++next_argument_;
  }
  // Makes `outputs` the outputs of this node.
  void finish(std::span<at::Tensor> outputs);

  void release_variables() override;

  KernelContext context;

 protected:
  virtual torch::autograd::variable_list backward(torch::autograd::variable_list upstream) = 0;

 private:
  friend class KernelContext;
  struct Input {
    std::size_t argument;
    const c10::TensorImpl* tensor;
    at::Tensor leaf;  // the tensor, where it is a leaf that has a gradient; else undefined, and there is an edge
  };

  torch::autograd::variable_list apply(torch::autograd::variable_list&& upstream) final;

  std::size_t arguments_, next_argument_ = 0;
  std::vector<Input> inputs_;
  bool released_ = false;
};

namespace kernel_function {

inline std::span<at::Tensor> outputs_of(at::Tensor& output) { return {&output, 1}; }
inline std::span<at::Tensor> outputs_of(torch::autograd::variable_list& outputs) { return outputs; }

inline bool wants_gradient(const at::Tensor& tensor) { return tensor.defined() && tensor.requires_grad(); }
inline bool wants_gradient(const std::optional<at::Tensor>& tensor) { return tensor && wants_gradient(*tensor); }
template <class T>
bool wants_gradient(const T&) {
  return false;
}

}  // namespace kernel_function

template <class T>
struct KernelFunction {
  template <class X = T, class... Args>
  static auto apply(const Args&... args) {
    struct Node final : KernelNode {
      Node() : KernelNode(sizeof...(Args)) {}
      torch::autograd::variable_list backward(torch::autograd::variable_list upstream) override {
        return X::backward(&context, std::move(upstream));
      }
    };
    const auto compute = [&](KernelContext& context) {
      const at::AutoGradMode no_grad(false);
      const at::AutoDispatchBelowADInplaceOrView below;
      return X::forward(&context, args...);
    };
    if (!at::GradMode::is_enabled() || !(kernel_function::wants_gradient(args) || ...)) {
      KernelContext context;
      return compute(context);
    }
    auto node = c10::make_intrusive<Node>();
    (node->add_argument(args), ...);
    auto output = compute(node->context);
    node->finish(kernel_function::outputs_of(output));
    return output;
  }
};

}  // namespace ft
