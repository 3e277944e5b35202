// A tensor that a backward makes again instead of keeping it: the result of a norm or a gate is cheap to make from what their
// own backward keeps anyway.
//
//   Remade gated(swiglu(gate, up), {gate, up}, [](const auto& from) { return swiglu(from[0], from[1]); });
//   Tensor y = linear(gated, weight);        // keeps gate and up, as swiglu() does, and not what it made of them
#pragma once

#include <ATen/core/Tensor.h>

#include <functional>
#include <utility>
#include <vector>

namespace ft {

struct Remade {
  using Make = std::function<at::Tensor(const std::vector<at::Tensor>& from)>;

  Remade(at::Tensor x) : value(std::move(x)) {}  // NOLINT: a plain tensor stands for itself, and is kept
  Remade(at::Tensor x, std::vector<at::Tensor> from, Make make)
      : value(std::move(x)), from(std::move(from)), make(std::move(make)) {}

  at::Tensor value;
  std::vector<at::Tensor> from;
  Make make;  // `value` once more, with the same bits, called without a graph; empty: `value` is to be kept
};

}  // namespace ft
