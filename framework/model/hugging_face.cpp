// Weights from Hugging Face folders.
#include <ATen/ATen.h>

#include <algorithm>
#include <numeric>
#include <span>

#include "framework/base/error.h"
#include "framework/model/decoder.h"
#include "framework/model/finite_weights.h"
#include "framework/model/model_check.h"
#include "framework/model/shared_weights.h"
#include "framework/tensor/safetensors.h"

namespace ft {

namespace fs = std::filesystem;

std::vector<std::int64_t> parameter_shares(const ParameterSet& parameters, int num_ranks) {
  std::vector<std::int64_t> shares(static_cast<std::size_t>(num_ranks));
  for (const Parameter& parameter : parameters.all()) {
    const std::int64_t middle = parameter.offset + parameter.num_local() / 2;
    const std::int64_t rank = middle * num_ranks / std::max<std::int64_t>(1, parameters.size());
    shares[static_cast<std::size_t>(std::min<std::int64_t>(rank, num_ranks - 1))] += parameter.num_local();
  }
  return shares;
}

std::int64_t begin_of_share(const std::vector<std::int64_t>& shares, int rank) {
  return std::accumulate(shares.begin(), shares.begin() + rank, std::int64_t{0});
}

void load_share(Decoder& model, const fs::path& folder, const std::vector<std::int64_t>& shares, int rank) {
  const at::NoGradGuard no_grad;
  const SafetensorsReader reader(folder);
  check_tensors(model.config(), reader, folder);
  check_tied_head(model.config(), reader);
  const std::int64_t begin = begin_of_share(shares, rank);
  const std::int64_t end = begin + shares[static_cast<std::size_t>(rank)];
  for (const Parameter& parameter : model.parameters().all()) {
    const StoredTensor& stored = reader.tensors().at(parameter.name);
    FT_CHECK(stored.shape == parameter.shape, "{}: the decoder and parameter_shapes differ", parameter.name);
    if (parameter.offset < begin || parameter.offset >= end) continue;
    const at::Tensor& value = parameter.value;
    const at::Tensor host = value.is_cpu() ? value : at::empty(value.sizes(), at::kFloat);
    const std::span<float> values(host.mutable_data_ptr<float>(), static_cast<std::size_t>(parameter.num_local()));
    reader.read(stored, parameter.shard, values);
    FiniteCheck finite(stored);
    finite.add(values);
    finite.require();
    if (!value.is_cpu()) at::Tensor(value).copy_(host);
  }
}

void load_hugging_face(Decoder& model, const fs::path& folder) {
  load_share(model, folder, parameter_shares(model.parameters(), 1), 0);
}

}  // namespace ft
