#include "framework/recipe/stage_models.h"

#include <ATen/ATen.h>

#include <optional>

#include "framework/base/clock.h"
#include "framework/checkpoint/checkpoint.h"
#include "framework/checkpoint/layout.h"
#include "framework/model/shared_weights.h"
#include "framework/recipe/unchanged_inputs.h"

namespace ft {
namespace {

std::unique_ptr<Tokenizer> read_tokenizer(StageContext& stage, const std::string& name) {
  const auto given = stage.run.models.find(name);
  if (given == stage.run.models.end()) {
    std::unique_ptr<Tokenizer> tokenizer;
    stage.together("files of the tokenizer", [&] {
      const SealedFolder folder = stage.inputs.open(name);
      tokenizer = load_tokenizer(folder.folder(), [&](const std::string& file) { return folder.read_if_there(file); });
    });
    return tokenizer;
  }
  if (given->second.preset) return stage.services.preset_tokenizer(given->second.tokenizer, stage.run.prompts);
  return load_tokenizer(*given->second.path);
}

// Of an earlier stage: each byte is one that was sealed.
void load_sealed(StageContext& stage, const std::string& name, LoadedModel& model) {
  std::optional<ModelConfig> config;
  stage.together("files of the model", [&] {
    const SealedFolder folder = stage.inputs.open(name);
    config = parse_model_config(folder.read("config.json"), folder.path("config.json").string());
    model.companions = read_companions([&](const std::string& file) { return folder.read_if_there(file); });
  });
  model.decoder = std::make_unique<Decoder>(*config, *model.factory);
  read_checkpoint(stage.inputs.path(name), model.decoder->parameters(), nullptr, stage.groups);
}

// Of the run file: ranks of the data axis share the reading.
void load_given(StageContext& stage, const std::filesystem::path& folder, Decoder& model) {
  Communicator& data = stage.groups.data;
  const std::vector<std::int64_t> shares = parameter_shares(model.parameters(), data.size());
  stage.together("weights of the model", [&] { load_share(model, folder, shares, data.rank()); });
  const at::NoGradGuard no_grad;
  const at::Tensor& flat = model.parameters().flat();
  const std::int64_t own = shares[static_cast<std::size_t>(data.rank())];
  data.all_gather("weights of the model", flat, flat.narrow(0, begin_of_share(shares, data.rank()), own), shares);
}

}  // namespace

// Reading weights cannot be interrupted, but it is not begun, and what follows is not.
LoadedModel load_model(StageContext& stage, const std::string& name) {
  stage.together("stop before loading a model", [&] { stage.stop.check(); });
  LoadedModel model;
  model.factory = stage.services.make_factory(stage.groups);
  model.tokenizer = read_tokenizer(stage, name);
  const auto given = stage.run.models.find(name);
  if (given == stage.run.models.end()) {
    load_sealed(stage, name, model);
  } else if (given->second.preset) {
    model.decoder =
        std::make_unique<Decoder>(preset_config(*given->second.preset, model.tokenizer->size()), *model.factory);
    initialise(*model.decoder, stage.seed());
  } else {
    model.decoder = std::make_unique<Decoder>(read_model_config(*given->second.path), *model.factory);
    model.companions = read_companions(*given->second.path);
    load_given(stage, *given->second.path, *model.decoder);
  }
  if (model.tokenizer->size() > model.decoder->config().vocab_size) {
    fail_user(stage.plan.place,
              fmt::format(
                  "model '{}' has {} rows in its vocabulary, but its tokenizer {} tokens: they do not belong together",
                  name, model.decoder->config().vocab_size, model.tokenizer->size()));
  }
  require_unchanged_model(stage.run, name, stage.services);
  stage.together("stop after loading a model", [&] { stage.stop.check(); });
  return model;
}

void seal_model(StageContext& stage, LoadedModel& model, const nlohmann::ordered_json& body) {
  nlohmann::ordered_json metadata = stage.output.provenance();
  metadata.update(body);
  const PromptTemplates& prompts = stage.run.prompts;
  metadata["prompts"] = {{"solver", prompts.solver},
                         {"verifier", prompts.verifier},
                         {"correct", prompts.correct},
                         {"incorrect", prompts.incorrect}};
  CheckpointContent content;
  content.parameters = &model.decoder->parameters();
  content.metadata = metadata.dump();
  content.files = model.files();
  if (stage.groups.world.rank() == 0) content.parents = stage.inputs.parents();
  stage.together("place of the run folder", [&] {
    if (stage.groups.world.rank() == 0) stage.output.require_sealable();
  });
  const Stopwatch watch;
  write_checkpoint(stage.plan.output, content, stage.groups);
  stage.work.note_save(watch.seconds());
}

}  // namespace ft
