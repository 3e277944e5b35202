// AdamW's moments for the blocks that this data rank owns (ZeRO-1).
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <vector>

namespace ft {

struct OptimizerState {
  std::int64_t step = 0;   // updates done
  std::int64_t begin = 0;  // owned range of the flat buffer, in elements
  std::int64_t end = 0;
  at::Tensor first_moment;   // [end - begin] float32
  at::Tensor second_moment;  // [end - begin] float32
};

}  // namespace ft
