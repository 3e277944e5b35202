#include "framework/base/error.h"
#include "framework/store/lineage.h"
#include "framework/store/sealed_folder.h"
#include "launch/commands.h"

namespace ft {
namespace {

bool verify_folder(const std::filesystem::path& path) {
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
    fmt::print("  {}\n", to_text(link));
    sound = sound && !link.broken();
  }
  return sound;
}

}  // namespace

bool verify_command(const std::filesystem::path& path) {
  std::vector<std::filesystem::path> folders = sealed_outputs(path);
  if (folders.empty()) folders.push_back(find_artifact(path));
  bool sound = true;
  for (const auto& folder : folders) sound = verify_folder(folder) && sound;
  fmt::print("{}\n", sound ? "sound" : "NOT SOUND");
  return sound;
}

}  // namespace ft
