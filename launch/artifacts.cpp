#include <algorithm>

#include "framework/base/error.h"
#include "framework/base/reading.h"
#include "framework/store/sealed_folder.h"
#include "framework/store/set_aside.h"
#include "launch/commands.h"

namespace ft {
namespace {

namespace fs = std::filesystem;

std::vector<fs::path> folders_in(const fs::path& folder) {
  std::vector<fs::path> folders;
  for (const std::string& name : list_folder(folder)) {
    if (!name.starts_with(".") && !is_set_aside(name) && is_folder(folder / name)) folders.push_back(folder / name);
  }
  return folders;
}

std::vector<fs::path> outputs_of_stage(const fs::path& stage) {
  std::vector<fs::path> outputs;
  for (const fs::path& folder : folders_in(stage)) {
    if (folder.filename().string().starts_with("output-") && SealedFolder::looks_sealed(folder)) outputs.push_back(folder);
  }
  return outputs;
}

// The one made last: a run folder keeps the outputs of older settings.
fs::path newest(const std::vector<fs::path>& outputs) {
  return *std::max_element(outputs.begin(), outputs.end(), [](const fs::path& a, const fs::path& b) {
    return fs::last_write_time(a / kManifestName) < fs::last_write_time(b / kManifestName);
  });
}

// "solver" of "solver-0123456789ab".
std::string stage_name(const fs::path& folder) {
  const std::string name = folder.filename().string();
  return name.substr(0, name.rfind('-'));
}

}  // namespace

std::vector<fs::path> sealed_outputs(const fs::path& run) {
  std::vector<fs::path> outputs;
  for (const fs::path& stage : folders_in(run / "stages")) {
    const auto of_stage = outputs_of_stage(stage);
    outputs.insert(outputs.end(), of_stage.begin(), of_stage.end());
  }
  return outputs;
}

fs::path find_artifact(const fs::path& path) {
  if (SealedFolder::looks_sealed(path)) return path;
  if (const auto outputs = outputs_of_stage(path); !outputs.empty()) return newest(outputs);
  const fs::path run = path.has_parent_path() ? path.parent_path() : fs::path(".");
  std::vector<fs::path> matching;
  std::vector<std::string> names;
  for (const fs::path& output : sealed_outputs(run)) {
    const std::string name = stage_name(output.parent_path());
    if (name == path.filename()) matching.push_back(output);
    if (std::find(names.begin(), names.end(), name) == names.end()) names.push_back(name);
  }
  if (!matching.empty()) return newest(matching);
  if (names.empty()) {
    fail_user(fmt::format("'{}' is no finished artifact: it has no {}, and '{}' is no run folder with finished stages", path.string(),
                          kManifestName, run.string()));
  }
  const auto near = nearest(path.filename().string(), names);
  fail_user(fmt::format("run folder '{}' has no finished stage '{}'{}; finished stages: {}", run.string(), path.filename().string(),
                        near ? fmt::format("; did you mean '{}'?", *near) : "", fmt::join(names, ", ")));
}

}  // namespace ft
