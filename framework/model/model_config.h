// The shape of a decoder of the Llama family, as config.json of a Hugging Face folder or a preset describes it.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "framework/model/rope_config.h"

namespace ft {

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
  // Beyond this length the model computes something that is not implemented (a sliding window, frequencies that
  // change); 0: no such length. Whoever hands it documents keeps to it (check_length).
  std::int64_t length_limit = 0;
  RopeConfig rope;
  double norm_epsilon = 1e-5;
  bool qkv_bias = false;     // Qwen2
  bool output_bias = false;  // attention_bias of Llama also biases o_proj
  bool mlp_bias = false;
  bool qk_norm = false;  // Qwen3: RMS norm of each head's query and key before the rotation
  bool tied_embeddings = false;
  std::string original_json;  // config.json as read, kept for export; empty for presets

  [[nodiscard]] std::int64_t num_parameters() const;
};

// A parameter as a Hugging Face folder names and shapes it.
struct NamedShape {
  std::string name;
  std::vector<std::int64_t> shape;
};

// Reads config.json. Throws UserError naming the file and each feature that is not supported (sliding windows, other
// activations, other rope types, quantised weights, unknown model_type, ...). Keys that change only training elsewhere
// (attention_dropout) or nothing at all are passed over. Throws Error where the file cannot be read.
[[nodiscard]] ModelConfig read_model_config(const std::filesystem::path& folder);
// The same from the file's text; `file` is for messages.
[[nodiscard]] ModelConfig parse_model_config(const std::string& text, const std::string& file);
// config.json text that Hugging Face's libraries read back to the same model: the one that was read, where there was
// one, so that every key is spelled as it was.
[[nodiscard]] std::string to_config_json(const ModelConfig& config);

// Every parameter of the decoder, by arithmetic alone (a test compares it with a Decoder's).
[[nodiscard]] std::vector<NamedShape> parameter_shapes(const ModelConfig& config);
// Throws UserError where a document of this many tokens is beyond length_limit.
void check_length(const ModelConfig& config, std::int64_t num_tokens);

// Small models trained from scratch: "tiny" (embedded default, 3 layers of width 128), ... Throws UserError with the
// nearest name. vocab_size is the tokenizer's size padded to a multiple of 64.
[[nodiscard]] ModelConfig preset_config(std::string_view preset, std::int64_t tokenizer_size);

}  // namespace ft
