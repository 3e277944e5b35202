// The shape of a decoder of the Llama family, as config.json of a Hugging Face folder or a preset describes it.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>

namespace ft {

// Frequency scaling of Llama 3.1 and later ("rope_type": "llama3").
struct Llama3RopeScaling {
  double factor = 8, low_freq_factor = 1, high_freq_factor = 4;
  std::int64_t original_max_position = 8192;
};

struct ModelConfig {
  std::string family = "llama";  // llama, mistral, qwen2, qwen3: HF's model_type
  std::int64_t vocab_size = 0;
  std::int64_t hidden_size = 0;
  std::int64_t intermediate_size = 0;
  int num_layers = 0;
  int num_heads = 0;
  int num_kv_heads = 0;
  int head_dim = 0;
  std::int64_t max_position = 0;  // longest sequence the model was made for
  double rope_theta = 10000;
  std::optional<Llama3RopeScaling> rope_scaling;
  double norm_epsilon = 1e-5;
  bool qkv_bias = false;     // Qwen2
  bool output_bias = false;  // attention_bias of Llama also biases o_proj
  bool mlp_bias = false;
  bool qk_norm = false;  // Qwen3: RMS norm of each head's query and key before the rotation
  bool tied_embeddings = false;
  std::string original_json;  // config.json as read, kept for export; empty for presets

  [[nodiscard]] std::int64_t num_parameters() const;
};

// Reads config.json. Throws UserError naming the file and each feature that is not supported (sliding windows, other
// activations, other rope types, quantised weights, unknown model_type, ...).
[[nodiscard]] ModelConfig read_model_config(const std::filesystem::path& folder);
// The same from the file's text; `file` is for messages.
[[nodiscard]] ModelConfig parse_model_config(const std::string& text, const std::string& file);
// config.json text that Hugging Face's libraries read back to the same model.
[[nodiscard]] std::string to_config_json(const ModelConfig& config);

// Small models trained from scratch: "tiny" (embedded default, 3 layers of width 128), ... Throws UserError with the
// nearest name. vocab_size is the tokenizer's size padded to a multiple of 64.
[[nodiscard]] ModelConfig preset_config(std::string_view preset, std::int64_t tokenizer_size);

}  // namespace ft
