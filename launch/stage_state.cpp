#include "launch/stage_state.h"

#include <algorithm>

#include "framework/base/reading.h"
#include "framework/recipe/checkpoint_folder.h"
#include "framework/recipe/output_check.h"
#include "framework/store/intact_note.h"
#include "framework/store/sealed_folder.h"
#include "launch/run_listing.h"

namespace ft {
namespace {

namespace fs = std::filesystem;

bool has_files(const fs::path& folder) {
  for (const std::string& name : list_folder(folder)) {
    const Found::Kind kind = look_at_entry(folder / name).kind;
    if (kind == Found::Kind::file || (kind == Found::Kind::folder && has_files(folder / name))) return true;
  }
  return false;
}

// Of the checkpoints that are newer than the newest sound one.
std::string damage_of(const SeenStage& seen) {
  std::string damage;
  for (auto checkpoint = seen.checkpoints.rbegin(); checkpoint != seen.checkpoints.rend(); ++checkpoint) {
    if (checkpoint->damage.empty()) break;
    damage += fmt::format("{}{}", damage.empty() ? "" : "; ", checkpoint->damage);
  }
  return damage;
}

bool has_sound_checkpoint(const SeenStage& seen) {
  return std::ranges::any_of(seen.checkpoints,
                             [](const SeenCheckpoint& checkpoint) { return checkpoint.damage.empty(); });
}

// What was begun, or is there in another extent.
StageState unfinished_state(const StagePlan& stage, const SeenStage& seen) {
  std::string damage = damage_of(seen);
  if (!seen.checkpoints.empty() && !has_sound_checkpoint(seen))
    return {Will::again, "its checkpoints are damaged", std::move(damage)};
  const Continuation continuation = continuation_of(stage);
  if (!seen.outputs.empty()) {
    const std::string why = "more or less of it is asked than was made";
    if (!continuation.goes_on) return {Will::run, why, std::move(damage)};
    return {Will::add, fmt::format("{}; {}", why, continuation.from), std::move(damage)};
  }
  if (continuation.goes_on) return {Will::go_on, "it was interrupted; " + continuation.from, std::move(damage)};
  return {Will::run, "it was interrupted, and nothing of it was saved", std::move(damage)};
}

// Whether there is any work of a stage of that name, of whatever identity.
bool was_begun(const StagePlan& stage) {
  const std::vector<std::string> folders = list_folder(stage.folder.parent_path());
  return std::ranges::any_of(folders, [&](const std::string& name) { return stage_name(name) == stage.name; });
}

StageState look(const StagePlan& stage, bool known, const std::vector<Superseded>& superseded) {
  if (!known) {
    return was_begun(stage) ? StageState{Will::unknown, "depends on files that were not read", ""}
                            : StageState{Will::run, "not done yet", ""};
  }
  if (is_there(stage.output)) {
    const SealedFolder output = SealedFolder::open(stage.output);
    if (const std::string other = why_not_own_output(stage, output); !other.empty())
      return {Will::refuse, "another stage's output", fmt::format("stage '{}' {}", stage.name, other)};
    const bool vouched = intact_note_of(stage.output).vouches_for(output);
    return {Will::skip, vouched ? "done" : "done, if its bytes are: they are hashed first", ""};
  }
  if (const std::string strange = strange_checkpoints(checkpoints_of(stage.folder), stage.identity); !strange.empty())
    return {Will::refuse, "checkpoints of another stage", fmt::format("stage '{}' {}", stage.name, strange)};
  const SeenStage seen = list_stage(stage.folder);
  if (!seen.outputs.empty() && stage.recipe->output() == ArtifactKind::report)
    return {Will::run, "the run folder has another name", ""};
  const auto older = std::ranges::find(superseded, stage.name, &Superseded::stage);
  if (older != superseded.end() && older->is_damaged) return {Will::again, "its checkpoints are damaged", ""};
  if (older != superseded.end() && older->begins_anew) return {Will::run, older->reasons.front(), ""};
  if (!seen.outputs.empty() || has_files(stage.folder / "work")) return unfinished_state(stage, seen);
  return {Will::run, older == superseded.end() ? "not done yet" : older->reasons.front(), ""};
}

}  // namespace

std::string_view to_string(Will will) {
  switch (will) {
    case Will::skip:
      return "skip";
    case Will::add:
      return "add";
    case Will::go_on:
      return "go on";
    case Will::run:
      return "run";
    case Will::again:
      return "again";
    case Will::stop:
      return "stop";
    case Will::refuse:
      return "refuse";
    case Will::unknown:
      return "?";
  }
  return "";
}

StageState state_of(const RunPlan& plan, const StagePlan& stage, const std::vector<Superseded>& superseded) {
  try {
    return look(stage, is_known(plan, stage), superseded);
  } catch (const BrokenFolder& broken) {
    return {Will::again, "its output is damaged", fmt::format("{}; it is set aside, and made again", broken.what())};
  } catch (const Unreadable& error) {
    return {Will::stop, "it cannot be read", fmt::format("{}; the run ends there with exit code 1", error.what())};
  }
}

}  // namespace ft
