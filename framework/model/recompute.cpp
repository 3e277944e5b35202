#include "framework/model/recompute.h"

#include <ATen/ATen.h>
#include <torch/csrc/autograd/custom_function.h>

#include <utility>

namespace ft {
namespace {

using at::Tensor;
using torch::autograd::AutogradContext;
using torch::autograd::Variable;
using torch::autograd::variable_list;

// An autograd context stores values of libtorch's own types: a function goes as a capsule.
struct Held : torch::CustomClassHolder {
  explicit Held(Stretch s) : stretch(std::move(s)) {}
  Stretch stretch;
};

struct RecomputedFunction : torch::autograd::Function<RecomputedFunction> {
  static Variable forward(AutogradContext* context, const Variable& x, const Stretch& stretch) {
    context->save_for_backward({x});
    context->saved_data["stretch"] = c10::IValue::make_capsule(c10::make_intrusive<Held>(stretch));
    return stretch(x);
  }

  static variable_list backward(AutogradContext* context, variable_list upstream) {
    const auto held = context->saved_data["stretch"].toCapsule();
    const Tensor x = context->get_saved_variables()[0].detach().set_requires_grad(true);
    Tensor y;
    {
      const at::AutoGradMode with_graph(true);
      y = static_cast<const Held&>(*held).stretch(x);
    }
    y.backward(upstream[0]);
    return {x.grad(), Tensor()};
  }
};

}  // namespace

Tensor recomputed(const Tensor& x, Stretch stretch) { return RecomputedFunction::apply(x, stretch); }

}  // namespace ft
