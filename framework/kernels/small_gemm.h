// A matrix product for the inner loops of attention: matrices of some tens to some hundreds of rows, where a call into
// a BLAS costs more than its work. For the kernels' .cpp files only.
#pragma once

#include "framework/kernels/simd.h"

FT_SIMD_BEGIN
namespace ft::simd {

// A[m][k] lies at data[m * row_stride + k * column_stride]: a matrix or its transpose.
struct Operand {
  const float* data;
  std::int64_t row_stride;
  std::int64_t column_stride;
};

// B or C: rows of `stride` floats.
struct Rows {
  float* data;
  std::int64_t stride;
};

// C[0..kRows)[0..16 kVectors) = (or += where `add`) A B over k in [begin, end). Each element sums k upwards, so its
// bits depend on its own row of A and column of B alone.
template <int kRows, int kVectors>
FT_SIMD_INLINE void gemm_tile(const Operand& a, const Rows& b, const Rows& c, std::int64_t begin, std::int64_t end,
                              bool add) {
  Vector sum[kRows][kVectors];
#pragma GCC unroll 8
  for (int r = 0; r < kRows; ++r) {
#pragma GCC unroll 8
    for (int v = 0; v < kVectors; ++v) sum[r][v] = add ? load(c.data + r * c.stride + v * kWidth) : Vector{};
  }
  for (std::int64_t k = begin; k < end; ++k) {
    const float* left = a.data + k * a.column_stride;
    Vector right[kVectors];
#pragma GCC unroll 8
    for (int v = 0; v < kVectors; ++v) right[v] = load(b.data + k * b.stride + v * kWidth);
#pragma GCC unroll 8
    for (int r = 0; r < kRows; ++r) {
      const Vector x = broadcast(left[r * a.row_stride]);
#pragma GCC unroll 8
      for (int v = 0; v < kVectors; ++v) sum[r][v] += x * right[v];
    }
  }
#pragma GCC unroll 8
  for (int r = 0; r < kRows; ++r) {
#pragma GCC unroll 8
    for (int v = 0; v < kVectors; ++v) store(c.data + r * c.stride + v * kWidth, sum[r][v]);
  }
}

constexpr std::int64_t kBand = 6;  // 6 x 4 sums, 4 vectors of B and one of A: 29 of AVX-512's 32 registers

// Six rows of C over `columns` (a multiple of 16).
FT_SIMD_INLINE void gemm_band(const Operand& a, const Rows& b, const Rows& c, std::int64_t columns, std::int64_t begin,
                              std::int64_t end, bool add) {
  std::int64_t n = 0;
  for (; n + 4 * kWidth <= columns; n += 4 * kWidth) {
    gemm_tile<kBand, 4>(a, {b.data + n, b.stride}, {c.data + n, c.stride}, begin, end, add);
  }
  if (n + 2 * kWidth <= columns) {
    gemm_tile<kBand, 2>(a, {b.data + n, b.stride}, {c.data + n, c.stride}, begin, end, add);
    n += 2 * kWidth;
  }
  if (n < columns) gemm_tile<kBand, 1>(a, {b.data + n, b.stride}, {c.data + n, c.stride}, begin, end, add);
}

}  // namespace ft::simd
FT_SIMD_END
