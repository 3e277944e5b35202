// Tensors that are not those of config.json: what they are, and what to do.
#pragma once

#include <filesystem>
#include <functional>
#include <set>
#include <string>

#include "framework/model/model_config.h"
#include "framework/tensor/safetensors.h"

namespace ft {

// Names that tell of another format as a whole: adapters, quantised weights, experts, fused projections, prefixes of
// wrappers ("module.", "_orig_mod."), other libraries' names. Throws UserError; returns where the names are the usual
// ones.
void refuse_foreign_tensors(const SafetensorsReader& reader, const std::filesystem::path& folder);

// Single tensors; the nearest reason, the nearest name of those that the model does not want for another place.
[[noreturn]] void fail_missing_tensor(const std::string& name, const std::set<std::string, std::less<>>& wanted,
                                      const SafetensorsReader& reader, const std::filesystem::path& folder);
[[noreturn]] void fail_surplus_tensor(const StoredTensor& stored, const ModelConfig& config);
[[noreturn]] void fail_dtype(const StoredTensor& stored);

}  // namespace ft
