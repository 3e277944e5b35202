// A folder that is no model folder, or holds its weights in another format: what it is, and what to do.
#pragma once

#include <filesystem>

namespace ft {

// Throws UserError unless the folder is there and holds config.json. Of what lies there instead (an adapter, GGUF,
// other programs' checkpoints, model folders one level down) it says what it is.
void require_model_folder(const std::filesystem::path& folder);

// The same for the weights: model.safetensors, or its index.
void require_safetensors(const std::filesystem::path& folder);

}  // namespace ft
