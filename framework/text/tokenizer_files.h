// Which files of a folder make a tokenizer: what must be the same for token ids to be the same, and what other programs
// read of it, which is kept with every output and exported again.
#pragma once

#include <filesystem>
#include <vector>

namespace ft {

// Those that are there, sorted by name; empty where the folder holds none. config.json and generation_config.json, which
// may name the end token, are the model's and not among them.
[[nodiscard]] std::vector<std::filesystem::path> tokenizer_files(const std::filesystem::path& folder);

}  // namespace ft
