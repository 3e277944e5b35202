#include <CLI/CLI.hpp>

#include <map>
#include <vector>

#include "framework/base/error.h"
#include "framework/store/lineage.h"
#include "framework/store/sealed_folder.h"
#include "launch/commands.h"

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

bool verify(const std::filesystem::path& path) {
  std::vector<std::filesystem::path> folders = sealed_outputs(path);
  const bool one = folders.empty();
  if (one) folders.push_back(find_artifact(path));
  bool sound = true;
  Verifier verifier;
  for (const auto& folder : folders) sound = verify_folder(folder, one, verifier) && sound;
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
