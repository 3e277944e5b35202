#include "framework/recipe/output_check.h"

#include <algorithm>

#include "framework/base/reading.h"
#include "framework/recipe/checkpoint_folder.h"
#include "framework/store/stage_folder.h"

namespace ft {
namespace {

// Of a model they stand in the metadata of its checkpoint.
const nlohmann::ordered_json& settings_of(const SealedFolder& output) {
  const nlohmann::ordered_json& body = output.manifest().body;
  return body.contains("metadata") ? body["metadata"] : body;
}

}  // namespace

std::string why_not_own_output(const StagePlan& stage, const SealedFolder& output) {
  const nlohmann::ordered_json& settings = settings_of(output);
  const std::string identity = settings.value("identity", stage.identity);
  const std::string extent = settings.value("extent", stage.extent_text);
  if (identity == stage.identity && extent == stage.extent_text) return "";
  return fmt::format(
      "has in its place the output of other settings: {} was made by stage '{}' with identity {}, and here it should "
      "be {}{}. "
      "It was put there or renamed by hand: give it its old name again, or take it away",
      output.folder().string(), settings.value("stage", "?"), identity.substr(0, kFolderDigits),
      stage.identity.substr(0, kFolderDigits), identity == stage.identity ? " in another extent" : "");
}

std::string changed_parent(const RunPlan& plan, const StagePlan& stage, const SealedFolder& output) {
  const std::vector<Parent>& parents = output.manifest().parents;
  for (const Input& input : stage.inputs) {
    if (std::ranges::find(parents, input.key, &Parent::role) == parents.end()) continue;
    for (const std::string& name : input.names) {
      const StagePlan* source = plan.find_stage(name);
      if (source == nullptr || !is_there(source->output)) continue;
      const std::string digest = SealedFolder::open(source->output).digest();
      const auto made_from = [&](const Parent& parent) { return parent.role == input.key && parent.digest == digest; };
      if (std::ranges::any_of(parents, made_from)) continue;
      return fmt::format(
          "was made from another output of '{}' than the one that is there now; to make it anew, take away {}", name,
          output.folder().string());
    }
  }
  return "";
}

// Damage is for the stage itself to deal with.
void require_own_work(const RunPlan& plan) {
  for (const StagePlan& stage : plan.stages) {
    if (SealedFolder::looks_sealed(stage.output)) {
      std::string other;
      try {
        other = why_not_own_output(stage, SealedFolder::open(stage.output));
      } catch (const BrokenFolder&) {
      }
      if (!other.empty()) fail_user(fmt::format("stage '{}' {}", stage.name, other));
    } else if (const std::string strange = strange_checkpoints(checkpoints_of(stage.folder), stage.identity);
               !strange.empty()) {
      fail_user(fmt::format("stage '{}' {}", stage.name, strange));
    }
  }
}

}  // namespace ft
