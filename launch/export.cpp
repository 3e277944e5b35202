#include <CLI/CLI.hpp>

#include "framework/checkpoint/checkpoint.h"
#include "framework/comm/solo_communicator.h"
#include "framework/model/decoder.h"
#include "framework/store/files.h"
#include "framework/store/sealed_folder.h"
#include "framework/text/tokenizer.h"
#include "launch/commands.h"

namespace ft {
namespace {

void export_model(const std::filesystem::path& stage, const std::filesystem::path& target) {
  if (std::filesystem::exists(target) && !(std::filesystem::is_directory(target) && std::filesystem::is_empty(target))) {
    fail_user(fmt::format("'{}' exists and is not an empty folder; nothing was written", target.string()));
  }
  const std::filesystem::path source = find_artifact(stage);
  if (!std::filesystem::exists(source / "config.json")) {
    fail_user(fmt::format("'{}' is no model: it holds {}", source.string(), SealedFolder::open(source).manifest().format));
  }
  SoloCommunicator solo;
  const Groups groups{solo, solo, solo};
  const auto factory = make_dense_factory();
  Decoder model(read_model_config(source), *factory);
  const CheckpointInfo info = read_checkpoint(source, model.parameters(), nullptr, groups);
  const auto tokenizer = load_tokenizer(source);
  make_folder(target);
  save_hugging_face(model, target);
  for (const auto& [name, content] : tokenizer->files()) {
    if (!std::filesystem::exists(target / name)) replace_file(target / name, content);
  }
  fmt::print("{}: {} parameters, weights {}\n", target.string(), model.parameters().size(), info.weights_digest);
}

}  // namespace

void add_export(CLI::App& app, Subcommand& chosen) {
  const auto stage = std::make_shared<std::string>(), target = std::make_shared<std::string>();
  CLI::App* command = app.add_subcommand("export", "write a model as a Hugging Face folder");
  command->add_option("STAGE", *stage, "<run folder>/<stage>, or a sealed model folder")->required();
  command->add_option("DIR", *target, "the folder to write; it must not exist, or be empty")->required();
  command->callback([&chosen, stage, target] {
    chosen.alone = [stage, target] {
      export_model(*stage, *target);
      return ExitCode::done;
    };
  });
}

}  // namespace ft
