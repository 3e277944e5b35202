// training.recompute: what is kept for the backward changes, no bit does.
#include "framework/model/recompute.h"

#include <ATen/ATen.h>
#include <ATen/Parallel.h>

#include <stdexcept>
#include <vector>

#include "framework/model/decoder.h"
#include "tests/support/doctest_torch.h"
#include "tests/support/tiny_model.h"

using namespace ft;
using namespace ft::testing;
using at::Tensor;

namespace {

// Five layers, so that the last stretch of two or three is a shorter one.
ModelConfig llama() {
  ModelConfig config = tiny_config();
  config.num_layers = 5;
  return config;
}

ModelConfig qwen2() {
  ModelConfig config = llama();
  config.qkv_bias = true;
  config.tied_embeddings = false;
  return config;
}

ModelConfig qwen3() {
  ModelConfig config = llama();
  config.qk_norm = true;
  return config;
}

struct Outcome {
  Tensor log_probs, gradient;
  std::vector<int> asked;  // the layers that the context was asked for, in order
};

// Packed documents, and notes of who asks.
class NotedAttention final : public AttentionContext {
 public:
  NotedAttention(std::vector<std::int64_t> offsets, std::vector<int>& asked)
      : attention_(std::move(offsets)), asked_(asked) {}
  Tensor attend(int layer, const Tensor& query, const Tensor& key, const Tensor& value) override {
    asked_.push_back(layer);
    return attention_.attend(layer, query, key, value);
  }

 private:
  PackedAttention attention_;
  std::vector<int>& asked_;
};

// Two micro-batches of packed documents of several lengths, their gradients added up as a lane's are.
Outcome outcome(const ModelConfig& config, at::ScalarType compute, Recompute recompute) {
  at::set_num_threads(1);
  TinyModel model(5, config);
  ParameterSet& parameters = model.decoder.parameters();
  parameters.set_compute(compute);
  Outcome result{.gradient = at::zeros_like(parameters.flat())};
  parameters.set_gradient(result.gradient);
  for (const std::vector<std::int64_t>& lengths : {std::vector<std::int64_t>{40, 7, 21}, {3, 64}}) {
    std::vector<std::int64_t> tokens, positions, offsets = {0};
    for (const std::int64_t length : lengths) {
      for (std::int64_t i = 0; i < length; ++i) {
        tokens.push_back((length * 31 + i * i * 7 + i) % kTinyVocabulary);
        positions.push_back(i);
      }
      offsets.push_back(std::ssize(tokens));
    }
    const Tensor rows = at::arange(0, std::ssize(tokens) - 1), targets = at::tensor(tokens).narrow(0, 1, rows.size(0));
    Tensor log_probs;
    {
      // The context and what else this scope holds is gone when the backward comes.
      auto context = std::make_shared<NotedAttention>(offsets, result.asked);
      const Tensor hidden = model.decoder.forward(at::tensor(tokens), at::tensor(positions), context, recompute);
      log_probs = model.decoder.log_probs(hidden, rows, targets.contiguous());
    }
    log_probs.sin().sum().backward();  // another upstream gradient at each row
    const Tensor so_far = log_probs.detach();
    result.log_probs = result.log_probs.defined() ? at::cat({result.log_probs, so_far}) : so_far;
  }
  return result;
}

}  // namespace

TEST_CASE("recomputation changes no bit of log-probabilities and gradients, in any family and precision") {
  for (const ModelConfig& config : {llama(), qwen2(), qwen3()})
    for (const at::ScalarType compute : {at::kFloat, at::kBFloat16}) {
      const Outcome kept = outcome(config, compute, {});
      CHECK(kept.gradient.ne(0).sum().item<std::int64_t>() > kept.gradient.numel() * 9 / 10);
      for (const int layers : {1, 2, 3, 5, 9}) {
        CAPTURE(layers);
        const Outcome made_again = outcome(config, compute, {layers});
        CHECK(at::equal(made_again.log_probs, kept.log_probs));
        CHECK(at::equal(made_again.gradient, kept.gradient));
      }
    }
}

TEST_CASE("stretches are computed again in the order of the backward, all but the last one") {
  const auto asked = [](int layers) {
    std::vector<int> all = outcome(llama(), at::kFloat, {layers}).asked;
    all.resize(all.size() / 2);  // of the first micro-batch
    return all;
  };
  CHECK(asked(0) == std::vector<int>{0, 1, 2, 3, 4});
  CHECK(asked(1) == std::vector<int>{0, 1, 2, 3, 4, 3, 2, 1, 0});
  CHECK(asked(2) == std::vector<int>{0, 1, 2, 3, 4, 2, 3, 0, 1});
  CHECK(asked(5) == asked(0));
}

TEST_CASE("nothing is computed again where no gradient is wanted") {
  TinyModel model(5, llama());
  std::vector<int> asked;
  const at::NoGradGuard no_grad;
  const Tensor tokens = at::arange(6), positions = at::arange(6);
  auto context = std::make_shared<NotedAttention>(std::vector<std::int64_t>{0, 6}, asked);
  const Tensor hidden = model.decoder.forward(tokens, positions, context, {1});
  PackedAttention attention({0, 6});
  CHECK(at::equal(hidden, model.decoder.forward(tokens, positions, attention)));
  CHECK(asked == std::vector<int>{0, 1, 2, 3, 4});
}

TEST_CASE("a stretch hands on its input's gradient and adds those of parameters, each time it goes back") {
  const Tensor weight = at::tensor({2.0, 3.0}).set_requires_grad(true),
               x = at::tensor({5.0, 7.0}).set_requires_grad(true);
  int calls = 0;
  const Tensor y = recomputed(x, [&](const Tensor& in) {
    ++calls;
    return in * in * weight;
  });
  CHECK(calls == 1);
  y.sum().backward({}, true);
  CHECK(calls == 2);
  CHECK(at::equal(x.grad(), at::tensor({20.0, 42.0})));
  CHECK(at::equal(weight.grad(), at::tensor({25.0, 49.0})));
  y.sum().backward();
  CHECK(at::equal(weight.grad(), at::tensor({50.0, 98.0})));
  bool fails = false;
  const Tensor bad = recomputed(x, [&](const Tensor& in) {
    if (fails) throw std::runtime_error("not twice");
    return in * 2;
  });
  fails = true;
  CHECK_THROWS_WITH(bad.sum().backward(), doctest::Contains("not twice"));
}
