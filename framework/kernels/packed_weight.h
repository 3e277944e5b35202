// A weight laid out for products with few rows: what sampling and scoring multiply by, thousands of times between two
// changes of the weights.
//
// Columns of the product lie side by side in panels, so that the inner loop reads memory in one run and keeps a tile of
// sums in registers. Each element of a product sums its terms in their order, by fused multiply-adds, whatever else is
// computed beside it: a row's bits depend on that row and the weight alone, not on the number of rows nor on its place
// among them, and they are the same on every x86-64 processor with AVX2 or AVX-512.
//
//   const PackedWeight packed(weight, at::kBFloat16);
//   Tensor y = packed.product(x);                      // x weight'
//
// Measured beside libtorch's products on one core of an AMD EPYC (Zen 4), 64 rows, SmolLM2's shapes: float32 1.2 times
// (feed-forward) to 1.7 times (vocabulary) as fast, bfloat16 1.1 to 1.3 times, and three times with 4 rows.
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <vector>

namespace ft {

class PackedWeight {
 public:
  // weight [out, in] float32 on the processor; it is copied. `compute`: float32, or bfloat16, to which the weight, and
  // the rows that it is multiplied with, are rounded to nearest even; sums are float32.
  PackedWeight(const at::Tensor& weight, at::ScalarType compute);

  // x [T, in] float32, contiguous; bias [out] or undefined. Returns x weight' + bias, [T, out] float32. No gradient.
  [[nodiscard]] at::Tensor product(const at::Tensor& x, const at::Tensor& bias = {}) const;

  [[nodiscard]] at::ScalarType compute() const { return panels_.scalar_type(); }

 private:
  std::int64_t out_, in_;
  at::Tensor panels_;  // [ceil(out / 64), in, 64] float32, or [ceil(out / 64), ceil(in / 2), 64, 2] bfloat16
};

// x [T, in] times weight' [out, in], as [T, out], by each set of instructions with fused products that this processor has:
// for the test that they give the same bits (of bfloat16 but for subnormal numbers, which its own instruction takes for zero).
[[nodiscard]] std::vector<at::Tensor> products_by_instructions(const at::Tensor& x, const at::Tensor& weight,
                                                               at::ScalarType compute);

}  // namespace ft
