// Sums of very many float32 terms, whose last digits a running sum loses: each must be within a few roundings of float64.
#include "framework/kernels/linear.h"
#include "framework/kernels/packed_attention.h"
#include "framework/kernels/rms_norm.h"
#include "framework/kernels/vocabulary_log_probs.h"
#include "tests/unit/kernels/gradients.h"

using at::Tensor;
using ft::test::check_against;
using ft::test::distance;
using ft::test::random;

namespace {

// All of one sign and size, the hardest for a running sum: it grows, and each addition rounds.
Tensor positive(at::IntArrayRef shape, std::uint64_t seed) { return random(shape, seed).abs() + 0.5; }

}  // namespace

TEST_CASE("a product keeps its digits, however many terms it adds") {
  for (const std::int64_t terms : {8191, 8192, 8193, 9216, 65537, 300001}) {
    for (const auto& [rows, columns] : std::vector<std::pair<std::int64_t, std::int64_t>>{{1, 1}, {3, 5}, {40, 8}}) {
      CAPTURE(terms);
      CAPTURE(rows);
      const Tensor left = positive({rows, terms}, 1), right = positive({terms, columns}, 2);
      const Tensor exact = left.to(at::kDouble).mm(right.to(at::kDouble));
      CHECK(distance(ft::product(left, right, at::kFloat), exact) < 5e-6);
      // The same sum as a weight's gradient, from nothing and on top of what is there.
      const Tensor tall = left.t().contiguous();
      CHECK(distance(ft::add_weight_gradient(Tensor(), tall, right), exact) < 5e-6);
      const Tensor before = positive({rows, columns}, 3);
      CHECK(distance(ft::add_weight_gradient(before.clone(), tall, right), exact + before) < 5e-6);
    }
  }
}

TEST_CASE("products in bfloat16 that are rounded in pieces are those that are rounded at once") {
  // Beyond 2^23 elements the right operand goes column by column, a gradient row by row.
  const Tensor left = random({6, 300}, 1), right = random({300, 40000}, 2);
  const Tensor whole = left.to(at::kBFloat16).to(at::kDouble).mm(right.to(at::kBFloat16).to(at::kDouble));
  CHECK(distance(ft::product(left, right, at::kBFloat16), whole) < 0.005);
  const Tensor targets = random({6, 40000}, 3), hidden = random({6, 300}, 4);
  const Tensor gradient = targets.t().to(at::kBFloat16).to(at::kDouble).mm(hidden.to(at::kBFloat16).to(at::kDouble));
  CHECK(distance(ft::add_weight_gradient(at::zeros({40000, 300}), targets, hidden, at::kBFloat16), gradient) < 0.005);
  CHECK(ft::product(left, right.narrow(1, 0, 0), at::kBFloat16).sizes() == at::IntArrayRef{6, 0});
  CHECK(ft::product(left.narrow(0, 0, 0), right, at::kBFloat16).sizes() == at::IntArrayRef{0, 40000});
}

TEST_CASE("products in bfloat16 of any shape are those of the rounded operands") {
  for (const std::int64_t m : {1, 5, 64, 130})
    for (const std::int64_t k : {1, 63, 64, 200})
      for (const std::int64_t n : {1, 64, 65}) {
        CAPTURE(m);
        CAPTURE(k);
        CAPTURE(n);
        const Tensor left = random({m, k}, 1), right = random({k, n}, 2);
        const auto exact = [](const Tensor& a, const Tensor& b) {
          return a.to(at::kBFloat16).to(at::kDouble).mm(b.to(at::kBFloat16).to(at::kDouble));
        };
        CHECK(distance(ft::product(left, right, at::kBFloat16), exact(left, right)) < 0.005);
        const Tensor turned = right.t().contiguous().t();  // as a weight's transpose
        CHECK(distance(ft::product(left, turned, at::kBFloat16), exact(left, right)) < 0.005);
        const Tensor tall = left.t().contiguous();
        CHECK(distance(ft::add_weight_gradient(at::ones({m, n}), tall, right, at::kBFloat16), exact(left, right) + 1) <
              0.005);
      }
}

TEST_CASE("a bias adds the gradients of a hundred thousand tokens") {
  const Tensor x = random({100000, 3}, 1), weight = random({4, 3}, 2), bias = random({4}, 3);
  const Tensor upstream = positive({100000, 4}, 4);
  Tensor w = weight.clone().requires_grad_(true), b = bias.clone().requires_grad_(true);
  const auto gradients = torch::autograd::grad({ft::linear(x, w, b)}, {w, b}, {upstream});
  CHECK(distance(gradients[0], upstream.to(at::kDouble).t().mm(x.to(at::kDouble))) < 5e-6);
  CHECK(distance(gradients[1], upstream.to(at::kDouble).sum(0)) < 1e-6);
}

TEST_CASE("an embedding adds the gradients of a token that occurs a hundred thousand times") {
  const std::int64_t count = 100003;
  Tensor tokens = (at::arange(count) * 7919).remainder(50);
  tokens.narrow(0, 0, 90000).fill_(3);
  const Tensor upstream = positive({count, 5}, 1);
  Tensor weight = random({50, 5}, 2).requires_grad_(true);
  const Tensor exact = at::zeros({50, 5}, at::kDouble).index_add(0, tokens, upstream.to(at::kDouble));
  CHECK(distance(torch::autograd::grad({ft::embedding(weight, tokens)}, {weight}, {upstream})[0], exact) < 1e-6);
  weight.mutable_grad() = at::ones({50, 5});
  ft::embedding(weight, tokens).backward(upstream);
  CHECK(distance(weight.grad(), exact + 1) < 1e-6);
}

TEST_CASE("a norm adds the gradients of a hundred thousand rows, and the squares of a hundred thousand columns") {
  const Tensor x = random({100001, 6}, 1), weight = random({6}, 2).abs() + 0.5;
  const Tensor upstream = x.sign() * positive({100001, 6}, 3);  // terms of one sign
  const auto gradient = [&](const Tensor& input, const Tensor& w, const Tensor& up, bool ours) {
    Tensor leaf = w.clone().requires_grad_(true);
    const Tensor out = ours ? ft::rms_norm(input, leaf, 1e-5) : ft::rms_norm_reference(input, leaf, 1e-5);
    return torch::autograd::grad({out}, {leaf}, {up})[0];
  };
  CHECK(distance(gradient(x, weight, upstream, true),
                 gradient(x.to(at::kDouble), weight.to(at::kDouble), upstream.to(at::kDouble), false)) < 2e-6);
  const Tensor wide = positive({2, 100001}, 4), ones = at::ones({100001});
  CHECK(distance(ft::rms_norm(wide, ones, 1e-5),
                 ft::rms_norm_reference(wide.to(at::kDouble), ones.to(at::kDouble), 1e-5)) < 5e-6);
}

TEST_CASE("log-probabilities over a very large vocabulary, of flat and of peaked distributions") {
  const std::int64_t vocab = 300001;
  const Tensor rows = at::arange(20), targets = (at::arange(20) * 104729).remainder(vocab);
  for (const double scale : {0.01, 1.0, 2.0}) {
    for (const std::int64_t width : {1, 3, 8, 40}) {
      CAPTURE(scale);
      CAPTURE(width);
      check_against(
          [&](const auto& t) { return ft::vocabulary_log_probs(t[0], t[1], rows, targets); },
          [&](const auto& t) { return t[0].mm(t[1].t()).log_softmax(1).gather(1, targets.unsqueeze(1)).squeeze(1); },
          {random({20, width}, 1), random({vocab, width}, 2, scale)}, 5e-6);
    }
  }
}

TEST_CASE("attention over one document of three thousand tokens") {
  const std::vector<std::int64_t> offsets = {0, 3000};
  check_against([&](const auto& x) { return ft::packed_attention(x[0], x[1], x[2], offsets); },
                [&](const auto& x) { return ft::packed_attention_reference(x[0], x[1], x[2], offsets); },
                {random({3000, 2, 16}, 1, 0.1), random({3000, 1, 16}, 2), positive({3000, 1, 16}, 3)}, 5e-6);
}
