#include <CLI/CLI.hpp>

#include <map>
#include <vector>

#include "framework/base/error.h"
#include "framework/base/reading.h"
#include "framework/store/lineage.h"
#include "framework/store/sealed_folder.h"
#include "launch/commands.h"
#include "launch/run_listing.h"

namespace ft {
namespace {

// Hashes every byte of sealed folders, each once, and says what is wrong with them.
class Verifier {
 public:
  bool is_sound(const std::filesystem::path& folder) {
    const std::filesystem::path path = std::filesystem::absolute(folder).lexically_normal();
    const auto [known, inserted] = known_.try_emplace(path, false);
    if (inserted) known->second = look(folder);
    return known->second;
  }

 private:
  static bool look(const std::filesystem::path& path) {
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
    return sound;
  }

  std::map<std::filesystem::path, bool> known_;
};

// Where the folder is one of many, its lineage is shown only as far as it is broken: each link is looked at anyway.
bool verify_folder(const std::filesystem::path& path, bool whole_lineage, Verifier& verifier) {
  bool sound = verifier.is_sound(path);
  std::vector<Link> links = lineage(path);
  for (Link& link : links) {
    if (link.state != Link::State::intact || verifier.is_sound(link.folder)) continue;
    link.state = Link::State::damaged;
    link.text = "its bytes are not those that were sealed";
  }
  for (const Link& link : links) {
    if (whole_lineage || link.broken()) fmt::print("  {}\n", to_text(link));
    sound = sound && !link.broken();
  }
  return sound;
}

// Every sealed folder of a run: outputs and checkpoints. What was set aside is known to be damaged; it is named.
bool verify_run(const std::filesystem::path& path) {
  const SeenRun run = list_run(path);
  if (run.holder) fmt::print("in use by {}: what it writes meanwhile is not looked at\n", *run.holder);
  bool sound = true, any = false;
  Verifier verifier;
  const auto look = [&](const std::filesystem::path& folder) {
    any = true;
    sound = verify_folder(folder, false, verifier) && sound;
  };
  for (const SeenStage& stage : run.stages) {
    for (const auto& output : stage.outputs) look(output);
    for (const SeenCheckpoint& checkpoint : stage.checkpoints) {
      if (is_there(checkpoint.folder)) look(checkpoint.folder);  // a run at work removes old ones
    }
    for (const auto& output : stage.unsealed) {
      fmt::print("{} is not sealed: it has no {}\n", output.string(), kManifestName);
      any = true;
      sound = false;
    }
    for (const auto& damaged : stage.set_aside)
      fmt::print("{}: set aside as damaged before, and not looked at\n", damaged.string());
  }
  if (!any) {
    fail_user(fmt::format("{}{}", what_is_there(path),
                          run.holder ? fmt::format("; it is in use by {}: verify it later", *run.holder) : ""));
  }
  return sound;
}

bool verify(const std::filesystem::path& path) {
  bool sound = false;
  if (look_through(path).kind == Found::Kind::folder && is_run_folder(path)) {
    sound = verify_run(path);
  } else {
    Verifier verifier;
    sound = verify_folder(find_artifact(path), true, verifier);
  }
  fmt::print("{}\n", sound ? "sound" : "NOT SOUND");
  return sound;
}

}  // namespace

void add_verify(CLI::App& app, Subcommand& chosen) {
  const auto path = std::make_shared<std::string>();
  CLI::App* command = app.add_subcommand("verify", "check every hash and the chain of parents");
  command->add_option("PATH", *path, "a run folder, <run folder>/<stage>, or a sealed folder")->required();
  command->callback(
      [&chosen, path] { chosen.alone = [path] { return verify(*path) ? ExitCode::done : ExitCode::failure; }; });
}

}  // namespace ft
