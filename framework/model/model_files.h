// Which files of a Hugging Face folder a model is made from: they and no others decide what a stage does with it. A
// README, a trainer's state or weights in another format may come and go.
//
//   for (const auto& file : model_files("models/qwen")) ...    // config.json, ..., model.safetensors, tokenizer.json
#pragma once

#include <filesystem>
#include <vector>

namespace ft {

// Configuration, tokenizer and weights, sorted by name. Shards that an index names are listed whether they are there or
// not. Throws UserError on an index that cannot be read.
[[nodiscard]] std::vector<std::filesystem::path> model_files(const std::filesystem::path& folder);

}  // namespace ft
