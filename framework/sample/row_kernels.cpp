#include "framework/sample/row_kernels.h"

#include <algorithm>
#include <cstring>
#include <limits>

// One body per instruction set where the compiler and the loader can choose at load time.
#if defined(__x86_64__) && defined(__GNUC__) && !defined(__clang__)
#define FT_CLONES __attribute__((target_clones("default", "avx2", "avx512f")))
#else
#define FT_CLONES
#endif

namespace ft::row_kernels {
namespace {

// Sixteen at a time whatever the registers' width: the compiler splits these (GCC's and Clang's vector extension).
constexpr int kLanes = 16;
using Floats = float __attribute__((vector_size(kLanes * sizeof(float))));
using Words = std::uint32_t __attribute__((vector_size(kLanes * sizeof(std::uint32_t))));
using Doubles = double __attribute__((vector_size(kLanes * sizeof(double))));

constexpr float kInfinity = std::numeric_limits<float>::infinity();

// Sixteen values, or `count` values and then `rest`.
[[gnu::always_inline]] inline void load(Floats& out, const float* values) { std::memcpy(&out, values, sizeof(out)); }
[[gnu::always_inline]] inline void load(Floats& out, const float* values, std::int64_t count, float rest) {
  float padded[kLanes];
  for (float& p : padded) p = rest;
  std::copy(values, values + count, padded);
  load(out, padded);
}

// x = exp(x) for x <= 0; zero below about the smallest normal number. x = n log 2 + r, |r| <= log(2)/2; exp(r) by the
// minimax polynomial of Cephes' expf (S. Moshier), 2^n by the exponent bits. NaN stays NaN. (In place: returning
// vectors by value is another ABI on each instruction set.)
[[gnu::always_inline]] inline void exp_not_positive(Floats& x) {
  constexpr float kRound = 12582912.0F;  // 1.5 * 2^23: adding it rounds to a whole number, kept in the low bits
  const Floats shifted = x * 1.44269504088896341F + kRound;
  const Floats n = shifted - kRound;
  const Floats r = (x - n * 0.693359375F) - n * -2.12194440e-4F;
  Floats p = r * 1.9875691500e-4F + 1.3981999507e-3F;
  p = p * r + 8.3334519073e-3F;
  p = p * r + 4.1665795894e-2F;
  p = p * r + 1.6666665459e-1F;
  p = p * r + 5.0000001201e-1F;
  p = (p * r * r + r) + 1.0F;
  const Words power = ((Words)shifted << 23) + 0x3F800000U;  // a vector's C cast keeps the bits
  p = p * (Floats)power;
  x = x < -87.0F ? Floats{} : p;
}

template <bool kStore>
[[gnu::always_inline]] inline double exp_pass(const float* values, std::int64_t n, float shift, float scale,
                                              float* out) {
  Doubles sums = {};
  Floats x;
  std::int64_t i = 0;
  for (; i + kLanes <= n; i += kLanes) {
    load(x, values + i);
    x = (x - shift) * scale;
    exp_not_positive(x);
    if constexpr (kStore) std::memcpy(out + i, &x, sizeof(x));
    sums += __builtin_convertvector(x, Doubles);
  }
  if (i < n) {
    load(x, values + i, n - i, -kInfinity);
    x = (x - shift) * scale;
    exp_not_positive(x);
    if constexpr (kStore) std::memcpy(out + i, &x, static_cast<std::size_t>(n - i) * sizeof(float));
    sums += __builtin_convertvector(x, Doubles);
  }
  double sum[kLanes];
  std::memcpy(sum, &sums, sizeof(sum));
  for (int width = kLanes / 2; width > 0; width /= 2) {
    for (int k = 0; k < width; ++k) sum[k] += sum[k + width];
  }
  return sum[0];
}

[[gnu::always_inline]] inline float max_pass(const float* values, std::int64_t n) {
  Floats best, x;
  load(best, values, 0, -kInfinity);
  std::int64_t i = 0;
  for (; i + kLanes <= n; i += kLanes) {
    load(x, values + i);
    best = x > best ? x : best;
  }
  if (i < n) {
    load(x, values + i, n - i, -kInfinity);
    best = x > best ? x : best;
  }
  float lanes[kLanes];
  std::memcpy(lanes, &best, sizeof(lanes));
  for (int width = kLanes / 2; width > 0; width /= 2) {
    for (int k = 0; k < width; ++k) lanes[k] = lanes[k + width] > lanes[k] ? lanes[k + width] : lanes[k];
  }
  return lanes[0];
}

}  // namespace

FT_CLONES float maximum(const float* values, std::int64_t n) { return max_pass(values, n); }

FT_CLONES double exp_sum(const float* values, std::int64_t n, float shift, float scale) {
  return exp_pass<false>(values, n, shift, scale, nullptr);
}

FT_CLONES double exp_store(const float* values, std::int64_t n, float shift, float scale, float* out) {
  return exp_pass<true>(values, n, shift, scale, out);
}

FT_CLONES void run_maxima(const float* values, std::int64_t n, std::int64_t run, float* out) {
  for (std::int64_t begin = 0; begin < n; begin += run) *out++ = max_pass(values + begin, std::min(run, n - begin));
}

}  // namespace ft::row_kernels
