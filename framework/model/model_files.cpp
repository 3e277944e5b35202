#include "framework/model/model_files.h"

#include <algorithm>

#include "framework/base/reading.h"
#include "framework/tensor/safetensors_files.h"
#include "framework/text/tokenizer_files.h"

namespace ft {

std::vector<std::filesystem::path> model_files(const std::filesystem::path& folder) {
  std::vector<std::filesystem::path> files = safetensors_files(folder);
  for (const auto& file : tokenizer_files(folder)) files.push_back(file);
  for (const char* name : {"config.json", "generation_config.json"}) {
    if (is_there(folder / name)) files.push_back(folder / name);
  }
  std::sort(files.begin(), files.end());
  return files;
}

}  // namespace ft
