// Hugging Face folders, written tensor after tensor: the whole model is never in memory.
//
//   write_hugging_face(folder, config, {{"model.norm.weight", {576}}, ...},
//                      [&](const std::string& name) { return values_of(name); });
//
// One model.safetensors; where it would be larger than `max_file_bytes`, several, with the index that transformers
// reads: model-00001-of-00002.safetensors, ..., model.safetensors.index.json.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <span>
#include <string>
#include <vector>

#include "framework/model/model_config.h"
#include "framework/model/stored_files.h"
#include "framework/tensor/safetensors.h"

namespace ft {

struct HuggingFaceOptions {
  std::int64_t max_file_bytes = 5'000'000'000;  // a larger tensor gets a file of its own
  SafetensorsWriter::Dtype dtype = SafetensorsWriter::Dtype::f32;
  TextFiles files;  // written beside the weights: stored_files(); without any, config.json alone
};

// config.json's word for a dtype: "float32", "bfloat16".
[[nodiscard]] std::string dtype_name(SafetensorsWriter::Dtype dtype);

// Writes the weights and the small files into a folder, which must exist. `values` is asked for each tensor once, in
// the order of their names; what it returns is used before it is asked again. Throws Error where the folder cannot be
// written.
void write_hugging_face(const std::filesystem::path& folder, const ModelConfig& config,
                        std::vector<SafetensorsWriter::Entry> tensors,
                        const std::function<std::span<const float>(const std::string& name)>& values,
                        const HuggingFaceOptions& options = {});

}  // namespace ft
