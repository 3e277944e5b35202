#include "framework/model/model_config.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>
#include <vector>

#include "framework/base/error.h"
#include "framework/base/reading.h"
#include "framework/model/config_reader.h"
#include "framework/model/config_refusals.h"
#include "framework/tensor/random_access_file.h"

namespace ft {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::array<const char*, 4> kFamilies = {"llama", "mistral", "qwen2", "qwen3"};

void read_family(ConfigReader& reader, ModelConfig& config) {
  config.family = reader.text("model_type", "");
  if (std::ranges::find(kFamilies, config.family) != kFamilies.end()) return;
  fail_user({reader.file()}, fmt::format("model_type '{}' is not supported; the supported ones are {}", config.family,
                                         fmt::join(kFamilies, ", ")));
}

void read_sizes(ConfigReader& reader, ModelConfig& config) {
  const bool llama = config.family == "llama", qwen3 = config.family == "qwen3";
  config.vocab_size = reader.integer("vocab_size");
  config.hidden_size = reader.integer("hidden_size");
  config.intermediate_size = reader.integer("intermediate_size");
  config.num_layers = static_cast<int>(reader.integer("num_hidden_layers"));
  config.num_heads = static_cast<int>(reader.integer("num_attention_heads"));
  // Only Llama's library default is "as many as heads"; the others' defaults differ by version, so they must be
  // written.
  config.num_kv_heads = static_cast<int>(
      reader.integer("num_key_value_heads", llama ? std::optional<std::int64_t>(config.num_heads) : std::nullopt));
  if (qwen3 && reader.is_null("head_dim")) reader.problem("head_dim is null; leave it out for 128");
  const std::int64_t head_dim = qwen3 ? 128 : config.hidden_size / config.num_heads;
  config.head_dim = static_cast<int>(reader.integer("head_dim", std::max<std::int64_t>(1, head_dim)));
  config.max_position = reader.integer("max_position_embeddings");
  config.norm_epsilon = reader.number("rms_norm_eps", 1e-6);
  config.tied_embeddings = reader.flag("tie_word_embeddings", false);
  if (config.num_heads % config.num_kv_heads != 0) {
    reader.problem(
        fmt::format("{} attention heads are no multiple of {} key/value heads", config.num_heads, config.num_kv_heads));
  }
  if (config.head_dim % 2 != 0) reader.problem(fmt::format("head_dim {} is odd", config.head_dim));
}

void read_biases(ConfigReader& reader, ModelConfig& config) {
  const bool attention_bias =
      (config.family == "llama" || config.family == "qwen3") && reader.flag("attention_bias", false);
  config.qkv_bias = config.family == "qwen2" || attention_bias;
  config.output_bias = attention_bias;
  config.mlp_bias = config.family == "llama" && reader.flag("mlp_bias", false);
  config.qk_norm = config.family == "qwen3";
}

std::string architecture(const std::string& family) {
  if (family == "mistral") return "MistralForCausalLM";
  if (family == "qwen2") return "Qwen2ForCausalLM";
  return family == "qwen3" ? "Qwen3ForCausalLM" : "LlamaForCausalLM";
}

}  // namespace

std::int64_t ModelConfig::num_parameters() const {
  const std::int64_t q = std::int64_t{num_heads} * head_dim, kv = std::int64_t{num_kv_heads} * head_dim;
  std::int64_t layer = hidden_size * (2 * q + 2 * kv) + 3 * hidden_size * intermediate_size + 2 * hidden_size;
  if (qkv_bias) layer += q + 2 * kv;
  if (output_bias) layer += hidden_size;
  if (mlp_bias) layer += 2 * intermediate_size + hidden_size;
  if (qk_norm) layer += std::int64_t{2} * head_dim;
  return num_layers * layer + vocab_size * hidden_size * (tied_embeddings ? 1 : 2) + hidden_size;
}

ModelConfig parse_model_config(const std::string& text, const std::string& file) {
  Json json;
  if (text.find_first_not_of(" \t\r\n") == std::string::npos) fail_user({file}, "is empty");
  try {
    json = Json::parse(text);
  } catch (const Json::exception& error) {
    fail_user({file}, fmt::format("is no JSON: {}", error.what()));
  }
  if (!json.is_object()) fail_user({file}, "is no JSON object");
  ModelConfig config;
  ConfigReader reader(json, file);
  read_family(reader, config);
  read_sizes(reader, config);
  config.rope = read_rope(reader, config.head_dim, config.max_position);
  read_biases(reader, config);
  refuse_unsupported(reader, config);
  reader.finish();
  config.original_json = text;
  return config;
}

ModelConfig read_model_config(const std::filesystem::path& folder) {
  const std::filesystem::path path = folder / "config.json";
  if (look_through(path).kind == Found::Kind::nothing) {
    fail_user({path.string()}, "there is no such file; a model folder in Hugging Face's layout holds it");
  }
  return parse_model_config(read_input_text(path), path.string());
}

std::vector<NamedShape> parameter_shapes(const ModelConfig& config) {
  const std::int64_t hidden = config.hidden_size, inner = config.intermediate_size;
  const std::int64_t queries = std::int64_t{config.num_heads} * config.head_dim,
                     keys = std::int64_t{config.num_kv_heads} * config.head_dim;
  std::vector<NamedShape> all;
  const auto linear = [&all](const std::string& name, std::int64_t in, std::int64_t out, bool bias) {
    all.push_back({name + ".weight", {out, in}});
    if (bias) all.push_back({name + ".bias", {out}});
  };
  all.push_back({"model.embed_tokens.weight", {config.vocab_size, hidden}});
  for (int i = 0; i < config.num_layers; ++i) {
    const std::string layer = fmt::format("model.layers.{}", i);
    all.push_back({layer + ".input_layernorm.weight", {hidden}});
    linear(layer + ".self_attn.q_proj", hidden, queries, config.qkv_bias);
    linear(layer + ".self_attn.k_proj", hidden, keys, config.qkv_bias);
    linear(layer + ".self_attn.v_proj", hidden, keys, config.qkv_bias);
    linear(layer + ".self_attn.o_proj", queries, hidden, config.output_bias);
    if (config.qk_norm) {
      all.push_back({layer + ".self_attn.q_norm.weight", {config.head_dim}});
      all.push_back({layer + ".self_attn.k_norm.weight", {config.head_dim}});
    }
    all.push_back({layer + ".post_attention_layernorm.weight", {hidden}});
    linear(layer + ".mlp.gate_proj", hidden, inner, config.mlp_bias);
    linear(layer + ".mlp.up_proj", hidden, inner, config.mlp_bias);
    linear(layer + ".mlp.down_proj", inner, hidden, config.mlp_bias);
  }
  all.push_back({"model.norm.weight", {hidden}});
  if (!config.tied_embeddings) all.push_back({"lm_head.weight", {config.vocab_size, hidden}});
  return all;
}

void check_length(const ModelConfig& config, std::int64_t num_tokens) {
  if (config.length_limit == 0 || num_tokens <= config.length_limit) return;
  fail_user(fmt::format(
      "a document has {} tokens, but this model computes otherwise beyond {} ({}), which is not supported; keep to "
      "shorter ones (training.max_length, max_new_tokens)",
      num_tokens, config.length_limit,
      config.rope.type == RopeType::dynamic ? "dynamic rope scaling" : "its sliding window"));
}

std::string to_config_json(const ModelConfig& config) {
  Json json;
  if (!config.original_json.empty()) {
    json = Json::parse(config.original_json);
    // What is stored; stored_files says otherwise where it is.
    if (!json.contains("dtype") && !json.contains("torch_dtype")) json["torch_dtype"] = "float32";
    for (const char* key : {"dtype", "torch_dtype"}) {
      if (json.contains(key)) json[key] = "float32";
    }
    return json.dump(2) + "\n";
  }
  json["architectures"] = {architecture(config.family)};
  json["model_type"] = config.family;
  json["vocab_size"] = config.vocab_size;
  json["hidden_size"] = config.hidden_size;
  json["intermediate_size"] = config.intermediate_size;
  json["num_hidden_layers"] = config.num_layers;
  json["num_attention_heads"] = config.num_heads;
  json["num_key_value_heads"] = config.num_kv_heads;
  json["head_dim"] = config.head_dim;
  json["hidden_act"] = "silu";
  json["max_position_embeddings"] = config.max_position;
  json["rms_norm_eps"] = config.norm_epsilon;
  // Both spellings: transformers 5 reads the first, older versions and other programs the other two.
  json["rope_parameters"] = to_json(config.rope, true);
  json["rope_theta"] = config.rope.theta;
  json["rope_scaling"] = config.rope.type == RopeType::plain ? Json() : to_json(config.rope, false);
  if (config.family == "llama" || config.family == "qwen3") json["attention_bias"] = config.output_bias;
  if (config.family == "llama") json["mlp_bias"] = config.mlp_bias;
  if (config.family == "mistral") json["sliding_window"] = nullptr;
  if (config.family.starts_with("qwen")) json["use_sliding_window"] = false;
  json["tie_word_embeddings"] = config.tied_embeddings;
  json["bos_token_id"] = nullptr;
  json["eos_token_id"] = nullptr;
  json["torch_dtype"] = "float32";
  return json.dump(2) + "\n";
}

}  // namespace ft
