#include "framework/kernels/packed_weight.h"

#include <ATen/ATen.h>

#include <algorithm>
#include <array>
#include <bit>
#include <cstring>
#include <vector>

#include "framework/base/error.h"
#include "framework/kernels/linear.h"
#include "framework/kernels/simd.h"

#if defined(__x86_64__) && defined(__GNUC__) && !defined(__clang__)
#include <immintrin.h>
#define FT_PACKED_X86 1
#endif

FT_SIMD_BEGIN
namespace ft {
namespace {

using at::Tensor;
using simd::kWidth;
using simd::Vector;

constexpr std::int64_t kPanel = 64;    // columns of the product in a panel
constexpr std::int64_t kRows = 512;    // of x that are multiplied with all panels in turn: they stay in the cache
constexpr std::int64_t kTerms = 1024;  // of each sum, after which the tile goes to memory: a panel's part stays, too

std::int64_t ceil_div(std::int64_t a, std::int64_t b) { return (a + b - 1) / b; }

// One panel's part of a product: `terms` terms of kTileRows x 64 sums.
struct Tile {
  const void* x;          // first row's first term
  std::int64_t x_stride;  // elements from row to row
  const void* panel;      // the first term's columns
  float* sums;            // [rows][64 of sums_stride]
  std::int64_t sums_stride;
  std::int64_t terms;
  bool first;  // sums start from zero
};

template <int kTileRows, int kVectors>
FT_SIMD_INLINE void load_sums(const Tile& t, std::int64_t column, Vector (&sum)[kTileRows][kVectors]) {
#pragma GCC unroll 8
  for (int r = 0; r < kTileRows; ++r) {
#pragma GCC unroll 8
    for (int v = 0; v < kVectors; ++v)
      sum[r][v] = t.first ? Vector{} : simd::load(t.sums + r * t.sums_stride + column + v * kWidth);
  }
}

template <int kTileRows, int kVectors>
FT_SIMD_INLINE void store_sums(const Tile& t, std::int64_t column, const Vector (&sum)[kTileRows][kVectors]) {
#pragma GCC unroll 8
  for (int r = 0; r < kTileRows; ++r) {
#pragma GCC unroll 8
    for (int v = 0; v < kVectors; ++v) simd::store(t.sums + r * t.sums_stride + column + v * kWidth, sum[r][v]);
  }
}

// kVectors of 16 columns at a time, as many as there are registers for.
template <int kTileRows, int kVectors>
FT_SIMD_INLINE void float_tile(const Tile& t) {
  const auto* x = static_cast<const float*>(t.x);
  for (std::int64_t column = 0; column < kPanel; column += kVectors * kWidth) {
    const float* right = static_cast<const float*>(t.panel) + column;
    Vector sum[kTileRows][kVectors];
    load_sums(t, column, sum);
    for (std::int64_t k = 0; k < t.terms; ++k, right += kPanel) {
      __builtin_prefetch(right + 8 * kPanel);
      if constexpr (kVectors > 1) __builtin_prefetch(right + 8 * kPanel + kWidth);
      if constexpr (kVectors > 2) __builtin_prefetch(right + 8 * kPanel + 2 * kWidth);
      if constexpr (kVectors > 3) __builtin_prefetch(right + 8 * kPanel + 3 * kWidth);
      Vector b[kVectors];
#pragma GCC unroll 8
      for (int v = 0; v < kVectors; ++v) b[v] = simd::load(right + v * kWidth);
#pragma GCC unroll 8
      for (int r = 0; r < kTileRows; ++r) {
        const Vector a = simd::broadcast(x[r * t.x_stride + k]);
#pragma GCC unroll 8
        for (int v = 0; v < kVectors; ++v) sum[r][v] += a * b[v];
      }
    }
    store_sums(t, column, sum);
  }
}

// Pairs of bfloat16 terms, the odd one first: the order of the processors' own instruction (VDPBF16PS).
template <int kTileRows, int kVectors>
FT_SIMD_INLINE void pair_tile(const Tile& t) {
  const auto* x = static_cast<const std::uint16_t*>(t.x);
  for (std::int64_t column = 0; column < kPanel; column += kVectors * kWidth) {
    const auto* right = static_cast<const std::uint16_t*>(t.panel) + 2 * column;
    Vector sum[kTileRows][kVectors];
    load_sums(t, column, sum);
    for (std::int64_t k = 0; k < t.terms; k += 2, right += 2 * kPanel) {
#pragma GCC unroll 8
      for (int v = 0; v < kVectors; ++v) {
        simd::IntVector pairs;
        std::memcpy(&pairs, right + 2 * v * kWidth, sizeof pairs);
        const simd::IntVector odd_bits = pairs & static_cast<std::int32_t>(0xFFFF0000), even_bits = pairs << 16;
        Vector odd, even;
        std::memcpy(&odd, &odd_bits, sizeof odd);
        std::memcpy(&even, &even_bits, sizeof even);
#pragma GCC unroll 8
        for (int r = 0; r < kTileRows; ++r) {
          const std::uint16_t* pair = x + r * t.x_stride + k;
          sum[r][v] += simd::broadcast(std::bit_cast<float>(std::uint32_t{pair[1]} << 16)) * odd;
          sum[r][v] += simd::broadcast(std::bit_cast<float>(std::uint32_t{pair[0]} << 16)) * even;
        }
      }
    }
    store_sums(t, column, sum);
  }
}

using TileBody = void (*)(const Tile&);
constexpr int kMostRows = 6;
using TileBodies = std::array<TileBody, kMostRows>;  // for 1 .. 6 rows

// The bodies for one set of instructions: GCC compiles what vanishes into a function for that function's processor.
#define FT_TILES(name, attribute, tile, vectors)                  \
  attribute void name##_1(const Tile& t) { tile<1, vectors>(t); } \
  attribute void name##_2(const Tile& t) { tile<2, vectors>(t); } \
  attribute void name##_3(const Tile& t) { tile<3, vectors>(t); } \
  attribute void name##_4(const Tile& t) { tile<4, vectors>(t); } \
  attribute void name##_5(const Tile& t) { tile<5, vectors>(t); } \
  attribute void name##_6(const Tile& t) { tile<6, vectors>(t); } \
  constexpr TileBodies name = {name##_1, name##_2, name##_3, name##_4, name##_5, name##_6};

FT_TILES(kFloatTiles, , float_tile, 1)
FT_TILES(kPairTiles, , pair_tile, 1)

#if FT_PACKED_X86
#define FT_AVX2 __attribute__((target("arch=x86-64-v3")))
#define FT_AVX512 __attribute__((target("arch=x86-64-v4")))
#define FT_AVX512_BF16 __attribute__((target("arch=x86-64-v4,avx512bf16")))

FT_TILES(kFloatTilesAvx2, FT_AVX2, float_tile, 1)
FT_TILES(kFloatTilesAvx512, FT_AVX512, float_tile, 4)
FT_TILES(kPairTilesAvx2, FT_AVX2, pair_tile, 1)
FT_TILES(kPairTilesAvx512, FT_AVX512, pair_tile, 4)

template <int kTileRows>
FT_AVX512_BF16 void native_tile(const Tile& t) {
  const auto* x = static_cast<const std::uint16_t*>(t.x);
  const auto* right = static_cast<const std::uint16_t*>(t.panel);
  Vector sum[kTileRows][4];
  load_sums(t, 0, sum);
  for (std::int64_t k = 0; k < t.terms; k += 2, right += 2 * kPanel) {
    __m512bh b[4];
#pragma GCC unroll 4
    for (int v = 0; v < 4; ++v) {
      _mm_prefetch(reinterpret_cast<const char*>(right + 16 * kPanel + 2 * v * kWidth), _MM_HINT_T0);
      b[v] = (__m512bh)_mm512_loadu_si512(right + 2 * v * kWidth);
    }
#pragma GCC unroll 8
    for (int r = 0; r < kTileRows; ++r) {
      std::int32_t pair;
      std::memcpy(&pair, x + r * t.x_stride + k, sizeof pair);
      const auto a = (__m512bh)_mm512_set1_epi32(pair);
#pragma GCC unroll 4
      for (int v = 0; v < 4; ++v) sum[r][v] = (Vector)_mm512_dpbf16_ps((__m512)sum[r][v], a, b[v]);
    }
  }
  store_sums(t, 0, sum);
}
constexpr TileBodies kNativeTiles = {native_tile<1>, native_tile<2>, native_tile<3>,
                                     native_tile<4>, native_tile<5>, native_tile<6>};
#endif

// The fastest first, null where this processor lacks the instructions; the last one, without fused products, serves where
// there is no other.
using Bodies = std::array<const TileBodies*, 4>;
Bodies bodies_for(at::ScalarType compute) {
  const bool pairs = compute == at::kBFloat16;
  const TileBodies* plain = pairs ? &kPairTiles : &kFloatTiles;
#if FT_PACKED_X86
  const bool native = pairs && has_native_bfloat16();
  const bool avx512 = __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
                      __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl");
  const bool avx2 = __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
  return {native ? &kNativeTiles : nullptr, avx512 ? (pairs ? &kPairTilesAvx512 : &kFloatTilesAvx512) : nullptr,
          avx2 ? (pairs ? &kPairTilesAvx2 : &kFloatTilesAvx2) : nullptr, plain};
#else
  return {nullptr, nullptr, nullptr, plain};
#endif
}

const TileBodies& fastest(at::ScalarType compute) {
  const Bodies bodies = bodies_for(compute);
  return **std::ranges::find_if(bodies, [](const TileBodies* b) { return b != nullptr; });
}

// to[k][c] = weight[c][k] for the columns of one panel; columns beyond are zero.
void pack_panel(const float* weight, std::int64_t columns, std::int64_t in, float* to) {
  for (std::int64_t c = 0; c < columns; ++c) {
    for (std::int64_t k = 0; k < in; ++k) to[k * kPanel + c] = weight[c * in + k];
  }
}

// to[k / 2][c][k % 2]; a last odd term is paired with zero.
void pack_panel(const at::BFloat16* weight, std::int64_t columns, std::int64_t in, at::BFloat16* to) {
  for (std::int64_t c = 0; c < columns; ++c) {
    for (std::int64_t k = 0; k < in; ++k) to[(k / 2 * kPanel + c) * 2 + k % 2] = weight[c * in + k];
  }
}

template <class T>
void pack(const Tensor& weight, std::int64_t terms, Tensor& panels) {
  const std::int64_t out = weight.size(0), in = weight.size(1);
  for (std::int64_t column = 0; column < out; column += kPanel) {
    pack_panel(weight.const_data_ptr<T>() + column * in, std::min(kPanel, out - column), in,
               panels.mutable_data_ptr<T>() + column * terms);
  }
}

// sums [T, padded out] of x [T, terms] and panels; `terms` even where pairs are summed.
template <class T>
void multiply(const T* x, std::int64_t rows, std::int64_t terms, const T* panels, std::int64_t padded,
              const TileBodies& bodies, float* sums) {
  for (std::int64_t row = 0; row < rows; row += kRows) {
    const std::int64_t end = std::min(rows, row + kRows);
    for (std::int64_t term = 0; term < terms; term += kTerms) {
      for (std::int64_t column = 0; column < padded; column += kPanel) {
        for (std::int64_t r = row; r < end; r += kMostRows) {
          const auto height = static_cast<std::size_t>(std::min<std::int64_t>(kMostRows, end - r));
          bodies[height - 1]({.x = x + r * terms + term,
                              .x_stride = terms,
                              .panel = panels + column * terms + term * kPanel,
                              .sums = sums + r * padded + column,
                              .sums_stride = padded,
                              .terms = std::min(kTerms, terms - term),
                              .first = term == 0});
        }
      }
    }
  }
}

// As the bits that the product reads, an even number of terms in a row.
Tensor rounded_rows(const Tensor& x) {
  const std::int64_t terms = x.size(1) + x.size(1) % 2;
  if (terms == x.size(1)) return x.to(at::kBFloat16);
  Tensor out = at::zeros({x.size(0), terms}, x.options().dtype(at::kBFloat16));
  out.narrow(1, 0, x.size(1)).copy_(x);
  return out;
}

const std::uint16_t* bits_of(const Tensor& t) { return static_cast<const std::uint16_t*>(t.const_data_ptr()); }

Tensor packed(const Tensor& weight, at::ScalarType compute) {
  const std::int64_t out = weight.size(0), in = weight.size(1), panels = ceil_div(out, kPanel);
  const Tensor plain = weight.detach().contiguous();
  if (compute == at::kBFloat16) {
    Tensor result = at::zeros({panels, ceil_div(in, 2), kPanel, 2}, plain.options().dtype(at::kBFloat16));
    for (std::int64_t row = 0; row < out; row += kPanel) {  // a rounded copy of the whole weight is not needed
      const Tensor piece = plain.narrow(0, row, std::min(kPanel, out - row)).to(at::kBFloat16);
      Tensor panel = result.select(0, row / kPanel);
      pack<at::BFloat16>(piece, 2 * ceil_div(in, 2), panel);
    }
    return result;
  }
  Tensor result = out % kPanel == 0 ? at::empty({panels, in, kPanel}, plain.options())
                                    : at::zeros({panels, in, kPanel}, plain.options());
  pack<float>(plain, in, result);
  return result;
}

Tensor product_of(const Tensor& x, const Tensor& panels, const TileBodies& bodies) {
  const std::int64_t padded = panels.size(0) * kPanel;
  Tensor sums = at::empty({x.size(0), padded}, x.options());
  if (panels.scalar_type() == at::kBFloat16) {
    const Tensor rows = rounded_rows(x);
    multiply(bits_of(rows), rows.size(0), rows.size(1), bits_of(panels), padded, bodies,
             sums.mutable_data_ptr<float>());
  } else {
    multiply(x.const_data_ptr<float>(), x.size(0), x.size(1), panels.const_data_ptr<float>(), padded, bodies,
             sums.mutable_data_ptr<float>());
  }
  return sums;
}

}  // namespace

PackedWeight::PackedWeight(const Tensor& weight, at::ScalarType compute) : out_(weight.size(0)), in_(weight.size(1)) {
  FT_CHECK(weight.dim() == 2 && weight.is_cpu() && weight.scalar_type() == at::kFloat,
           "a packed weight is made of a float32 matrix on the processor");
  FT_CHECK(compute == at::kFloat || compute == at::kBFloat16, "products are computed in float32 or bfloat16, not {}",
           c10::toString(compute));
  const at::NoGradGuard no_grad;
  panels_ = packed(weight, compute);
}

Tensor PackedWeight::product(const Tensor& x, const Tensor& bias) const {
  FT_CHECK(x.dim() == 2 && x.size(1) == in_ && x.is_cpu() && x.scalar_type() == at::kFloat,
           "rows must be [T, {}] of float32 on the processor", in_);
  const at::NoGradGuard no_grad;
  const Tensor sums = product_of(x.contiguous(), panels_, fastest(compute()));
  const Tensor y = sums.size(1) == out_ ? sums : sums.narrow(1, 0, out_).contiguous();
  return bias.defined() ? y + bias : y;
}

std::vector<Tensor> products_by_instructions(const Tensor& x, const Tensor& weight, at::ScalarType compute) {
  const at::NoGradGuard no_grad;
  const Tensor panels = packed(weight, compute);
  std::vector<Tensor> products;
  for (const TileBodies* bodies : bodies_for(compute)) {
    const bool fused = bodies != bodies_for(compute).back() || bodies == &fastest(compute);
    if (bodies == nullptr || !fused) continue;
    products.push_back(product_of(x.contiguous(), panels, *bodies).narrow(1, 0, weight.size(0)));
  }
  return products;
}

}  // namespace ft
FT_SIMD_END
