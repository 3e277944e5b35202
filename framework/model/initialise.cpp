#include <ATen/ATen.h>

#include <cmath>

#include "framework/base/error.h"
#include "framework/base/philox.h"
#include "framework/model/decoder.h"

namespace ft {
namespace {

// Standard deviation of a fresh matrix.
double deviation(const Parameter& parameter, const ModelConfig& config) {
  const auto is = [&](std::string_view suffix) { return parameter.name.ends_with(suffix); };
  if (is("embed_tokens.weight")) return config.tied_embeddings ? 0.02 : 0.5;  // a tied one serves as head, too
  if (is("lm_head.weight")) return 0.02;
  const double fan_in = 1 / std::sqrt(static_cast<double>(parameter.shape[1]));
  return is("o_proj.weight") || is("down_proj.weight") ? fan_in / std::sqrt(2.0 * config.num_layers) : fan_in;
}

void fill_normal(const Parameter& parameter, const Philox& random, double deviation) {
  const std::int64_t columns = parameter.shape[1];
  const ShardSpec& shard = parameter.shard;
  const std::int64_t first_row = shard.dim == 0 ? shard.begin : 0, first_column = shard.dim == 1 ? shard.begin : 0;
  const std::uint64_t item = name_hash(parameter.name);
  const at::Tensor& value = parameter.value;  // [rows, columns] of this rank, on any device
  const at::Tensor host = value.is_cpu() ? value : at::empty(value.sizes(), at::kFloat);
  float* out = host.mutable_data_ptr<float>();
  for (std::int64_t row = 0; row < value.size(0); ++row) {
    for (std::int64_t column = 0; column < value.size(1); ++column) {
      const std::int64_t element = (first_row + row) * columns + first_column + column;  // in logical coordinates
      *out++ = static_cast<float>(deviation * random.normal(item, static_cast<std::uint64_t>(element)));
    }
  }
  if (!value.is_cpu()) at::Tensor(value).copy_(host);
}

}  // namespace

void initialise(Decoder& model, std::uint64_t seed) {
  const at::NoGradGuard no_grad;
  const Philox random(seed, "init");
  for (const Parameter& parameter : model.parameters().all()) {
    if (parameter.shape.size() == 2) {
      fill_normal(parameter, random, deviation(parameter, model.config()));
    } else {
      at::Tensor(parameter.value).fill_(parameter.name.ends_with("norm.weight") ? 1.0 : 0.0);
    }
  }
}

}  // namespace ft
