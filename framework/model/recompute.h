// A stretch of a model whose inner results are not kept for its backward, but computed again when that comes (Chen et al.
// 2016): its input stays, the rest of its memory is free for the next stretch.
//
//   Tensor y = recomputed(x, [&layer](const Tensor& x) { return layer.forward(x); });
#pragma once

#include <ATen/core/Tensor.h>

#include <functional>

namespace ft {

// A function of its argument and of parameters, with the same bits whenever it is called. What it refers to must live as
// long as the graph.
using Stretch = std::function<at::Tensor(const at::Tensor& x)>;

// stretch(x), computed without a graph. Its backward calls `stretch` once more, with a graph, and goes back through that: the
// gradient of x is returned, those of parameters are added to their .grad, as by any backward() (so autograd::grad() on a
// parameter does not work). Forward and gradients have the bits of stretch(x) itself. Exchanges within `stretch` are
// made twice, in the same order on all ranks.
[[nodiscard]] at::Tensor recomputed(const at::Tensor& x, Stretch stretch);

}  // namespace ft
