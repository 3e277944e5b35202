#include "framework/model/model_check.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <map>
#include <optional>
#include <set>
#include <string>

#include "framework/base/error.h"
#include "framework/model/foreign_folder.h"
#include "framework/model/foreign_tensors.h"

namespace ft {
namespace {

namespace fs = std::filesystem;

std::string shape_text(const std::vector<std::int64_t>& shape) { return fmt::format("[{}]", fmt::join(shape, ", ")); }

// Layers 0 .. n-1 are there. Told apart from a missing tensor, and before a name is made for every layer of a
// config.json that is out of its mind.
void check_layers(const ModelConfig& config, const SafetensorsReader& reader, const fs::path& folder) {
  std::set<std::int64_t> layers;
  constexpr std::string_view kPrefix = "model.layers.";
  for (const auto& [name, stored] : reader.tensors()) {
    std::int64_t layer = -1;
    if (!name.starts_with(kPrefix)) continue;
    std::from_chars(name.data() + kPrefix.size(), name.data() + name.size(), layer);
    if (layer >= 0) layers.insert(layer);
  }
  if (layers.empty() || *layers.rbegin() + 1 == config.num_layers) return;
  fail_user({folder.string()},
            fmt::format("config.json says {} layers (num_hidden_layers), but the weights have layers 0 to {}",
                        config.num_layers, *layers.rbegin()));
}

void check_shape(const StoredTensor& stored, const NamedShape& wanted, const ModelConfig& config) {
  if (stored.shape == wanted.shape) return;
  std::string hint;
  if (!wanted.shape.empty() && wanted.shape[0] == config.vocab_size && wanted.shape.size() == 2 &&
      stored.shape.size() == 2 && stored.shape[1] == wanted.shape[1]) {
    hint = fmt::format("; vocab_size must be {}", stored.shape[0]);
  }
  fail_user({stored.file}, fmt::format("tensor {} has shape {}, but config.json makes it {}{}", stored.name,
                                       shape_text(stored.shape), shape_text(wanted.shape), hint));
}

constexpr const char* kHead = "lm_head.weight";

// Tensors that some exports carry although the model computes or shares them.
bool may_be_ignored(const StoredTensor& stored, const ModelConfig& config) {
  return stored.name.ends_with("rotary_emb.inv_freq") || (stored.name == kHead && config.tied_embeddings);
}

}  // namespace

void check_tensors(const ModelConfig& config, const SafetensorsReader& reader, const fs::path& folder) {
  refuse_foreign_tensors(reader, folder);
  check_layers(config, reader, folder);
  const std::vector<NamedShape> wanted = parameter_shapes(config);
  std::set<std::string, std::less<>> names;
  for (const NamedShape& shape : wanted) names.insert(shape.name);
  for (const NamedShape& shape : wanted) {
    const auto found = reader.tensors().find(shape.name);
    if (found == reader.tensors().end()) fail_missing_tensor(shape.name, names, reader, folder);
    if (!is_readable_dtype(found->second.dtype)) fail_dtype(found->second);
    check_shape(found->second, shape, config);
  }
  for (const auto& [name, stored] : reader.tensors()) {
    if (names.contains(name) || may_be_ignored(stored, config)) continue;
    fail_surplus_tensor(stored, config);
  }
}

void check_tied_head(const ModelConfig& config, const SafetensorsReader& reader) {
  const auto head = reader.tensors().find(kHead), embedding = reader.tensors().find("model.embed_tokens.weight");
  if (!config.tied_embeddings || head == reader.tensors().end() || reader.equal(head->second, embedding->second))
    return;
  fail_user({head->second.file},
            fmt::format("{} differs from {}, although config.json ties them (tie_word_embeddings): if the head was "
                        "trained for itself, set that to false",
                        kHead, embedding->first));
}

ModelConfig check_model_folder(const fs::path& folder) {
  require_model_folder(folder);
  ModelConfig config = read_model_config(folder);
  require_safetensors(folder);
  const SafetensorsReader reader(folder);
  check_tensors(config, reader, folder);
  check_tied_head(config, reader);
  return config;
}

}  // namespace ft
