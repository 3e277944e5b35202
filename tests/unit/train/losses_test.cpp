#include "framework/train/losses.h"

#include <cmath>

#include "framework/base/error.h"
#include "framework/base/philox.h"
#include "tests/support/doctest_torch.h"
#include "tests/support/example_batch.h"

using namespace ft;

namespace {

// Examples of every kind with spans of several lengths; log-probabilities are drawn, not computed.
struct Data {
  std::vector<Example> examples;
  Batch batch;
  at::Tensor log_probs;  // [M] float64
};

Example example_of(LossKind kind, const std::vector<int>& span_lengths) {
  Example e;
  e.documents = {std::vector<TokenId>(20, 1)};
  LossItem item{.kind = kind};
  for (std::size_t s = 0; s < span_lengths.size(); ++s) {
    e.spans.push_back({.document = 0, .first = 0, .tokens = std::vector<TokenId>(span_lengths[s], 2)});
    item.spans[s] = static_cast<int>(s);
  }
  e.items = {item};
  return e;
}

Data make_data() {
  Data data;
  for (int i = 0; i < 4; ++i) {
    data.examples.push_back(example_of(LossKind::mle, {3 + i}));
    data.examples.push_back(example_of(LossKind::cross_entropy_full, {1 + i % 2}));
    data.examples.push_back(example_of(LossKind::cross_entropy_two, {1, 2}));
    data.examples.push_back(example_of(LossKind::margin, {1, 1, 2, 1}));
    data.examples.push_back(example_of(LossKind::contrastive, {4 + i, 7 - i}));
  }
  data.batch = testing::batch_of(data.examples);
  const Philox random(1, "test");
  data.log_probs = at::empty({data.batch.targets.size(0)}, at::kDouble);
  for (std::int64_t m = 0; m < data.log_probs.size(0); ++m)
    data.log_probs.mutable_data_ptr<double>()[m] = -2.5 * random.uniform(0, m);
  return data;
}

double softplus(double x) { return x > 0 ? x + std::log1p(std::exp(-x)) : std::log1p(std::exp(x)); }

// The formulas as the paper writes them (arXiv 2310.10047, equations 7 to 10), one item after the other.
LossSums brute_force(const Data& data, const double* log_probs, const LossWeights& w) {
  LossSums sums = {};
  std::int64_t m = 0;
  for (const Example& e : data.examples) {
    std::vector<double> l;
    for (const TargetSpan& span : e.spans) {
      double sum = 0;
      for (std::size_t j = 0; j < span.tokens.size(); ++j) sum += log_probs[m++];
      l.push_back(sum);
    }
    const auto length = [&](int s) { return std::pow(double(e.spans[s].tokens.size()), w.length_exponent); };
    double& out = sums[static_cast<std::size_t>(e.items[0].kind)];
    switch (e.items[0].kind) {
      case LossKind::mle:
      case LossKind::cross_entropy_full:
        out += -l[0];
        break;
      case LossKind::cross_entropy_two:
        out += softplus(l[1] - l[0]);
        break;
      case LossKind::margin:
        out += std::max(0.0, -softplus(l[3] - l[2]) + softplus(l[1] - l[0]) + w.margin);
        break;
      case LossKind::contrastive:
        out += std::max(0.0, l[1] / length(1) - l[0] / length(0) + w.contrastive_margin);
        break;
    }
  }
  return sums;
}

const LossWeights kWeights{
    .weight = {1, 0.5, 2, 3, 0.25}, .margin = 0.7, .contrastive_margin = 0.3, .length_exponent = 0.5};
const LossCounts kCounts = {30, 7, 5, 6, 4};

}  // namespace

TEST_CASE("every kind of loss equals its formula") {
  const Data data = make_data();
  CHECK(data.batch.counts == LossCounts{18, 4, 4, 4, 4});
  const BatchLoss loss = batch_loss(data.log_probs, data.batch, kWeights, kCounts);
  const LossSums expected = brute_force(data, data.log_probs.const_data_ptr<double>(), kWeights);
  for (std::size_t k = 0; k < expected.size(); ++k) {
    CHECK(expected[k] > 0);
    CHECK(loss.sums[k] == doctest::Approx(expected[k]).epsilon(1e-12));
  }
  CHECK(loss.total.item<double>() == doctest::Approx(weighted_total(expected, kWeights, kCounts)).epsilon(1e-12));
}

TEST_CASE("the gradient of every target's log-probability equals finite differences") {
  const Data data = make_data();
  at::Tensor log_probs = data.log_probs.clone().set_requires_grad(true);
  batch_loss(log_probs, data.batch, kWeights, kCounts).total.backward();
  std::vector<double> values(log_probs.const_data_ptr<double>(),
                             log_probs.const_data_ptr<double>() + log_probs.numel());
  const double h = 1e-5;
  for (std::size_t m = 0; m < values.size(); ++m) {
    const double before = values[m];
    values[m] = before + h;
    const double above = weighted_total(brute_force(data, values.data(), kWeights), kWeights, kCounts);
    values[m] = before - h;
    const double below = weighted_total(brute_force(data, values.data(), kWeights), kWeights, kCounts);
    values[m] = before;
    CHECK(log_probs.grad()[m].item<double>() == doctest::Approx((above - below) / (2 * h)).epsilon(1e-6));
  }
}

TEST_CASE("a step cut into batches gives the same loss: every part divides by the step's counts") {
  const Data data = make_data();
  const double whole = batch_loss(data.log_probs, data.batch, kWeights, kCounts).total.item<double>();
  double parts = 0;
  std::int64_t m = 0;
  for (const Example& e : data.examples) {
    const Batch batch = testing::batch_of({e});
    const std::int64_t size = batch.targets.size(0);
    parts += batch_loss(data.log_probs.narrow(0, m, size), batch, kWeights, kCounts).total.item<double>();
    m += size;
  }
  CHECK(parts == doctest::Approx(whole).epsilon(1e-12));
}

TEST_CASE("extreme verdicts neither overflow nor lose their gradient") {
  const Example e = example_of(LossKind::margin, {1, 1, 1, 1});
  const Batch batch = testing::batch_of({e});
  at::Tensor log_probs = at::tensor({-900.0, -0.1, -0.1, -900.0}, at::kDouble).set_requires_grad(true);
  const BatchLoss loss = batch_loss(log_probs, batch, {}, {0, 0, 0, 1, 0});
  loss.total.backward();
  CHECK(loss.sums[3] == doctest::Approx(899.9 + 1.0));
  CHECK(log_probs.grad()[0].item<double>() == doctest::Approx(-1.0));
  CHECK(log_probs.grad()[1].item<double>() == doctest::Approx(1.0));
  CHECK(at::isfinite(log_probs.grad()).all().item<bool>());
}

TEST_CASE("items that the step's counts do not know are refused") {
  const Data data = make_data();
  CHECK_THROWS_WITH_AS((void)batch_loss(data.log_probs, data.batch, kWeights, {30, 7, 5, 0, 4}),
                       doctest::Contains("4 items of loss margin, but the step counts none"), Error);
  CHECK_THROWS_AS((void)batch_loss(data.log_probs.narrow(0, 0, 3), data.batch, kWeights, kCounts), Error);
}
