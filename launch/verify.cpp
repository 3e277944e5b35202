#include <CLI/CLI.hpp>

#include "framework/base/error.h"
#include "framework/store/lineage.h"
#include "framework/store/sealed_folder.h"
#include "launch/commands.h"

namespace ft {
namespace {

// Where the folder is one of many, its lineage is shown only as far as it is broken: each link is looked at anyway.
bool verify_folder(const std::filesystem::path& path, bool whole_lineage) {
  bool sound = true;
  try {
    const SealedFolder folder = SealedFolder::open(path);
    for (const Complaint& complaint : folder.verify()) {
      fmt::print("{}: {}\n", path.string(), complaint.text);
      sound = sound && complaint.kind == Complaint::Kind::foreign;
    }
    if (sound) fmt::print("{}: all {} files intact\n", path.string(), folder.manifest().files.size());
  } catch (const BrokenFolder& broken) {
    fmt::print("{}\n", broken.what());
    return false;
  }
  for (const Link& link : lineage(path)) {
    if (whole_lineage || link.broken()) fmt::print("  {}\n", to_text(link));
    sound = sound && !link.broken();
  }
  return sound;
}

bool verify(const std::filesystem::path& path) {
  std::vector<std::filesystem::path> folders = sealed_outputs(path);
  const bool one = folders.empty();
  if (one) folders.push_back(find_artifact(path));
  bool sound = true;
  for (const auto& folder : folders) sound = verify_folder(folder, one) && sound;
  fmt::print("{}\n", sound ? "sound" : "NOT SOUND");
  return sound;
}

}  // namespace

void add_verify(CLI::App& app, Subcommand& chosen) {
  const auto path = std::make_shared<std::string>();
  CLI::App* command = app.add_subcommand("verify", "check every hash and the chain of parents");
  command->add_option("PATH", *path, "a run folder, <run folder>/<stage>, or a sealed folder")->required();
  command->callback([&chosen, path] {
    chosen.alone = [path] {
      return verify(*path) ? ExitCode::done : ExitCode::failure;
    };
  });
}

}  // namespace ft
