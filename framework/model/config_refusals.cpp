#include "framework/model/config_refusals.h"

#include <fmt/format.h>

#include <algorithm>
#include <string>
#include <vector>

namespace ft {
namespace {

using Json = ConfigReader::Json;

std::string text_of(const Json& value) { return value.dump(-1, ' ', true, Json::error_handler_t::replace); }

// Keys of other families that scale, cap, mask or route something. At these values (and null) they change nothing.
struct NeutralKey {
  const char* key;
  Json neutral;
};

const std::vector<NeutralKey>& neutral_keys() {
  static const std::vector<NeutralKey> keys = {// scales: Granite, MiniCPM, Cohere, Gemma
                                               {"logit_scale", 1},
                                               {"logits_scaling", 1},
                                               {"embedding_multiplier", 1},
                                               {"residual_multiplier", 1},
                                               {"scale_emb", 1},
                                               {"attention_multiplier", nullptr},
                                               {"scale_depth", nullptr},
                                               {"dim_model_base", nullptr},
                                               {"query_pre_attn_scalar", nullptr},
                                               {"final_logit_softcapping", nullptr},
                                               {"attn_logit_softcapping", nullptr},
                                               {"clip_qkv", nullptr},
                                               // positions and masks: Llama 4, SmolLM3, encoders
                                               {"no_rope_layers", nullptr},
                                               {"no_rope_layer_interval", nullptr},
                                               {"attn_temperature_tuning", false},
                                               {"alibi", false},
                                               {"attention_chunk_size", nullptr},
                                               {"is_causal", true},
                                               {"use_bidirectional_attention", false},
                                               // norms and residuals: OLMo, Phi, GPT-J
                                               {"use_qk_norm", false},
                                               {"qk_layernorm", false},
                                               {"use_parallel_residual", false},
                                               {"parallel_attn", false},
                                               // other layers: experts, encoder and decoder, per-layer sizes
                                               {"num_experts", 0},
                                               {"num_local_experts", 0},
                                               {"n_routed_experts", 0},
                                               {"add_cross_attention", false},
                                               {"is_encoder_decoder", false},
                                               {"per_layer_config", nullptr},
                                               {"vision_config", nullptr},
                                               {"text_config", nullptr}};
  return keys;
}

void refuse_scales(ConfigReader& reader) {
  for (const auto& [key, neutral] : neutral_keys()) {
    if (!reader.has(key) || reader.json()[key] == neutral) continue;
    std::string usual = neutral.is_null() ? std::string("null") : text_of(neutral);
    reader.problem(fmt::format("{} {} is not supported ({} is)", key, text_of(reader.json()[key]), usual));
  }
}

void refuse_quantised(ConfigReader& reader) {
  for (const char* key : {"quantization_config", "compression_config", "quantization"}) {
    if (!reader.has(key)) continue;
    const Json& value = reader.json()[key];
    std::string method;
    if (value.is_object() && value.contains("quant_method"))
      method = fmt::format(" by {}", text_of(value["quant_method"]));
    reader.problem(fmt::format(
        "weights quantised{} ({}) are not supported; take the model in bfloat16, float16 or float32", method, key));
  }
}

void refuse_other_heads(ConfigReader& reader) {
  if (!reader.has("architectures")) return;
  const Json& names = reader.json()["architectures"];
  if (!names.is_array() || names.empty()) return;
  const auto is_causal = [](const Json& name) {
    return name.is_string() && name.get<std::string>().ends_with("ForCausalLM");
  };
  if (std::ranges::none_of(names, is_causal)) {
    reader.problem(fmt::format("architectures {} is no causal language model (...ForCausalLM)", text_of(names)));
  }
}

void refuse_biases(ConfigReader& reader, const ModelConfig& config) {
  const bool llama = config.family == "llama";
  if (config.family == "mistral" && reader.flag("attention_bias", false)) {
    reader.problem("attention_bias is not supported for model_type 'mistral'");
  }
  if (!llama && reader.flag("mlp_bias", false)) {
    reader.problem(fmt::format("mlp_bias is not supported for model_type '{}'", config.family));
  }
}

// The window of the layers that have one; 0 where none has. Mistral's library default is 4096; Qwen's windows count
// only when switched on, and from layer max_window_layers (28) on.
std::int64_t sliding_window(ConfigReader& reader, const ModelConfig& config) {
  if (config.family == "mistral") {
    if (!reader.json().contains("sliding_window")) return 4096;
    return reader.has("sliding_window") ? reader.integer("sliding_window") : 0;
  }
  if (!config.family.starts_with("qwen") || !reader.flag("use_sliding_window", false)) return 0;
  if (!reader.has("layer_types") && reader.has("max_window_layers") &&
      reader.json()["max_window_layers"].is_number_integer() &&
      reader.json()["max_window_layers"].get<std::int64_t>() >= config.num_layers) {
    return 0;
  }
  if (!reader.json().contains("sliding_window")) return 4096;
  return reader.has("sliding_window") ? reader.integer("sliding_window") : 0;
}

void read_windows(ConfigReader& reader, ModelConfig& config) {
  const std::int64_t window = sliding_window(reader, config);
  if (window > 0 && window < config.max_position) {
    reader.problem(
        fmt::format("sliding-window attention is not supported (sliding_window {}, max_position_embeddings {}); with "
                    "\"sliding_window\": null and max_position_embeddings <= {} the model is the same without it",
                    window, config.max_position, window));
  }
  // A window that is no problem is at least as long as max_position.
  config.length_limit = config.rope.type == RopeType::dynamic ? config.max_position : window;
  if (!reader.has("layer_types")) return;
  const Json& types = reader.json()["layer_types"];
  if (!types.is_array() || types.size() != static_cast<std::size_t>(config.num_layers)) {
    reader.problem(fmt::format("layer_types must be a list of {} types, one a layer", config.num_layers));
    return;
  }
  for (const Json& type : types) {
    if (type == "full_attention") continue;
    reader.problem(fmt::format("layer_types: {} is not supported (full_attention is)", text_of(type)));
    break;
  }
}

}  // namespace

void refuse_unsupported(ConfigReader& reader, ModelConfig& config) {
  const std::string activation = reader.text("hidden_act", "silu");
  if (activation != "silu" && activation != "swish") {
    reader.problem(fmt::format("hidden_act '{}' is not supported (silu is)", activation));
  }
  refuse_quantised(reader);
  refuse_scales(reader);
  refuse_other_heads(reader);
  refuse_biases(reader, config);
  read_windows(reader, config);
}

}  // namespace ft
