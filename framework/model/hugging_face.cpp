// Weights from Hugging Face folders.
#include <ATen/ATen.h>

#include <span>

#include "framework/base/error.h"
#include "framework/model/decoder.h"
#include "framework/model/finite_weights.h"
#include "framework/model/model_check.h"
#include "framework/tensor/safetensors.h"

namespace ft {

namespace fs = std::filesystem;

void load_hugging_face(Decoder& model, const fs::path& folder) {
  const at::NoGradGuard no_grad;
  const SafetensorsReader reader(folder);
  check_tensors(model.config(), reader, folder);
  check_tied_head(model.config(), reader);
  for (const Parameter& parameter : model.parameters().all()) {
    const StoredTensor& stored = reader.tensors().at(parameter.name);
    FT_CHECK(stored.shape == parameter.shape, "{}: the decoder and parameter_shapes differ", parameter.name);
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

}  // namespace ft
