// What can be said of a model folder without reading its weights: config.json, the headers of the weights, names,
// shapes and dtypes. `ftrun plan`, `ftrun doctor` and a run call the same function, so they give the same answer; it
// takes milliseconds, and comes before anything is hashed or computed.
//
//   const ModelConfig config = check_model_folder("models/SmolLM2-135M");
#pragma once

#include <filesystem>

#include "framework/model/model_config.h"
#include "framework/tensor/safetensors.h"

namespace ft {

// Local, reads headers, and two tensors where a tied head is stored. Throws UserError that says what is wrong and what to
// do: no model folder (an adapter, GGUF, pickles, a folder one level too high, pointers of git-lfs, links to nothing), a
// config.json that is not supported, weights that are cut off, quantised, named or shaped otherwise, a tied head of its
// own. Throws Error where a file cannot be read.
[[nodiscard]] ModelConfig check_model_folder(const std::filesystem::path& folder);

// The part of it that concerns tensors: are all of config's parameters there, in their shapes and readable dtypes, and
// nothing else? Tensors that some exports carry needlessly (rotary frequencies, a head that is tied) may be there.
void check_tensors(const ModelConfig& config, const SafetensorsReader& reader, const std::filesystem::path& folder);

// A head that is stored although config.json ties it must be the embedding. Reads both where both are there, which hardly
// any folder has.
void check_tied_head(const ModelConfig& config, const SafetensorsReader& reader);

}  // namespace ft
