#include "framework/model/tensor_sizes.h"

#include <fmt/format.h>

#include "framework/base/error.h"

namespace ft {

std::string tensor_misfit(const ModelConfig& config, int tensor) {
  FT_CHECK(tensor >= 1, "{} tensor ranks", tensor);
  if (config.num_heads % tensor != 0) return fmt::format("{} attention heads", config.num_heads);
  if (config.num_kv_heads % tensor != 0 && tensor % config.num_kv_heads != 0) {
    return fmt::format("{} key/value heads", config.num_kv_heads);
  }
  if (config.intermediate_size % tensor != 0) return fmt::format("{} inner features", config.intermediate_size);
  const std::int64_t rows = (config.vocab_size + tensor - 1) / tensor;
  if (rows * (tensor - 1) >= config.vocab_size) return fmt::format("{} rows of the vocabulary", config.vocab_size);
  return "";
}

std::vector<int> tensor_sizes(const ModelConfig& config) {
  std::vector<int> sizes;
  for (int size = 1; size <= config.num_heads; ++size) {
    if (tensor_misfit(config, size).empty()) sizes.push_back(size);
  }
  return sizes;
}

}  // namespace ft
