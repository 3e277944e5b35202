// Compares a kernel with its reference: values and every gradient, under one random upstream gradient.
#pragma once

#include <ATen/CPUGeneratorImpl.h>
#include <ATen/Parallel.h>
#include <torch/csrc/autograd/autograd.h>

#include <functional>
#include <vector>

#include "tests/support/doctest_torch.h"

namespace ft::test {

inline at::Tensor random(at::IntArrayRef shape, std::uint64_t seed, double scale = 1.0) {
  return at::randn(shape, at::detail::createCPUGenerator(seed)) * scale;
}

// Largest difference relative to the largest value of `expected`.
inline double distance(const at::Tensor& actual, const at::Tensor& expected) {
  REQUIRE(actual.sizes() == expected.sizes());
  if (expected.numel() == 0) return 0;
  const double size = std::max(1e-6, expected.abs().max().item<double>());
  return (actual.to(at::kDouble) - expected.to(at::kDouble)).abs().max().item<double>() / size;
}

using Differentiable = std::function<at::Tensor(const std::vector<at::Tensor>&)>;

struct Outcome {
  at::Tensor value;
  std::vector<at::Tensor> gradients;
};

// Runs `f` on leaf copies of the inputs and back with a fixed random upstream gradient.
inline Outcome run(const Differentiable& f, const std::vector<at::Tensor>& inputs) {
  at::set_num_threads(1);  // as every rank of a run
  std::vector<at::Tensor> leaves;
  for (const at::Tensor& input : inputs) leaves.push_back(input.clone().detach().requires_grad_(true));
  const at::Tensor value = f(leaves);
  const at::Tensor upstream = random(value.sizes(), 4711).to(value.scalar_type());
  return {value.detach(), torch::autograd::grad({value}, leaves, {upstream})};
}

// The kernel in float32 against the reference in float64.
inline void check_against(const Differentiable& kernel, const Differentiable& reference,
                          const std::vector<at::Tensor>& inputs, double tolerance) {
  std::vector<at::Tensor> wide;
  for (const at::Tensor& input : inputs) wide.push_back(input.to(at::kDouble));
  const Outcome actual = run(kernel, inputs), expected = run(reference, wide);
  CHECK(distance(actual.value, expected.value) < tolerance);
  for (std::size_t i = 0; i < inputs.size(); ++i) {
    CAPTURE(i);
    CHECK(distance(actual.gradients[i], expected.gradients[i]) < tolerance);
  }
  const Outcome again = run(kernel, inputs);
  CHECK(at::equal(actual.value, again.value));
  for (std::size_t i = 0; i < inputs.size(); ++i) CHECK(at::equal(actual.gradients[i], again.gradients[i]));
}

}  // namespace ft::test
