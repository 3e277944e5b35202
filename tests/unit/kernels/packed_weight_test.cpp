#include "framework/kernels/packed_weight.h"

#include <ATen/ATen.h>
#include <doctest/doctest.h>
#include <rapidcheck.h>

#include <cstring>
#include <limits>
#include <vector>

using at::Tensor;

namespace {

bool same_bits(const Tensor& a, const Tensor& b) {
  const Tensor x = a.contiguous(), y = b.contiguous();
  return x.sizes() == y.sizes() && std::memcmp(x.const_data_ptr(), y.const_data_ptr(), x.nbytes()) == 0;
}

// Sides around the tile's (6 rows), the panel's (64 columns) and the stretch's (1,024 terms), and any others.
std::int64_t side(std::int64_t around, std::int64_t most) {
  return *rc::gen::oneOf(rc::gen::inRange<std::int64_t>(1, most), rc::gen::map(rc::gen::inRange(-2, 3), [=](int d) {
                           return std::max<std::int64_t>(1, around + d);
                         }));
}

Tensor rows(std::int64_t count, std::int64_t width) {
  at::manual_seed(*rc::gen::inRange(0, 1 << 20));
  return at::randn({count, width});
}

}  // namespace

TEST_CASE("a packed weight's products are those of the matrix, whatever their sides") {
  CHECK(rc::check([] {
    const std::int64_t count = side(6, 40), in = side(1024, 1500), out = side(128, 300);
    const Tensor x = rows(count, in), weight = rows(out, in);
    const bool with_bias = *rc::gen::arbitrary<bool>();
    const Tensor bias = with_bias ? rows(1, out).squeeze(0) : Tensor();
    for (const at::ScalarType compute : {at::kFloat, at::kBFloat16}) {
      const Tensor y = ft::PackedWeight(weight, compute).product(x, bias);
      Tensor exact = at::mm(x.to(compute).to(at::kDouble), weight.to(compute).to(at::kDouble).t());
      const Tensor terms = at::mm(x.to(compute).abs().to(at::kDouble), weight.to(compute).abs().to(at::kDouble).t());
      if (with_bias) exact += bias.to(at::kDouble);
      // Rounding of a sum of n terms in order: at most n / 2^24 of the sum of their sizes, here far less.
      const double off = ((y.to(at::kDouble) - exact).abs() / (terms + 1)).max().item<double>();
      RC_ASSERT(off < 2e-6);
    }
  }));
}

TEST_CASE("a row's bits depend neither on other rows nor on its place among them") {
  CHECK(rc::check([] {
    const std::int64_t count = side(64, 80), in = side(576, 1100), out = side(64, 200);
    const Tensor x = rows(count, in), weight = rows(out, in);
    for (const at::ScalarType compute : {at::kFloat, at::kBFloat16}) {
      const ft::PackedWeight packed(weight, compute);
      const Tensor whole = packed.product(x);
      const std::int64_t row = *rc::gen::inRange<std::int64_t>(0, count);
      const std::int64_t last = *rc::gen::inRange<std::int64_t>(row, count) + 1;
      RC_ASSERT(same_bits(whole.narrow(0, row, last - row), packed.product(x.narrow(0, row, last - row))));
    }
  }));
}

TEST_CASE("every set of instructions with fused products gives the same bits, the processor's for bfloat16 too") {
  for (const at::ScalarType compute : {at::kFloat, at::kBFloat16}) {
    for (const std::int64_t in : {1, 2, 63, 576, 1536}) {
      const Tensor x = at::randn({13, in}), weight = at::randn({70, in});
      const Tensor used = ft::PackedWeight(weight, compute).product(x);
      const std::vector<Tensor> all = ft::products_by_instructions(x, weight, compute);
      for (const Tensor& one : all) CHECK(same_bits(used, one));
      if (all.size() == 1 && in == 1) MESSAGE("this processor has one such set: compared with itself");
    }
  }
}

TEST_CASE("what is no number shows, and a weight without rows to multiply gives none") {
  Tensor x = at::ones({3, 8}), weight = at::ones({5, 8});
  x[1][2] = std::numeric_limits<float>::quiet_NaN();
  for (const at::ScalarType compute : {at::kFloat, at::kBFloat16}) {
    const Tensor y = ft::PackedWeight(weight, compute).product(x);
    CHECK(y.isnan().sum(1).equal(at::tensor({0, 5, 0}, at::kLong)));
    CHECK(ft::PackedWeight(weight, compute).product(x.narrow(0, 0, 0)).size(0) == 0);
  }
}
