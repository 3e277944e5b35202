// Which files of a Hugging Face folder hold its weights, without opening any but the index.
#pragma once

#include <filesystem>
#include <vector>

namespace ft {

// What SafetensorsReader(folder) opens, sorted by name: model.safetensors, or the index and the shards that it names
// (which need not be there). Empty where there is neither. Throws UserError on an index that cannot be read.
[[nodiscard]] std::vector<std::filesystem::path> safetensors_files(const std::filesystem::path& folder);

}  // namespace ft
