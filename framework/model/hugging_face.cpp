// Weights from Hugging Face folders.
#include <ATen/ATen.h>

#include <algorithm>
#include <set>

#include "framework/base/error.h"
#include "framework/model/decoder.h"
#include "framework/tensor/safetensors.h"

namespace ft {
namespace {

namespace fs = std::filesystem;

constexpr const char* kHead = "lm_head.weight";
constexpr const char* kEmbedding = "model.embed_tokens.weight";

std::string shape_text(std::span<const std::int64_t> shape) { return fmt::format("[{}]", fmt::join(shape, ", ")); }

// Tensors that some exports carry although the model computes or shares them.
bool may_be_ignored(const StoredTensor& stored, const SafetensorsReader& reader, const ModelConfig& config) {
  if (stored.name.ends_with("rotary_emb.inv_freq")) return true;
  if (stored.name != kHead || !config.tied_embeddings) return false;
  const auto embedding = reader.tensors().find(kEmbedding);
  if (embedding == reader.tensors().end()) return false;
  const StoredTensor& other = embedding->second;
  if (other.dtype == stored.dtype && std::ranges::equal(other.bytes, stored.bytes)) return true;
  fail_user({stored.file},
            fmt::format("{} differs from {}, although config.json ties them (tie_word_embeddings)", kHead, kEmbedding));
}

const StoredTensor& find_tensor(const SafetensorsReader& reader, const Parameter& parameter, const fs::path& folder) {
  const auto found = reader.tensors().find(parameter.name);
  if (found != reader.tensors().end()) return found->second;
  std::vector<std::string> names;
  for (const auto& [name, stored] : reader.tensors()) names.push_back(name);
  const std::optional<std::string> near = nearest(parameter.name, names);
  const char* hint = parameter.name == kHead ? "; if the head is tied to the embedding, config.json must say "
                                               "\"tie_word_embeddings\": true"
                                             : "";
  fail_user({folder.string()}, fmt::format("tensor {} is missing among {}{}{}", parameter.name, names.size(),
                                           near ? "; the nearest name is " + *near : "", hint));
}

}  // namespace

void load_hugging_face(Decoder& model, const fs::path& folder) {
  const at::NoGradGuard no_grad;
  const SafetensorsReader reader(folder);
  std::set<std::string_view> wanted;
  for (const Parameter& parameter : model.parameters().all()) {
    wanted.insert(parameter.name);
    const StoredTensor& stored = find_tensor(reader, parameter, folder);
    if (stored.shape != parameter.shape) {
      fail_user({stored.file}, fmt::format("tensor {} has shape {}, but config.json makes it {}", stored.name,
                                           shape_text(stored.shape), shape_text(parameter.shape)));
    }
    const at::Tensor& value = parameter.value;
    const at::Tensor host = value.is_cpu() ? value : at::empty(value.sizes(), at::kFloat);
    reader.read(stored, parameter.shard,
                {host.mutable_data_ptr<float>(), static_cast<std::size_t>(parameter.num_local())});
    if (!value.is_cpu()) at::Tensor(value).copy_(host);
  }
  for (const auto& [name, stored] : reader.tensors()) {
    if (!wanted.contains(name) && !may_be_ignored(stored, reader, model.config())) {
      fail_user({stored.file}, fmt::format("tensor {} {} belongs to no part of a {} decoder of {} layers", name,
                                           shape_text(stored.shape), model.config().family, model.config().num_layers));
    }
  }
}

}  // namespace ft
