#include "framework/kernels/vocabulary_log_probs.h"
#include "tests/unit/kernels/gradients.h"

using at::Tensor;
using ft::test::check_against;
using ft::test::distance;
using ft::test::random;

TEST_CASE("log-probabilities agree with the reference, in one chunk and in many") {
  struct Case {
    std::int64_t tokens, width, vocab, rows;
  };
  for (const Case& c : {Case{20, 16, 64, 15}, Case{30, 24, 61, 50}, Case{40, 8, 300001, 40}, Case{5, 8, 7, 0}}) {
    CAPTURE(c.vocab);
    const Tensor rows = (at::arange(c.rows) * 7).remainder(c.tokens);  // some repeat, some are left out
    const Tensor targets = (at::arange(c.rows) * 104729).remainder(c.vocab);
    CHECK((c.vocab < 1000 || c.rows > ft::vocabulary_chunk_rows(c.vocab)));
    check_against(
        [&](const auto& t) { return ft::vocabulary_log_probs(t[0], t[1], rows, targets); },
        [&](const auto& t) {
          return t[0].index_select(0, rows).mm(t[1].t()).log_softmax(1).gather(1, targets.unsqueeze(1)).squeeze(1);
        },
        {random({c.tokens, c.width}, 1), random({c.vocab, c.width}, 2)}, 5e-6);
  }
}

TEST_CASE("large logits neither overflow nor lose the target") {
  const Tensor hidden = at::tensor({1000.0f, -1000.0f}).view({2, 1}),
               weight = at::arange(40).to(at::kFloat).view({40, 1});
  const Tensor targets = at::tensor({39, 0}, at::kLong);
  const Tensor out = ft::vocabulary_log_probs(hidden, weight, at::arange(2), targets);
  CHECK(at::equal(out, at::zeros({2})));
}

TEST_CASE("the weight's gradient goes into its buffer, and backward may run twice") {
  const Tensor hidden = random({10, 16}, 1).requires_grad_(true);
  Tensor weight = random({50, 16}, 2).requires_grad_(true);
  const Tensor rows = at::arange(10), targets = at::arange(10);
  const Tensor out = ft::vocabulary_log_probs(hidden, weight, rows, targets).sum();
  const Tensor expected = torch::autograd::grad({out}, {weight}, {}, true)[0];
  weight.mutable_grad() = at::zeros({50, 16});
  out.backward({}, true);
  CHECK(at::equal(weight.grad(), expected));
  out.backward();
  CHECK(distance(weight.grad(), expected * 2) < 1e-6);
}

TEST_CASE("the chunk's steps agree with ATen, whatever the width") {
  for (const std::int64_t width : {1, 15, 16, 17, 1024, 5000}) {
    CAPTURE(width);
    const Tensor logits = random({4, width}, 3, 5.0);
    const Tensor shift = ft::row_max(logits);
    CHECK(at::equal(shift, logits.amax(1)));
    CHECK(distance(ft::row_sum_exp(logits, shift), (logits.to(at::kDouble) - shift.unsqueeze(1)).exp().sum(1)) < 1e-6);
    // Target -1 and `width` belong to another slice of the vocabulary.
    const Tensor targets = at::tensor({std::int64_t{0}, width - 1, std::int64_t{-1}, width}), upstream = random({4}, 4);
    const Tensor log_sum = logits.to(at::kDouble).logsumexp(1);
    Tensor expected = -(logits.to(at::kDouble) - log_sum.unsqueeze(1)).exp() * upstream.unsqueeze(1);
    expected[0][0] += upstream[0].to(at::kDouble);
    expected[1][width - 1] += upstream[1].to(at::kDouble);
    const Tensor actual = logits.clone();
    ft::logits_to_gradient(actual, log_sum.to(at::kFloat), targets, upstream);
    CHECK(distance(actual, expected) < 2e-6);
  }
}
