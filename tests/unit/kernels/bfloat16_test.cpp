// Products from operands that are rounded to bfloat16.
#include "framework/kernels/linear.h"
#include "framework/kernels/vocabulary_log_probs.h"
#include "tests/unit/kernels/gradients.h"

using at::Tensor;
using namespace ft::test;

namespace {

constexpr double kHalfUnit = 1.0 / 256;  // bfloat16 keeps 8 bits: rounding moves a number by 1/512 of itself at most

Tensor rounded(const Tensor& x) { return x.to(at::kBFloat16).to(at::kDouble); }

}  // namespace

TEST_CASE("a linear layer in bfloat16 is the product of its rounded operands, forward and backward") {
  const Tensor x = random({37, 24}, 1), weight = random({19, 24}, 2), bias = random({19}, 3);
  const auto linear = [](const std::vector<Tensor>& in) { return ft::linear(in[0], in[1], in[2], at::kBFloat16); };
  const Outcome actual = run(linear, {x, weight, bias});
  CHECK((actual.value.scalar_type() == at::kFloat));
  CHECK(distance(actual.value, at::mm(rounded(x), rounded(weight).t()) + bias.to(at::kDouble)) < kHalfUnit);
  const Tensor upstream = random({37, 19}, 4711);  // as run() makes it
  CHECK(distance(actual.gradients[0], at::mm(rounded(upstream), rounded(weight))) < kHalfUnit);
  CHECK(distance(actual.gradients[1], at::mm(rounded(upstream).t(), rounded(x))) < kHalfUnit);
  CHECK(distance(actual.gradients[2], upstream.sum(0)) < 1e-5);
  const Outcome plain =
      run([](const std::vector<Tensor>& in) { return ft::linear(in[0], in[1], in[2]); }, {x, weight, bias});
  CHECK(distance(actual.value, plain.value) > 1e-4);  // and it is not float32
}

TEST_CASE("gradients in bfloat16 are added to where they are kept, in float32") {
  Tensor weight = random({19, 24}, 2).requires_grad_(true);
  const Tensor kept = at::full({19, 24}, 1000.0);
  weight.mutable_grad() = kept;
  const Tensor x = random({37, 24}, 1), upstream = random({37, 19}, 5);
  ft::linear(x, weight, {}, at::kBFloat16).backward(upstream);
  const Tensor expected = at::mm(rounded(upstream).t(), rounded(x));
  // In bfloat16 the sum with 1000 would keep multiples of 4 only.
  CHECK((kept.to(at::kDouble) - 1000 - expected).abs().max().item<double>() < 0.1);
}

TEST_CASE("log-probabilities in bfloat16 stay within rounding of the logits") {
  const Tensor hidden = random({20, 16}, 1), weight = random({101, 16}, 2, 0.3);
  const Tensor rows = at::arange(20), targets = at::arange(20) * 5;
  const auto in = [&](at::ScalarType compute) {
    return [=](const std::vector<Tensor>& x) { return ft::vocabulary_log_probs(x[0], x[1], rows, targets, compute); };
  };
  const Outcome wide = run(in(at::kFloat), {hidden, weight}), narrow = run(in(at::kBFloat16), {hidden, weight});
  CHECK((narrow.value.scalar_type() == at::kFloat));
  CHECK(distance(narrow.value, wide.value) < 2 * kHalfUnit);
  CHECK(distance(narrow.value, wide.value) > 0);
  for (int i = 0; i < 2; ++i) CHECK(distance(narrow.gradients[i], wide.gradients[i]) < 4 * kHalfUnit);
}
