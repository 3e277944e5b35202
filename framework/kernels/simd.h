// Sixteen floats at a time, for the kernels' .cpp files only.
//
// The vectors are GCC's own (vector_size), so one source serves AVX-512, AVX2, plain x86-64 and other processors;
// FT_SIMD_CLONES compiles a function once for each and picks at run time. -ffp-contract=off holds for the project, but
// a fused multiply-add is half the speed of a kernel: FT_SIMD_BEGIN allows it between the two marks. The bits of a
// result therefore depend on the kind of processor, and on nothing else.
//
//   FT_SIMD_BEGIN
//   namespace {
//   FT_SIMD_CLONES void scale(float* x, std::int64_t n, float a) { ... load(x + i) * a ... }
//   }
//   FT_SIMD_END
#pragma once

#include <cstdint>
#include <cstring>

#if defined(__GNUC__) && !defined(__clang__) && defined(__x86_64__)
#define FT_SIMD_CLONES __attribute__((target_clones("arch=x86-64-v4", "arch=x86-64-v3", "default")))
#define FT_SIMD_BEGIN                                                                        \
  _Pragma("GCC push_options") _Pragma("GCC optimize(\"O3,fp-contract=fast,no-math-errno\")") \
      _Pragma("GCC diagnostic ignored \"-Wpsabi\"")
#define FT_SIMD_END _Pragma("GCC pop_options")
#else
#define FT_SIMD_CLONES
#define FT_SIMD_BEGIN
#define FT_SIMD_END
#endif
// Everything that takes or returns vectors must vanish into its caller: the calling convention differs between clones.
#define FT_SIMD_INLINE inline __attribute__((always_inline))

FT_SIMD_BEGIN
namespace ft::simd {

constexpr std::int64_t kWidth = 16;
typedef float Vector __attribute__((vector_size(64)));
typedef std::int32_t IntVector __attribute__((vector_size(64)));

FT_SIMD_INLINE Vector load(const float* from) {
  Vector x;
  std::memcpy(&x, from, sizeof x);
  return x;
}
FT_SIMD_INLINE void store(float* to, const Vector& x) { std::memcpy(to, &x, sizeof x); }
// As a shuffle: GCC 12 lowers {x, x, ...} in an inlined function to sixteen insertions before it knows the processor.
// For the same reason no inlined function here mixes scalars and vectors in an expression.
FT_SIMD_INLINE Vector broadcast(float x) { return __builtin_shuffle(Vector{x}, IntVector{}); }
// The first n (0 .. 15) values, the others zero.
FT_SIMD_INLINE Vector load_part(const float* from, std::int64_t n) {
  float parts[kWidth] = {};
  for (std::int64_t i = 0; i < n; ++i) parts[i] = from[i];
  return load(parts);
}
FT_SIMD_INLINE void store_part(float* to, const Vector& x, std::int64_t n) {
  for (std::int64_t i = 0; i < n; ++i) to[i] = x[i];
}
FT_SIMD_INLINE Vector max(const Vector& a, const Vector& b) { return a > b ? a : b; }
// Pairwise, in one fixed order.
FT_SIMD_INLINE float sum(const Vector& x) {
  float parts[kWidth];
  store(parts, x);
  for (std::int64_t half = kWidth / 2; half > 0; half /= 2) {
    for (std::int64_t i = 0; i < half; ++i) parts[i] += parts[i + half];
  }
  return parts[0];
}
FT_SIMD_INLINE float largest(const Vector& x) {
  float parts[kWidth];
  store(parts, x);
  for (std::int64_t half = kWidth / 2; half > 0; half /= 2) {
    for (std::int64_t i = 0; i < half; ++i) parts[i] = parts[i] > parts[i + half] ? parts[i] : parts[i + half];
  }
  return parts[0];
}

// e^x within 2 units in the last place for x in [-87, 88]; 0 below -87 and e^88 above 88. NaN stays NaN.
// x = n ln 2 + r with |r| <= ln 2 / 2, where n comes out of the mantissa of x / ln 2 + 1.5 * 2^23; e^r by its Taylor
// polynomial of degree 7 (truncation 2e-9 relative), 2^n by the exponent's bits.
FT_SIMD_INLINE Vector exp(const Vector& x) {
  const Vector kLow = broadcast(-87.0f), kHigh = broadcast(88.0f);
  const Vector clamped = x > kHigh ? kHigh : (x < kLow ? kLow : x);
  const Vector shifted = clamped * 1.44269504088896341f + 12582912.0f;
  const Vector n = shifted - 12582912.0f;
  Vector r = clamped - n * 0.693359375f;
  r = r + n * 2.12194440e-4f;
  Vector p = r * (1.0f / 5040) + 1.0f / 720;
  p = p * r + 1.0f / 120;
  p = p * r + 1.0f / 24;
  p = p * r + 1.0f / 6;
  p = p * r + 0.5f;
  p = p * r + 1.0f;
  p = p * r + 1.0f;
  IntVector bits;
  std::memcpy(&bits, &shifted, sizeof bits);
  bits = (bits + (127 - 0x4B400000)) << 23;  // 0x4B400000: the bits of 1.5 * 2^23
  Vector power;
  std::memcpy(&power, &bits, sizeof power);
  return x < kLow ? Vector{} : p * power;
}

FT_SIMD_INLINE Vector sigmoid(const Vector& x) { return 1.0f / (1.0f + exp(-x)); }

}  // namespace ft::simd
FT_SIMD_END
