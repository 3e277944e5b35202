// Weights from Hugging Face folders.
#include <ATen/ATen.h>

#include <cmath>
#include <span>

#include "framework/base/error.h"
#include "framework/model/decoder.h"
#include "framework/model/model_check.h"
#include "framework/tensor/safetensors.h"

namespace ft {
namespace {

namespace fs = std::filesystem;

constexpr const char* kHead = "lm_head.weight";
constexpr const char* kEmbedding = "model.embed_tokens.weight";

// A head that is stored although config.json ties it must be the embedding.
void check_tied_head(const SafetensorsReader& reader, const ModelConfig& config) {
  const auto head = reader.tensors().find(kHead), embedding = reader.tensors().find(kEmbedding);
  if (!config.tied_embeddings || head == reader.tensors().end() || reader.equal(head->second, embedding->second))
    return;
  fail_user({head->second.file},
            fmt::format("{} differs from {}, although config.json ties them (tie_word_embeddings)", kHead, kEmbedding));
}

// Weights that are no numbers train to nothing, and the loss that shows it blames the learning rate.
void check_finite(const StoredTensor& stored, std::span<const float> values) {
  std::int64_t nans = 0, infinities = 0, first = -1;
  for (std::size_t i = 0; i < values.size(); ++i) {
    if (std::isfinite(values[i])) continue;
    if (first < 0) first = static_cast<std::int64_t>(i);
    ++(std::isnan(values[i]) ? nans : infinities);
  }
  if (first < 0) return;
  fail_user({stored.file},
            fmt::format("tensor {} holds {} NaN and {} infinite values, the first at element {}: the model itself is "
                        "broken, not the training; get it again",
                        stored.name, nans, infinities, first));
}

}  // namespace

void load_hugging_face(Decoder& model, const fs::path& folder) {
  const at::NoGradGuard no_grad;
  const SafetensorsReader reader(folder);
  check_tensors(model.config(), reader, folder);
  check_tied_head(reader, model.config());
  for (const Parameter& parameter : model.parameters().all()) {
    const StoredTensor& stored = reader.tensors().at(parameter.name);
    FT_CHECK(stored.shape == parameter.shape, "{}: the decoder and parameter_shapes differ", parameter.name);
    const at::Tensor& value = parameter.value;
    const at::Tensor host = value.is_cpu() ? value : at::empty(value.sizes(), at::kFloat);
    const std::span<float> values(host.mutable_data_ptr<float>(), static_cast<std::size_t>(parameter.num_local()));
    reader.read(stored, parameter.shard, values);
    check_finite(stored, values);
    if (!value.is_cpu()) at::Tensor(value).copy_(host);
  }
}

}  // namespace ft
