#include "framework/recipe/run_folder.h"

#include "framework/base/clock.h"
#include "framework/recipe/stage_times.h"
#include "framework/store/files.h"
#include "framework/store/intact_note.h"
#include "framework/store/sealed_folder.h"

namespace ft {
namespace {

IntactNote note_of(const StagePlan& stage) {
  return IntactNote(stage.folder / fmt::format("intact-{}.json", stage.output.filename().string()));
}

}  // namespace

RunFolder::RunFolder(const RunPlan& plan, Logger& log) : log_(log), lock_(plan.run.folder) {
  const std::filesystem::path folder = plan.run.folder;
  if (!lock_.exclusive()) {
    log_.warn("the file system of {} knows no locks: take care that only one run works there", folder.string());
  }
  make_folder(folder / "stages");
  remove_leftovers(folder / "stages");
  replace_file(folder / "run.yaml", plan.resolved);
  const CutOff cut = find_cut_off(folder);  // before the log has lines of this start
  log_.to_file(folder / "log.txt");
  ledger_.emplace(folder / "ledger.jsonl");
  if (!cut.stage.empty()) note({{"event", "stage was cut off"}, {"stage", cut.stage}, {"seconds", cut.seconds}});
}

void RunFolder::note(const nlohmann::ordered_json& event) {
  nlohmann::ordered_json line = {{"time", utc_now()}};
  line.update(event);
  ledger_->append(line.dump());
}

bool RunFolder::is_done(const StagePlan& stage) {
  remove_leftovers(stage.folder);
  if (!SealedFolder::looks_sealed(stage.output)) return false;
  try {
    const SealedFolder output = SealedFolder::open(stage.output);
    const IntactNote intact = note_of(stage);
    if (intact.vouches_for(output)) return true;
    output.require_intact();
    intact.remember(output);
    return true;
  } catch (const BrokenFolder& broken) {
    log_.warn("the output of stage '{}' is damaged and will be made again: {}", stage.name, broken.what());
    note({{"event", "broken output"}, {"stage", stage.name}, {"why", broken.what()}});
    discard_folder(stage.output);
    return false;
  }
}

void RunFolder::is_sealed(const StagePlan& stage) {
  FT_CHECK(SealedFolder::looks_sealed(stage.output), "recipe '{}' returned without sealing the output of stage '{}'",
           stage.recipe_name, stage.name);
  note_of(stage).remember(SealedFolder::open(stage.output));
}

}  // namespace ft
