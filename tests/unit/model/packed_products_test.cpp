#include "framework/model/packed_products.h"

#include <ATen/ATen.h>

#include <cstring>
#include <optional>

#include "framework/base/error.h"
#include "framework/kernels/packed_weight.h"
#include "tests/support/doctest_torch.h"
#include "tests/unit/sample/sample_world.h"

namespace ft {
namespace {

using at::Tensor;
using namespace ft::testing;

bool same_bits(const Tensor& a, const Tensor& b) {
  const Tensor x = a.contiguous(), y = b.contiguous();
  return x.sizes() == y.sizes() && std::memcmp(x.const_data_ptr(), y.const_data_ptr(), x.nbytes()) == 0;
}

double distance(const Tensor& a, const Tensor& b) { return (a - b).abs().max().item<double>(); }

const std::vector<TokenId> kText = {3, 9, 27, 31, 44, 8, 24, 22, 16, 48, 1};

Tensor logits_of(Decoder& model) {
  const auto length = static_cast<std::int64_t>(kText.size());
  PackedAttention context({0, length});
  const std::vector<std::int64_t> tokens(kText.begin(), kText.end());
  return model.logits(model.forward(at::tensor(tokens, at::kLong), at::arange(length), context));
}

}  // namespace

TEST_CASE("a forward by packed products is the forward, as far as sums in another order are the same") {
  for (const char* preset : {"tiny", "tiny-gqa"}) {
    World world(preset_config(preset, 50));
    const at::NoGradGuard no_grad;
    const Tensor plain = logits_of(world.model);
    {
      const PackedProducts packed(world.model, at::kFloat);
      CHECK(distance(logits_of(world.model), plain) < 1e-4);
    }
    CHECK(same_bits(logits_of(world.model), plain));  // and is again, once nobody holds them
    world.model.parameters().set_compute(at::kBFloat16);
    const double rounded = distance(logits_of(world.model), plain);  // of operands and, there, of results
    world.model.parameters().set_compute(at::kFloat);
    const PackedProducts packed(world.model, at::kBFloat16);
    const double off = distance(logits_of(world.model), plain);
    CHECK(off > 1e-3);
    CHECK(off < 1.5 * rounded);
  }
}

TEST_CASE("log-probabilities by packed products are those of the logits, in chunks of any size") {
  World world(preset_config("tiny", 50));
  const at::NoGradGuard no_grad;
  const PackedProducts packed(world.model, at::kFloat);
  const Tensor hidden = packed_hidden(world.model, kText);
  const Tensor rows = at::tensor({0, 3, 3, 10, 7}, at::kLong), targets = at::tensor({9, 31, 2, 49, 0}, at::kLong);
  const Tensor expected =
      world.model.logits(hidden).index_select(0, rows).log_softmax(1).gather(1, targets.unsqueeze(1)).squeeze(1);
  CHECK(distance(world.model.log_probs(hidden, rows, targets), expected) < 1e-5);
  const Parameter& head = world.model.parameters().at(world.model.config().tied_embeddings ? "model.embed_tokens.weight"
                                                                                           : "lm_head.weight");
  for (const std::int64_t chunk : {1, 2, 5}) {
    CHECK(distance(project_log_probs(hidden, head, rows, targets, chunk, whole_log_probs), expected) < 1e-5);
  }
}

TEST_CASE("a forward that wants gradients computes as ever, and leaves them where they belong") {
  World world(preset_config("tiny", 50));
  const Tensor plain = logits_of(world.model);
  const PackedProducts packed(world.model, at::kBFloat16);
  const Tensor logits = logits_of(world.model);
  CHECK(same_bits(logits, plain));
  logits.sum().backward();
  CHECK(world.model.parameters().at("model.layers.0.mlp.up_proj.weight").value.grad().defined());
}

TEST_CASE("who asks for the same again shares it, and nobody gets another precision than he asked for") {
  World world(preset_config("tiny", 50));
  const Parameter& weight = world.model.parameters().at("model.layers.0.mlp.up_proj.weight");
  std::optional<PackedProducts> first(std::in_place, world.model, at::kBFloat16);
  const auto held = weight.packed.lock();
  REQUIRE((held != nullptr));
  std::optional<PackedProducts> second(std::in_place, world.model, at::kBFloat16);
  CHECK((weight.packed.lock() == held));
  CHECK_THROWS_AS(PackedProducts(world.model, at::kFloat), Error);
  first.reset();
  CHECK((weight.packed.lock() == held));
  CHECK((compute_dtype(Compute::bfloat16) == at::kBFloat16));
}

}  // namespace ft
