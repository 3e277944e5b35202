#include "framework/recipe/run_folder.h"

#include <fcntl.h>
#include <sys/stat.h>

#include <cerrno>

#include "framework/base/clock.h"
#include "framework/recipe/checkpoint_folder.h"
#include "framework/recipe/output_check.h"
#include "framework/recipe/run_records.h"
#include "framework/recipe/stage_times.h"
#include "framework/store/files.h"
#include "framework/store/intact_note.h"
#include "framework/store/rights.h"
#include "framework/store/sealed_folder.h"
#include "framework/store/set_aside.h"
#include "framework/train/settings.h"

namespace ft {
namespace {

IntactNote note_of(const StagePlan& stage) { return intact_note_of(stage.output); }

// What a start would write to or remove from, as far as it is there. Sealed outputs are read only.
std::vector<std::filesystem::path> written_paths(const RunPlan& plan) {
  const std::filesystem::path run = plan.run.folder;
  std::vector<std::filesystem::path> paths = {
      run, run / "stages", run / "lock", run / "log.txt", run / "ledger.jsonl", run / kEndNoteName, run / "examples"};
  for (const StagePlan& stage : plan.stages) {
    const std::filesystem::path work = stage.folder / "work";
    for (const std::filesystem::path& folder : {stage.folder, work, work / "checkpoints", stage.folder / "events"}) {
      paths.push_back(folder);
    }
    for (const std::filesystem::path& folder : {stage.folder, work}) {
      for (const std::string& name : list_folder(folder)) {
        if (name.ends_with(".jsonl")) paths.push_back(folder / name);
      }
    }
  }
  return paths;
}

// What tells a folder from another one of its name; zeros: there is none.
std::pair<dev_t, ino_t> entry_of(const std::filesystem::path& folder) {
  struct stat info {};
  if (::stat(folder.c_str(), &info) != 0) {
    if (errno == ENOENT || errno == ENOTDIR) return {};
    fail_unreadable(folder, errno);
  }
  return {info.st_dev, info.st_ino};
}

const RunPlan& accessible(const RunPlan& plan) {
  require_own_files(plan);
  return plan;
}

}  // namespace

void require_own_files(const RunPlan& plan) { require_rights(written_paths(plan)); }

RunFolder::RunFolder(const RunPlan& plan, Logger& log, EndNote& note)
    : log_(log), lock_(accessible(plan).run.folder), name_(plan.run.folder) {
  const std::filesystem::path folder = plan.run.folder;
  if (!lock_.exclusive()) {
    log_.warn("the file system of {} knows no locks: take care that only one run works there", folder.string());
  }
  note.begin(folder);
  make_folder(folder / "stages");
  watch(folder / "stages");
  remove_leftovers(folder / "stages");
  replace_file(folder / "run.yaml", plan.resolved);
  const CutOff cut = find_cut_off(folder);  // before the log has lines of this start
  const RecordDamage damage = damage_of_records(folder);
  const FileHandle log_opens(folder / "log.txt", O_WRONLY | O_CREAT | O_APPEND);  // tells a failure from a mistake
  log_.to_file(folder / "log.txt");
  for (const std::string& text : damage.all()) log_.warn("{}", text);
  ledger_.emplace(folder / "ledger.jsonl");
  if (!cut.stage.empty()) this->note({{"event", "stage was cut off"}, {"stage", cut.stage}, {"seconds", cut.seconds}});
}

void RunFolder::watch_place() {
  constexpr double kSeconds = 1;
  const double now = monotonic_seconds();
  if (now - looked_at_ < kSeconds) return;
  looked_at_ = now;
  require_in_place();
}

void RunFolder::watch(const std::filesystem::path& folder) { watched_.insert_or_assign(folder, entry_of(folder)); }

void RunFolder::require_in_place() const {
  for (const auto& [folder, entry] : watched_) {
    if (!lock_.is_in_place()) break;
    if (entry_of(folder) == entry) continue;
    throw Error(fmt::format(
        "the folder {} was moved or removed while this run worked in it, or its disk unmounted: nothing more "
        "is written. Put it back, and the run goes on from its last checkpoint",
        folder.string()));
  }
  if (lock_.is_in_place()) return;
  throw Error(fmt::format(
      "the run folder {} was moved or removed while this run worked in it, or its disk unmounted: nothing more is "
      "written. Where it was moved, give its new place as run.folder: the run goes on from its last checkpoint there",
      name_));
}

void RunFolder::note(const nlohmann::ordered_json& event) {
  nlohmann::ordered_json line = {{"time", utc_now()}};
  line.update(event);
  ledger_->append(line.dump());
}

bool RunFolder::is_done(const RunPlan& plan, const StagePlan& stage) {
  remove_leftovers(stage.folder);
  if (!is_there(stage.output)) return false;
  try {
    const SealedFolder output = SealedFolder::open(stage.output);
    if (const std::string other = why_not_own_output(stage, output); !other.empty())
      fail_user(fmt::format("stage '{}' {}", stage.name, other));
    if (const std::string changed = changed_parent(plan, stage, output); !changed.empty())
      log_.warn("stage '{}' {}", stage.name, changed);
    const IntactNote intact = note_of(stage);
    if (intact.vouches_for(output)) return true;
    output.require_intact();
    intact.remember(output);
    return true;
  } catch (const BrokenFolder& broken) {
    const std::filesystem::path where = set_aside(stage.output);
    log_.warn(
        "the output of stage '{}' is damaged and will be made again: {}; it is kept as {} until a sound one is sealed",
        stage.name, broken.what(), where.string());
    note_set_aside(stage, where, broken.what());
    return false;
  }
}

void RunFolder::is_sealed(const StagePlan& stage) {
  FT_CHECK(SealedFolder::looks_sealed(stage.output), "recipe '{}' returned without sealing the output of stage '{}'",
           stage.recipe_name, stage.name);
  note_of(stage).remember(SealedFolder::open(stage.output));
  for (const std::filesystem::path& damaged : set_aside_in(stage.folder)) {
    if (original_of(damaged) != stage.output.filename()) continue;
    try {
      discard_folder(damaged);
    } catch (const Error& error) {
      log_.warn("a damaged output, made again since, takes room that is not freed: {}", error.what());
    }
  }
}

void RunFolder::drop_work(const StagePlan& stage) {
  const auto* training = std::get_if<TrainingWork>(&stage.work);
  if (training == nullptr || training->settings.keep_work == KeepWork::all) return;
  const KeepWork keep = training->settings.keep_work;
  const int dropped = drop_checkpoints(checkpoints_of(stage.folder), stage.identity, keep == KeepWork::last, log_);
  if (dropped == 0) return;
  note({{"event", "checkpoints removed"}, {"stage", stage.name}, {"count", dropped}, {"keep_work", to_string(keep)}});
  log_.info("stage '{}': {} {} removed (keep_work: {})", stage.name, dropped,
            dropped == 1 ? "checkpoint is" : "checkpoints are", to_string(keep));
}

void RunFolder::note_set_aside(const StagePlan& stage, const std::filesystem::path& where, const std::string& why) {
  note({{"event", "set aside"},
        {"stage", stage.name},
        {"what", original_of(where)},
        {"where", where.string()},
        {"why", why}});
}

void RunFolder::doubt_outputs(const RunPlan& plan) {
  for (const StagePlan& stage : plan.stages) note_of(stage).forget();
}

}  // namespace ft
