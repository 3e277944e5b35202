#include "framework/model/decoder.h"

#include <ATen/Parallel.h>

#include <cmath>

#include "tests/support/doctest_torch.h"

using at::Tensor;

namespace {

struct Pack {
  Tensor tokens, positions;  // [T]
  std::vector<std::int64_t> offsets;
};

// Documents of the given lengths with tokens that depend on `seed`, the document's number and the place in it.
Pack make_pack(const std::vector<std::int64_t>& lengths, std::int64_t vocab_size, std::int64_t seed = 1) {
  std::vector<std::int64_t> tokens, positions, offsets = {0};
  for (std::size_t d = 0; d < lengths.size(); ++d) {
    for (std::int64_t i = 0; i < lengths[d]; ++i) {
      tokens.push_back((seed * 7919 + static_cast<std::int64_t>(d) * 104729 + i * i * 31 + i * 17) % vocab_size);
      positions.push_back(i);
    }
    offsets.push_back(static_cast<std::int64_t>(tokens.size()));
  }
  return {at::tensor(tokens), at::tensor(positions), offsets};
}

std::unique_ptr<ft::Decoder> make_model(const std::string& preset, std::uint64_t seed = 1) {
  at::set_num_threads(1);  // as every rank of a run
  const auto factory = ft::make_dense_factory();
  auto model = std::make_unique<ft::Decoder>(ft::preset_config(preset, 61), *factory);
  ft::initialise(*model, seed);
  return model;
}

// Mean log-probability of each next token within its document.
Tensor next_token_log_probs(ft::Decoder& model, const Pack& pack) {
  ft::PackedAttention attention(pack.offsets);
  const Tensor hidden = model.forward(pack.tokens, pack.positions, attention);
  const Tensor rows = (pack.positions.narrow(0, 1, pack.positions.size(0) - 1) > 0).nonzero().squeeze(1);
  return model.log_probs(hidden, rows, pack.tokens.index_select(0, rows + 1));
}

}  // namespace

TEST_CASE("the tiny preset has 619,392 parameters at 64 tokens") {
  const auto model = make_model("tiny");
  CHECK(model->parameters().size() == 619392);
  CHECK(model->config().vocab_size == 64);
  CHECK(make_model("small")->parameters().size() == 2443008);
}

TEST_CASE("fresh models of every preset know nothing: the loss is near that of a uniform guess") {
  for (const char* preset : {"tiny", "small", "tiny-gqa"}) {
    const auto model = make_model(preset);
    const at::NoGradGuard no_grad;
    const double loss = -next_token_log_probs(*model, make_pack({40, 30, 50}, 61)).mean().item<double>();
    CHECK(loss == doctest::Approx(std::log(static_cast<double>(model->config().vocab_size))).epsilon(0.05));
  }
}

TEST_CASE("a few steps of descent lower the loss") {
  const auto model = make_model("tiny");
  const Tensor gradient = at::zeros({model->parameters().size()});
  model->parameters().set_gradient(gradient);
  const Pack pack = make_pack({40, 30, 50}, 61);
  double first = 0, last = 0;
  for (int step = 0; step < 20; ++step) {
    gradient.zero_();
    const Tensor loss = -next_token_log_probs(*model, pack).mean();
    loss.backward();
    last = loss.item<double>();
    if (step == 0) first = last;
    const at::NoGradGuard no_grad;
    Tensor flat = model->parameters().flat();
    flat.sub_(gradient / gradient.norm() * 0.3);
  }
  CHECK(last < first - 0.5);
}

TEST_CASE("fresh weights are a function of seed, name and logical element") {
  const auto a = make_model("tiny", 1), b = make_model("tiny", 1), c = make_model("tiny", 2);
  CHECK(at::equal(a->parameters().flat(), b->parameters().flat()));
  CHECK_FALSE(at::equal(a->parameters().flat(), c->parameters().flat()));
  const auto deviation = [&](const char* name) { return a->parameters().at(name).value.std().item<double>(); };
  CHECK(deviation("model.embed_tokens.weight") == doctest::Approx(0.5).epsilon(0.05));
  CHECK(deviation("lm_head.weight") == doctest::Approx(0.02).epsilon(0.05));
  CHECK(deviation("model.layers.0.self_attn.q_proj.weight") == doctest::Approx(1 / std::sqrt(128.0)).epsilon(0.05));
  CHECK(deviation("model.layers.2.mlp.down_proj.weight") == doctest::Approx(1 / std::sqrt(352.0 * 6)).epsilon(0.05));
  CHECK(a->parameters().at("model.norm.weight").value.eq(1).all().item<bool>());
}

TEST_CASE("a document's bits in a pack: neighbours change neither its log-probabilities nor its place in the loss") {
  for (const char* preset : {"tiny", "tiny-gqa"}) {
    const auto model = make_model(preset);
    const at::NoGradGuard no_grad;
    const auto hidden_of_second = [&](std::int64_t seed_of_others) {
      Pack pack = make_pack({40, 30, 50}, 61, seed_of_others);
      pack.tokens.narrow(0, 40, 30).copy_(make_pack({30}, 61, 9).tokens);
      ft::PackedAttention attention(pack.offsets);
      return model->forward(pack.tokens, pack.positions, attention).narrow(0, 40, 30).clone();
    };
    CHECK(at::equal(hidden_of_second(1), hidden_of_second(2)));
  }
}

TEST_CASE("the gradient of a micro-batch has the same bits every time, whatever was allocated before") {
  const auto model = make_model("tiny-gqa");
  const Pack pack = make_pack({40, 30, 50, 7}, 61);
  std::vector<Tensor> gradients, clutter;
  for (int i = 0; i < 3; ++i) {
    gradients.push_back(at::zeros({model->parameters().size()}));
    model->parameters().set_gradient(gradients.back());
    next_token_log_probs(*model, pack).sum().backward();
    clutter.push_back(at::empty({1000 * i + 17}));
  }
  CHECK(at::equal(gradients[0], gradients[1]));
  CHECK(at::equal(gradients[0], gradients[2]));
  CHECK(gradients[0].ne(0).sum().item<std::int64_t>() > gradients[0].numel() * 9 / 10);
}

TEST_CASE("gradients agree with differences of the loss") {
  const auto model = make_model("tiny-gqa");
  const Pack pack = make_pack({20, 9}, 61);
  const Tensor gradient = at::zeros({model->parameters().size()});
  model->parameters().set_gradient(gradient);
  next_token_log_probs(*model, pack).sum().backward();
  const at::NoGradGuard no_grad;
  for (const ft::Parameter& parameter : model->parameters().all()) {
    CAPTURE(parameter.name);
    // Along the gradient's own direction, where the change is largest and rounding smallest.
    const Tensor direction = parameter.value.grad() / parameter.value.grad().norm();
    const double step = 1e-2 * std::sqrt(parameter.value.square().mean().item<double>() + 1e-4);
    const auto loss_at = [&](double distance) {
      Tensor value = parameter.value;
      const Tensor before = value.clone();
      value.add_(direction, distance);
      const double loss = next_token_log_probs(*model, pack).to(at::kDouble).sum().item<double>();
      value.copy_(before);
      return loss;
    };
    const double slope = (loss_at(step) - loss_at(-step)) / (2 * step);
    CHECK(slope == doctest::Approx(parameter.value.grad().norm().item<double>()).epsilon(0.02));
  }
}
