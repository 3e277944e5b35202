// The models that a stage reads and leaves behind.
//
//   LoadedModel model = load_model(stage, "base");
//   train(*model.decoder, ...);
//   seal_model(stage, model, {{"steps", steps}});
//
// Apart from StageContext, so that a recipe without a model needs nothing of libtorch.
#pragma once

#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "framework/model/decoder.h"
#include "framework/model/stored_files.h"
#include "framework/recipe/stage_context.h"
#include "framework/text/tokenizer.h"

namespace ft {

// A model with everything that belongs to it.
struct LoadedModel {
  std::unique_ptr<LayerFactory> factory;
  std::unique_ptr<Decoder> decoder;
  std::unique_ptr<Tokenizer> tokenizer;
  TextFiles companions;  // generation_config.json, chat templates, ...: read_companions()
  // Everything but the weights, in line with what is trained: written into every checkpoint of the model.
  [[nodiscard]] TextFiles files() const { return stored_files(decoder->config(), *tokenizer, companions); }
  // What ends an attempt, the trained end token first.
  [[nodiscard]] std::vector<TokenId> end_tokens() const {
    return ft::end_tokens(*tokenizer, decoder->config(), companions);
  }
};

// Collective: the model of that name, of the run file's models or of an earlier stage, weights loaded and checked. Throws
// UserError where files of the run file's model are not those any more that the stages' identities are made of
// (recipe/unchanged_inputs.h).
[[nodiscard]] LoadedModel load_model(StageContext& stage, const std::string& name);

// Collective: seals the model as the stage's output, with `body` in its metadata.
void seal_model(StageContext& stage, LoadedModel& model, const nlohmann::ordered_json& body);

}  // namespace ft
