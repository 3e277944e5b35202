#include "framework/model/decoder.h"

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
}

TEST_CASE("fresh models of every preset know nothing: the loss is near that of a uniform guess") {
  for (const char* preset : {"tiny", "tiny-gqa"}) {
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
