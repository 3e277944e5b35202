// Passes over one row of logits that are worth vector instructions: maximum, first index of it, exponentials and sums.
//
// The compiler makes one body per instruction set (chosen at load time); all give the same bits, because the number of
// partial sums is fixed here, products are not fused (-ffp-contract=off) and the exponential is our own polynomial.
#pragma once

#include <cstdint>

namespace ft::row_kernels {

// Largest of values[0, n); -infinity when n is 0. NaNs are skipped here and show in the sums.
[[nodiscard]] float maximum(const float* values, std::int64_t n);

// Sum over i of exp((values[i] - shift) * scale), shift >= each value, scale > 0. Relative error below 3e-7.
[[nodiscard]] double exp_sum(const float* values, std::int64_t n, float shift, float scale);

// The same, and writes the terms to out[0, n).
[[nodiscard]] double exp_store(const float* values, std::int64_t n, float shift, float scale, float* out);

// Writes the maximum of each run of `run` values (the last may be shorter) to out[0, ceil(n / run)).
void run_maxima(const float* values, std::int64_t n, std::int64_t run, float* out);

}  // namespace ft::row_kernels
