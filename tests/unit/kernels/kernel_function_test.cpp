// What KernelFunction takes over from torch::autograd::Function, and what it does otherwise.
#include "framework/kernels/kernel_function.h"

#include <optional>

#include "framework/base/error.h"
#include "tests/unit/kernels/gradients.h"

namespace {

using at::Tensor;
using ft::KernelContext;
using torch::autograd::variable_list;

// a b + c, and a: the second output is an argument, the first is saved.
struct Mixed : ft::KernelFunction<Mixed> {
  static variable_list forward(KernelContext* context, const Tensor& a, double /*unused*/, const Tensor& b,
                               const std::optional<Tensor>& c) {
    Tensor product = a * b;
    if (c) product = product + *c;
    context->save_for_backward({a, b, product});
    context->saved_data["has_c"] = c.has_value();
    return {product, a};
  }
  static variable_list backward(KernelContext* context, variable_list upstream) {
    const variable_list& saved = context->get_saved_variables();
    const bool has_c = context->saved_data["has_c"].toBool();
    CHECK_FALSE(at::GradMode::is_enabled());
    Tensor to_b;
    if (context->needs_input_grad(1)) to_b = upstream[0] * saved[0];
    return {upstream[0] * saved[1] + upstream[1], Tensor(), to_b, has_c ? upstream[0] : Tensor()};
  }
};

Tensor leaf(double value) { return at::full({2}, value).requires_grad_(true); }

}  // namespace

TEST_CASE("a kernel's gradients go to its arguments, outputs that are arguments included") {
  const Tensor a = leaf(2), b = leaf(3), c = leaf(5);
  const variable_list out = Mixed::apply(a, 1.0, b, std::optional<Tensor>(c));
  CHECK(at::equal(out[0], at::full({2}, 11.0)));
  CHECK_FALSE(out[1].is_same(a));
  CHECK(out[1].grad_fn() == out[0].grad_fn());
  (out[0] + 10 * out[1]).sum().backward();
  CHECK(at::equal(a.grad(), at::full({2}, 13.0)));
  CHECK(at::equal(b.grad(), at::full({2}, 2.0)));
  CHECK(at::equal(c.grad(), at::full({2}, 1.0)));
}

TEST_CASE("where an output has no use its gradient is zeros, and an absent argument has none") {
  const Tensor a = leaf(2), b = leaf(3);
  Mixed::apply(a, 1.0, b, std::optional<Tensor>())[0].sum().backward();
  CHECK(at::equal(a.grad(), at::full({2}, 3.0)));
}

TEST_CASE("a leaf that has a gradient is added to without an edge") {
  const Tensor a = leaf(2), b = leaf(3);
  b.mutable_grad() = at::full({2}, 100.0);
  const Tensor place = b.grad();
  const Tensor out = Mixed::apply(a, 1.0, b, std::optional<Tensor>())[0];
  CHECK_FALSE(out.grad_fn()->next_edge(1).is_valid());
  SUBCASE("by the whole backward") {
    out.sum().backward();
    CHECK(b.grad().is_same(place));
    CHECK(at::equal(place, at::full({2}, 102.0)));
  }
  SUBCASE("not by one that is for other tensors") {
    torch::autograd::grad({out.sum()}, {a});
    CHECK(at::equal(place, at::full({2}, 100.0)));
  }
  SUBCASE("also where the gradient has gone meanwhile") {
    b.mutable_grad() = Tensor();
    out.sum().backward();
    CHECK(at::equal(b.grad(), at::full({2}, 2.0)));
  }
}

TEST_CASE("a graph is there once, unless it is retained, and goes with its outputs") {
  const Tensor a = leaf(2), b = leaf(3);
  const Tensor sum = Mixed::apply(a, 1.0, b, std::optional<Tensor>())[0].sum();
  sum.backward({}, true);
  sum.backward();
  CHECK(at::equal(a.grad(), at::full({2}, 6.0)));
  CHECK_THROWS_AS(sum.backward(), ft::Error);

  variable_list out = Mixed::apply(a, 1.0, b, std::optional<Tensor>());
  const c10::weak_intrusive_ptr<torch::autograd::Node> node(out[0].grad_fn());
  out.clear();
  CHECK(node.expired());
}

TEST_CASE("without a wish for gradients there is no graph") {
  const Tensor a = at::ones({2}), b = at::ones({2});
  CHECK_FALSE(Mixed::apply(a, 1.0, b, std::optional<Tensor>())[0].requires_grad());
  const Tensor c = leaf(1);
  const at::NoGradGuard no_grad;
  CHECK_FALSE(Mixed::apply(c, 1.0, b, std::optional<Tensor>())[0].requires_grad());
}
