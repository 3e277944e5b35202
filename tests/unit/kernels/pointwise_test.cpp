#include "framework/kernels/adamw.h"
#include "framework/kernels/linear.h"
#include "framework/kernels/rms_norm.h"
#include "framework/kernels/rotary.h"
#include "framework/kernels/swiglu.h"
#include "tests/unit/kernels/gradients.h"

using at::Tensor;
using ft::test::check_against;
using ft::test::distance;
using ft::test::random;

TEST_CASE("norm, with and without the residual addition, agrees with the reference") {
  for (const std::int64_t width : {5, 16, 24, 576, 100}) {
    CAPTURE(width);
    const Tensor x = random({13, width}, 1, 3.0), delta = random({13, width}, 2), weight = random({width}, 3);
    check_against([](const auto& t) { return ft::rms_norm(t[0], t[1], 1e-5); },
                  [](const auto& t) { return ft::rms_norm_reference(t[0], t[1], 1e-5); }, {x, weight}, 2e-6);
    // Both results matter downstream, as in the residual stream.
    check_against(
        [](const auto& t) {
          const auto [sum, normed] = ft::add_rms_norm(t[0], t[1], t[2], 1e-5);
          return sum * 0.5 + normed;
        },
        [](const auto& t) {
          const Tensor sum = t[0] + t[1];
          return sum * 0.5 + ft::rms_norm_reference(sum, t[2], 1e-5);
        },
        {x, delta, weight}, 2e-6);
  }
  const Tensor heads = random({5, 3, 32}, 4);  // the norm of queries and keys
  check_against([](const auto& t) { return ft::rms_norm(t[0], t[1], 1e-6); },
                [](const auto& t) { return ft::rms_norm_reference(t[0], t[1], 1e-6); }, {heads, random({32}, 5)}, 2e-6);
}

TEST_CASE("an input that can be made again is not kept, and gives the same bits") {
  const Tensor gate = random({7, 40}, 1).set_requires_grad(true), up = random({7, 40}, 2).set_requires_grad(true);
  const Tensor weight = random({12, 40}, 3).set_requires_grad(true), upstream = random({7, 12}, 4);
  for (const at::ScalarType compute : {at::kFloat, at::kBFloat16}) {
    const Tensor kept_input = ft::swiglu(gate, up);
    const auto kept =
        torch::autograd::grad({ft::linear(kept_input, weight, {}, compute)}, {gate, up, weight}, {upstream});
    int made = 0;
    ft::Remade remade(ft::swiglu(gate, up), {gate, up}, [&](const auto& from) {
      ++made;
      return ft::swiglu(from[0], from[1]);
    });
    const Tensor y = ft::linear(remade, weight, {}, compute);
    CHECK(remade.value.storage().use_count() == 1);
    const auto again = torch::autograd::grad({y}, {gate, up, weight}, {upstream});
    CHECK(made == 1);
    for (std::size_t i = 0; i < kept.size(); ++i) CHECK(at::equal(again[i], kept[i]));
  }
}

TEST_CASE("only one of the two results of add_rms_norm may have a gradient") {
  const Tensor x = random({4, 16}, 1), delta = random({4, 16}, 2), weight = random({16}, 3);
  for (const int which : {0, 1}) {
    check_against(
        [&](const auto& t) {
          const auto [sum, normed] = ft::add_rms_norm(t[0], t[1], weight, 1e-5);
          return which == 0 ? sum : normed;
        },
        [&](const auto& t) {
          const Tensor sum = t[0] + t[1];
          return which == 0 ? sum : ft::rms_norm_reference(sum, weight.to(at::kDouble), 1e-5);
        },
        {x, delta}, 2e-6);
  }
}

TEST_CASE("SwiGLU agrees with the reference, far out too") {
  for (const std::int64_t width : {1, 16, 37, 352}) {
    check_against([](const auto& t) { return ft::swiglu(t[0], t[1]); },
                  [](const auto& t) { return ft::swiglu_reference(t[0], t[1]); },
                  {random({9, width}, 1, 3.0), random({9, width}, 2)}, 1e-6);
  }
  const Tensor far = at::tensor({-1000.0f, -100.0f, -88.0f, -20.0f, 0.0f, 20.0f, 88.0f, 1000.0f});
  const Tensor out = ft::swiglu(far, at::ones_like(far));
  CHECK(out.isfinite().all().item<bool>());
  CHECK(distance(out, ft::swiglu_reference(far.to(at::kDouble), at::ones_like(far).to(at::kDouble))) < 1e-6);
}

TEST_CASE("rotary positions agree with the reference, and positions 0 change nothing") {
  for (const std::int64_t head_dim : {6, 16, 64}) {
    const Tensor frequencies = at::pow(at::scalar_tensor(0.5), at::arange(head_dim / 2).to(at::kFloat));
    for (const double scale : {1.0, 1.25}) {  // backward turns back, but scales as forward does
      const auto angles = ft::rotary_angles(frequencies, at::arange(21), scale);
      check_against([&](const auto& t) { return ft::rotate(t[0], angles); },
                    [&](const auto& t) {
                      return ft::rotate_reference(t[0], {angles.cos.to(at::kDouble), angles.sin.to(at::kDouble)});
                    },
                    {random({21, 3, head_dim}, 1)}, 1e-6);
    }
    const Tensor x = random({1, 2, head_dim}, 2);
    CHECK(at::equal(ft::rotate(x, ft::rotary_angles(frequencies, at::zeros({1}, at::kLong))), x));
  }
}

TEST_CASE("linear and embedding agree with ATen's") {
  const Tensor x = random({9, 24}, 1), weight = random({40, 24}, 2), bias = random({40}, 3);
  check_against([](const auto& t) { return ft::linear(t[0], t[1], t[2]); },
                [](const auto& t) { return at::linear(t[0], t[1], t[2]); }, {x, weight, bias}, 2e-6);
  check_against([](const auto& t) { return ft::linear(t[0], t[1]); },
                [](const auto& t) { return at::linear(t[0], t[1]); }, {x, weight}, 2e-6);
  const Tensor tokens = at::tensor({3, 0, 39, 3, 3, 7}, at::kLong);
  check_against([&](const auto& t) { return ft::embedding(t[0], tokens); },
                [&](const auto& t) { return at::embedding(t[0], tokens); }, {weight}, 1e-6);
}

TEST_CASE("where a gradient buffer exists, weights add into it in place") {
  const Tensor x = random({9, 24}, 1);
  Tensor weight = random({40, 24}, 2).requires_grad_(true), norm = random({24}, 4).requires_grad_(true);
  const auto loss = [&] { return ft::linear(ft::rms_norm(x, norm, 1e-5), weight).square().sum(); };
  loss().backward();
  const Tensor once = weight.grad().clone(), norm_once = norm.grad().clone();
  const Tensor buffer = at::ones({40 * 24 + 24});
  weight.mutable_grad() = buffer.narrow(0, 0, 40 * 24).view({40, 24});
  norm.mutable_grad() = buffer.narrow(0, 40 * 24, 24);
  loss().backward();
  CHECK(distance(buffer.narrow(0, 0, 40 * 24).view({40, 24}), once + 1) < 1e-6);
  CHECK(distance(buffer.narrow(0, 40 * 24, 24), norm_once + 1) < 1e-6);
}

TEST_CASE("AdamW agrees with its reference over ten steps, and a cut range has the same bits") {
  const std::int64_t n = 1003;
  Tensor p = random({n}, 1), m = at::zeros({n}), v = at::zeros({n});
  Tensor p2 = p.clone(), m2 = m.clone(), v2 = v.clone();
  Tensor p3 = p.to(at::kDouble), m3 = m.to(at::kDouble), v3 = v.to(at::kDouble);
  for (int step = 1; step <= 10; ++step) {
    const Tensor g = random({n}, 100 + step, step % 3 == 0 ? 1e-4 : 1.0);
    ft::adamw_step(p, g, m, v, 1e-2, 0.9, 0.95, 1e-8, 0.1, step, 0.5);
    for (const auto& [begin, size] : {std::pair{0, 100}, {100, 1}, {101, 902}}) {
      const auto part = [&, b = begin, s = size](const Tensor& t) { return t.narrow(0, b, s); };
      ft::adamw_step(part(p2), part(g), part(m2), part(v2), 1e-2, 0.9, 0.95, 1e-8, 0.1, step, 0.5);
    }
    ft::adamw_step_reference(p3, g.to(at::kDouble), m3, v3, 1e-2, 0.9, 0.95, 1e-8, 0.1, step, 0.5);
  }
  CHECK(at::equal(p, p2));
  CHECK(at::equal(m, m2));
  CHECK(at::equal(v, v2));
  CHECK(distance(p, p3) < 1e-6);
  CHECK(distance(v, v3) < 1e-6);
}
