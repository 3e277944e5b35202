// Against transformers: logits of every supported family, all gradients and ten AdamW steps of one.
#include <ATen/Parallel.h>
#include <unistd.h>

#include <fstream>
#include <nlohmann/json.hpp>

#include "framework/kernels/adamw.h"
#include "framework/model/decoder.h"
#include "framework/tensor/safetensors.h"
#include "tests/support/doctest_torch.h"

using at::Tensor;
namespace fs = std::filesystem;

namespace {

const fs::path kModels = fs::path(FT_PROJECT_ROOT) / "tests/golden/models";

struct Golden {
  fs::path folder;
  nlohmann::json expected;
  std::unique_ptr<ft::Decoder> model;
  Tensor tokens, positions;  // [T], both documents as one pack
  std::vector<std::int64_t> offsets;

  explicit Golden(const std::string& name) : folder(kModels / name) {
    at::set_num_threads(1);  // as every rank of a run
    std::ifstream(folder / "expected.json") >> expected;
    const auto factory = ft::make_dense_factory();
    model = std::make_unique<ft::Decoder>(ft::read_model_config(folder), *factory);
    ft::load_hugging_face(*model, folder);
    std::vector<std::int64_t> ids, places;
    offsets = {0};
    for (const auto& document : expected["documents"]) {
      for (std::size_t i = 0; i < document.size(); ++i) {
        ids.push_back(document[i].get<std::int64_t>());
        places.push_back(static_cast<std::int64_t>(i));
      }
      offsets.push_back(static_cast<std::int64_t>(ids.size()));
    }
    tokens = at::tensor(ids);
    positions = at::tensor(places);
  }

  Tensor hidden() {
    ft::PackedAttention attention(offsets);
    return model->forward(tokens, positions, attention);
  }

  // Mean over the next tokens of both documents.
  Tensor mean_loss() {
    const Tensor rows = positions.narrow(0, 1, positions.size(0) - 1).gt(0).nonzero().squeeze(1);
    return -model->log_probs(hidden(), rows, tokens.index_select(0, rows + 1)).mean();
  }

  Tensor expected_logits() const {
    std::vector<float> values;
    for (const auto& document : expected["logits"]) {
      for (const auto& row : document) {
        for (const auto& value : row) values.push_back(value.get<float>());
      }
    }
    return at::tensor(values).view({tokens.size(0), -1});
  }
};

double largest_difference(const Tensor& a, const Tensor& b) {
  REQUIRE(a.sizes() == b.sizes());
  return (a - b).abs().max().item<double>();
}

}  // namespace

TEST_CASE("logits of every family and every scaling of positions are those of transformers") {
  for (const std::string name : {"llama", "llama3_rope", "linear_rope", "dynamic_rope", "yarn_rope", "yarn_mscale_rope",
                                 "mistral", "qwen2", "qwen3", "smollm2"}) {
    CAPTURE(name);
    Golden golden(name);
    const at::NoGradGuard no_grad;
    const double difference = largest_difference(golden.model->logits(golden.hidden()), golden.expected_logits());
    MESSAGE(name, ": largest difference of a logit ", difference);
    CHECK(difference < 1e-5);
    CHECK(golden.model->parameters().size() == golden.model->config().num_parameters());
  }
}

TEST_CASE("every gradient of the mean token loss is that of transformers") {
  Golden golden("llama");
  const Tensor gradient = at::zeros({golden.model->parameters().size()});
  golden.model->parameters().set_gradient(gradient);
  golden.mean_loss().backward();
  const ft::SafetensorsReader reader(golden.folder / "gradients.safetensors");
  double worst = 0;
  for (const ft::Parameter& parameter : golden.model->parameters().all()) {
    CAPTURE(parameter.name);
    Tensor expected = at::empty(parameter.shape);
    reader.read(reader.tensors().at(parameter.name), {},
                {expected.mutable_data_ptr<float>(), static_cast<std::size_t>(expected.numel())});
    const double difference =
        largest_difference(parameter.value.grad(), expected) / expected.abs().max().item<double>();
    worst = std::max(worst, difference);
    CHECK(difference < 1e-5);
  }
  MESSAGE("largest difference relative to a tensor's largest gradient ", worst);
}

TEST_CASE("ten steps of AdamW have the losses of PyTorch's") {
  Golden golden("llama");
  ft::ParameterSet& parameters = golden.model->parameters();
  const Tensor gradient = at::zeros({parameters.size()}), first = at::zeros({parameters.size()});
  const Tensor second = at::zeros({parameters.size()});
  parameters.set_gradient(gradient);
  const auto expected = golden.expected["losses"].get<std::vector<double>>();
  REQUIRE(expected.size() == 10);
  for (std::size_t step = 0; step < expected.size(); ++step) {
    gradient.zero_();
    const Tensor loss = golden.mean_loss();
    CHECK(loss.item<double>() == doctest::Approx(expected[step]).epsilon(1e-5));
    loss.backward();
    for (const ft::Parameter& parameter : parameters.all()) {
      const auto part = [&](const Tensor& flat) { return flat.narrow(0, parameter.offset, parameter.num_local()); };
      ft::adamw_step(part(parameters.flat()), part(gradient), part(first), part(second), 1e-2, 0.9, 0.95, 1e-8,
                     parameter.decay ? 0.1 : 0.0, static_cast<std::int64_t>(step) + 1, 1.0);
    }
  }
}

TEST_CASE("an exported model reads back to the same bits, config included") {
  const fs::path out = fs::temp_directory_path() / ("ftrun_golden_" + std::to_string(::getpid()));
  for (const std::string name : {"llama3_rope", "linear_rope", "yarn_mscale_rope", "qwen2", "qwen3", "smollm2"}) {
    CAPTURE(name);
    Golden golden(name);
    fs::create_directories(out);
    ft::save_hugging_face(*golden.model, out);
    const auto factory = ft::make_dense_factory();
    ft::Decoder again(ft::read_model_config(out), *factory);
    ft::load_hugging_face(again, out);
    CHECK(at::equal(again.parameters().flat(), golden.model->parameters().flat()));
    CHECK(ft::weights_digest(again.parameters()) == ft::weights_digest(golden.model->parameters()));
    const at::NoGradGuard no_grad;
    ft::PackedAttention attention(golden.offsets);
    CHECK(at::equal(again.forward(golden.tokens, golden.positions, attention), golden.hidden()));
    fs::remove_all(out);
  }
}
