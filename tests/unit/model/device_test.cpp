// A model on a device that is not the processor, as far as that can be seen without one: on ATen's meta device, whose
// tensors have shapes and no values. A kernel's body for the processor that is entered with such a tensor, a tensor
// that was left in host memory, or a value that is read, fails.
#include <ATen/Parallel.h>
#include <torch/library.h>

#include "framework/kernels/adamw.h"
#include "framework/kernels/paged_attention.h"
#include "framework/model/decoder.h"
#include "tests/support/doctest_torch.h"

using at::Tensor;

namespace {

const at::Device kElsewhere = at::kMeta;

ft::ModelConfig small_config() {
  ft::ModelConfig config;
  config.vocab_size = 61;
  config.hidden_size = 32;
  config.intermediate_size = 48;
  config.num_layers = 2;
  config.num_heads = 4;
  config.num_kv_heads = 2;
  config.head_dim = 8;
  config.max_position = 256;
  return config;
}

// libtorch has shapes for all operations that are used but this one, for which Python has them.
Tensor index_select_shape(const Tensor& self, std::int64_t dim, const Tensor& index) {
  REQUIRE(index.device() == kElsewhere);
  std::vector<std::int64_t> sizes = self.sizes().vec();
  sizes.at(static_cast<std::size_t>(dim)) = index.numel();
  return at::empty(sizes, self.options());
}

Tensor elsewhere(const std::vector<std::int64_t>& values) { return at::tensor(values, at::kLong).to(kElsewhere); }

}  // namespace

TORCH_LIBRARY_IMPL(aten, Meta, library) { library.impl("index_select", index_select_shape); }

TEST_CASE("forward and backward stay on the device of the parameters") {
  at::set_num_threads(1);
  for (const bool tied : {true, false}) {
    for (const bool with_bias_and_norm : {true, false}) {
      for (const at::ScalarType compute : {at::kFloat, at::kBFloat16}) {
        ft::ModelConfig config = small_config();
        config.tied_embeddings = tied;
        config.qkv_bias = config.qk_norm = config.mlp_bias = config.output_bias = with_bias_and_norm;
        const auto factory = ft::make_dense_factory(kElsewhere);
        ft::Decoder model(config, *factory);
        ft::initialise(model, 1);
        model.parameters().set_compute(compute);
        CHECK(model.parameters().flat().device() == kElsewhere);
        const Tensor gradient = at::zeros_like(model.parameters().flat());
        model.parameters().set_gradient(gradient);

        ft::PackedAttention attention({0, 3, 7});
        const Tensor hidden =
            model.forward(elsewhere({1, 2, 3, 4, 5, 6, 7}), elsewhere({0, 1, 2, 0, 1, 2, 3}), attention);
        const Tensor log_probs = model.log_probs(hidden, elsewhere({0, 1, 4, 5, 5}), elsewhere({2, 3, 5, 6, 7}));
        CHECK(log_probs.device() == kElsewhere);
        CHECK((log_probs.scalar_type() == at::kFloat));
        CHECK(model.logits(hidden).sizes() == at::IntArrayRef({7, 61}));
        log_probs.sum().backward();
        for (const ft::Parameter& parameter : model.parameters().all()) {
          CAPTURE(parameter.name);
          CHECK(parameter.value.grad().device() == kElsewhere);
          CHECK((parameter.value.grad().scalar_type() == at::kFloat));
        }
      }
    }
  }
}

TEST_CASE("an update and the attention of decoding stay on the device") {
  const auto vector = [] { return at::zeros({1000}, at::TensorOptions(at::kFloat).device(kElsewhere)); };
  ft::adamw_step(vector(), vector(), vector(), vector(), 1e-3, 0.9, 0.95, 1e-8, 0.1, 1, 1.0);
  const Tensor query = at::zeros({2, 4, 16}, at::TensorOptions(at::kFloat).device(kElsewhere));
  const ft::KvPages pages{.keys = {at::zeros({ft::KvPages::kChunk, 2, 16, ft::KvPages::kTokens}, query.options())},
                          .values = {at::zeros({ft::KvPages::kChunk, 2, ft::KvPages::kTokens, 16}, query.options())}};
  const std::vector<std::int32_t> prompt = {3, 0}, own = {5};
  const std::vector<ft::PagedRow> rows = {{.prompt = {prompt, 40}, .own = {own, 5}}, {.prompt = {}, .own = {own, 9}}};
  const Tensor out = ft::paged_attention(query, pages, rows);
  CHECK(out.device() == kElsewhere);
  CHECK(out.sizes() == query.sizes());
}
