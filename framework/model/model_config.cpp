#include "framework/model/model_config.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <nlohmann/json.hpp>
#include <vector>

#include "framework/base/error.h"
#include "framework/base/reading.h"

namespace ft {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::array<const char*, 4> kFamilies = {"llama", "mistral", "qwen2", "qwen3"};

// Reads members with their types checked, and gathers what is wrong or not supported, so that one run tells all of it.
class Reader {
 public:
  Reader(const Json& json, std::string file) : json_(json), file_(std::move(file)) {}

  [[nodiscard]] bool has(const char* key) const { return json_.contains(key) && !json_[key].is_null(); }

  std::int64_t integer(const char* key, std::optional<std::int64_t> otherwise = std::nullopt) {
    constexpr std::int64_t kLargest = std::int64_t{1} << 31;  // far beyond any model, and products do not overflow
    if (!has(key)) return otherwise ? *otherwise : (problem(fmt::format("'{}' is missing", key)), 1);
    const Json& value = json_[key];
    if (!value.is_number_integer() || value.get<double>() < 1 || value.get<double>() > kLargest) {
      problem(fmt::format("'{}' must be a whole number from 1 to {}, not {}", key, kLargest, value.dump()));
      return 1;
    }
    return value.get<std::int64_t>();
  }

  double number(const char* key, std::optional<double> otherwise = std::nullopt) {
    if (!has(key)) return otherwise ? *otherwise : (problem(fmt::format("'{}' is missing", key)), 1.0);
    const Json& value = json_[key];
    if (!value.is_number() || !(value.get<double>() > 0) || !std::isfinite(value.get<double>())) {
      problem(fmt::format("'{}' must be a positive number, not {}", key, value.dump()));
      return 1;
    }
    return value.get<double>();
  }

  bool flag(const char* key, bool otherwise) {
    if (!has(key)) return otherwise;
    if (!json_[key].is_boolean()) problem(fmt::format("'{}' must be true or false, not {}", key, json_[key].dump()));
    return json_[key].is_boolean() && json_[key].get<bool>();
  }

  std::string text(const char* key, const std::string& otherwise) {
    if (!has(key)) return otherwise;
    if (!json_[key].is_string()) problem(fmt::format("'{}' must be a string, not {}", key, json_[key].dump()));
    return json_[key].is_string() ? json_[key].get<std::string>() : otherwise;
  }

  // The object under `key`, or an empty one.
  [[nodiscard]] Json object(const char* key) {
    if (!has(key)) return Json::object();
    if (!json_[key].is_object()) problem(fmt::format("'{}' must be an object, not {}", key, json_[key].dump()));
    return json_[key].is_object() ? json_[key] : Json::object();
  }

  void problem(std::string what) { problems_.push_back(std::move(what)); }
  void take(const Reader& other) { problems_.insert(problems_.end(), other.problems_.begin(), other.problems_.end()); }
  void finish() const {
    if (!problems_.empty())
      fail_user({file_}, fmt::format("this model cannot be used: {}", fmt::join(problems_, "; ")));
  }
  [[nodiscard]] const std::string& file() const { return file_; }

 private:
  const Json& json_;
  std::string file_;
  std::vector<std::string> problems_;
};

void read_family(Reader& reader, ModelConfig& config) {
  config.family = reader.text("model_type", "");
  if (std::ranges::find(kFamilies, config.family) != kFamilies.end()) return;
  fail_user({reader.file()}, fmt::format("model_type '{}' is not supported; the supported ones are {}", config.family,
                                         fmt::join(kFamilies, ", ")));
}

void read_sizes(Reader& reader, ModelConfig& config) {
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

// transformers 5 writes rope_parameters, older ones rope_theta and rope_scaling.
void read_rope(Reader& reader, ModelConfig& config) {
  const bool modern = reader.has("rope_parameters");
  const Json json = reader.object(modern ? "rope_parameters" : "rope_scaling");
  Reader rope(json, reader.file());
  config.rope_theta = modern && rope.has("rope_theta") ? rope.number("rope_theta") : reader.number("rope_theta", 10000);
  const std::string type = rope.text("rope_type", rope.text("type", "default"));
  if (type == "llama3") {
    config.rope_scaling = Llama3RopeScaling{.factor = rope.number("factor"),
                                            .low_freq_factor = rope.number("low_freq_factor"),
                                            .high_freq_factor = rope.number("high_freq_factor"),
                                            .original_max_position = rope.integer("original_max_position_embeddings")};
    if (config.rope_scaling->high_freq_factor <= config.rope_scaling->low_freq_factor) {
      rope.problem("rope scaling needs high_freq_factor > low_freq_factor");
    }
  } else if (type != "default") {
    rope.problem(fmt::format("rope scaling of type '{}' is not supported (default and llama3 are)", type));
  }
  if (rope.number("partial_rotary_factor", reader.number("partial_rotary_factor", 1.0)) != 1.0) {
    rope.problem("partial_rotary_factor other than 1 is not supported");
  }
  reader.take(rope);
}

void read_biases(Reader& reader, ModelConfig& config) {
  const bool attention_bias =
      (config.family == "llama" || config.family == "qwen3") && reader.flag("attention_bias", false);
  config.qkv_bias = config.family == "qwen2" || attention_bias;
  config.output_bias = attention_bias;
  config.mlp_bias = config.family == "llama" && reader.flag("mlp_bias", false);
  config.qk_norm = config.family == "qwen3";
}

void refuse_unsupported(Reader& reader, const Json& json, const ModelConfig& config) {
  const std::string activation = reader.text("hidden_act", "silu");
  if (activation != "silu") reader.problem(fmt::format("hidden_act '{}' is not supported (silu is)", activation));
  if (reader.has("quantization_config")) {
    reader.problem(
        "quantised weights (quantization_config) are not supported; export the model in float32 or bfloat16");
  }
  // Mistral's library default is a window of 4096; Qwen's windows count only when switched on.
  std::int64_t window = config.max_position;
  if (config.family == "mistral" && !json.contains("sliding_window")) window = 4096;
  const bool counts = config.family == "mistral" || reader.flag("use_sliding_window", false);
  if (counts && reader.has("sliding_window")) window = reader.integer("sliding_window");
  if (window < config.max_position) {
    reader.problem(
        fmt::format("sliding-window attention is not supported (sliding_window {}, "
                    "max_position_embeddings {}); with \"sliding_window\": null and max_position_embeddings "
                    "<= {} the model is the same without it",
                    window, config.max_position, window));
  }
  if (reader.has("layer_types")) {
    for (const Json& type : json["layer_types"]) {
      if (type == "full_attention") continue;
      reader.problem(fmt::format("layer_types: {} is not supported (full_attention is)", type.dump()));
      break;
    }
  }
}

Json rope_json(const ModelConfig& config, bool modern) {
  Json rope = Json::object();
  if (modern) rope["rope_theta"] = config.rope_theta;
  rope["rope_type"] = config.rope_scaling ? "llama3" : "default";
  if (config.rope_scaling) {
    rope["factor"] = config.rope_scaling->factor;
    rope["low_freq_factor"] = config.rope_scaling->low_freq_factor;
    rope["high_freq_factor"] = config.rope_scaling->high_freq_factor;
    rope["original_max_position_embeddings"] = config.rope_scaling->original_max_position;
  }
  return rope;
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
  try {
    json = Json::parse(text);
  } catch (const Json::exception& error) {
    fail_user({file}, fmt::format("is no JSON: {}", error.what()));
  }
  if (!json.is_object()) fail_user({file}, "is no JSON object");
  ModelConfig config;
  Reader reader(json, file);
  read_family(reader, config);
  read_sizes(reader, config);
  read_rope(reader, config);
  read_biases(reader, config);
  refuse_unsupported(reader, json, config);
  reader.finish();
  config.original_json = text;
  return config;
}

ModelConfig read_model_config(const std::filesystem::path& folder) {
  const std::filesystem::path path = folder / "config.json";
  const auto text = read_if_there(path);
  if (!text) fail_user({path.string()}, "is not there; a model folder in Hugging Face's layout holds it");
  return parse_model_config(*text, path.string());
}

std::string to_config_json(const ModelConfig& config) {
  Json json;
  if (!config.original_json.empty()) {
    json = Json::parse(config.original_json);
    json[json.contains("dtype") ? "dtype" : "torch_dtype"] = "float32";  // what the export holds
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
  json["rope_parameters"] = rope_json(config, true);
  json["rope_theta"] = config.rope_theta;
  json["rope_scaling"] = config.rope_scaling ? rope_json(config, false) : Json();
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
