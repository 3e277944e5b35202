// What config.json may say that changes the model's result and is not implemented: each is refused by name, never
// ignored.
#pragma once

#include "framework/model/config_reader.h"
#include "framework/model/model_config.h"

namespace ft {

// Adds a problem for every key of that kind: other activations and heads, quantised weights, scaled logits or
// residuals, experts, windows shorter than max_position_embeddings, ... `config` has been read but for length_limit,
// which is set.
void refuse_unsupported(ConfigReader& reader, ModelConfig& config);

}  // namespace ft
