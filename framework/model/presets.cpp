#include <fmt/format.h>

#include <array>
#include <utility>

#include "framework/base/error.h"
#include "framework/model/model_config.h"

namespace ft {
namespace {

std::int64_t padded(std::int64_t size) { return (size + 63) / 64 * 64; }

// The embedded default: 619,392 parameters with 64 tokens.
ModelConfig tiny(std::int64_t tokenizer_size) {
  return {.vocab_size = padded(tokenizer_size),
          .hidden_size = 128,
          .intermediate_size = 352,
          .num_layers = 3,
          .num_heads = 8,
          .num_kv_heads = 8,
          .head_dim = 16,
          .max_position = 2048};
}

// Four times as many weights: 2,443,008 parameters with 64 tokens.
ModelConfig small(std::int64_t tokenizer_size) {
  return {.vocab_size = padded(tokenizer_size),
          .hidden_size = 256,
          .intermediate_size = 704,
          .num_layers = 3,
          .num_heads = 16,
          .num_kv_heads = 16,
          .head_dim = 16,
          .max_position = 2048};
}

// For tests: grouped queries, a tied head, and a vocabulary that no number of ranks divides.
ModelConfig tiny_gqa(std::int64_t tokenizer_size) {
  return {.vocab_size = tokenizer_size,
          .hidden_size = 96,
          .intermediate_size = 160,
          .num_layers = 2,
          .num_heads = 8,
          .num_kv_heads = 2,
          .head_dim = 16,
          .max_position = 2048,
          .tied_embeddings = true};
}

using Preset = ModelConfig (*)(std::int64_t tokenizer_size);
constexpr std::array<std::pair<const char*, Preset>, 3> kPresets = {
    {{"tiny", tiny}, {"small", small}, {"tiny-gqa", tiny_gqa}}};

}  // namespace

ModelConfig preset_config(std::string_view preset, std::int64_t tokenizer_size) {
  FT_CHECK(tokenizer_size > 0, "a tokenizer of {} tokens", tokenizer_size);
  std::vector<std::string> names;
  for (const auto& [name, make] : kPresets) {
    if (preset == name) return make(tokenizer_size);
    names.emplace_back(name);
  }
  const std::optional<std::string> near = nearest(preset, names);
  fail_user(fmt::format("unknown model preset '{}'{}; the presets are {}", preset,
                        near ? "; did you mean '" + *near + "'?" : "", fmt::join(names, ", ")));
}

}  // namespace ft
