#include "framework/recipe/run.h"

#include <algorithm>
#include <cstdio>
#include <nlohmann/json.hpp>
#include <optional>

#include "framework/base/clock.h"
#include "framework/comm/one_rank.h"
#include "framework/base/memory.h"
#include "framework/store/append_log.h"
#include "framework/store/files.h"
#include "framework/store/intact_note.h"
#include "framework/store/lock.h"
#include "framework/store/sealed_folder.h"

namespace ft {
namespace {

// What one rank (rank 0) does to the run folder on behalf of all.
class RunFolder {
 public:
  RunFolder(const RunPlan& plan, Logger& log) : plan_(plan), log_(log), lock_(plan.run.folder) {
    const std::filesystem::path folder = plan.run.folder;
    if (!lock_.exclusive()) log_.warn("the file system of {} knows no locks: take care that only one run works there", folder.string());
    make_folder(folder / "stages");
    remove_leftovers(folder / "stages");
    replace_file(folder / "run.yaml", plan.resolved);
    log_.to_file(folder / "log.txt");
    ledger_.emplace(folder / "ledger.jsonl");
  }

  const std::string& token() const { return lock_.token(); }

  void note(const nlohmann::ordered_json& event) {
    nlohmann::ordered_json line = {{"time", utc_now()}};
    line.update(event);
    ledger_->append(line.dump());
  }

  // True when the stage's output is there and intact. A broken one is said aloud and removed, so that the stage runs again.
  bool is_done(const StagePlan& stage) {
    remove_leftovers(stage.folder);
    if (!SealedFolder::looks_sealed(stage.output)) return false;
    try {
      const SealedFolder output = SealedFolder::open(stage.output);
      const IntactNote note = note_of(stage);
      if (note.vouches_for(output)) return true;
      output.require_intact();
      note.remember(output);
      return true;
    } catch (const BrokenFolder& broken) {
      log_.warn("the output of stage '{}' is damaged and will be made again: {}", stage.name, broken.what());
      note({{"event", "broken output"}, {"stage", stage.name}, {"why", broken.what()}});
      discard_folder(stage.output);
      return false;
    }
  }

  // A stage has just sealed its output: what was written and hashed need not be hashed at the next start.
  void is_sealed(const StagePlan& stage) {
    FT_CHECK(SealedFolder::looks_sealed(stage.output), "recipe '{}' returned without sealing the output of stage '{}'", stage.recipe_name, stage.name);
    note_of(stage).remember(SealedFolder::open(stage.output));
  }

 private:
  static IntactNote note_of(const StagePlan& stage) {
    return IntactNote(stage.folder / fmt::format("intact-{}.json", stage.output.filename().string()));
  }

  const RunPlan& plan_;
  Logger& log_;
  RunLock lock_;
  std::optional<AppendLog> ledger_;
};

// A folder that only some ranks see would lose the others' files; better said now than at the first checkpoint.
void check_shared(const RunPlan& plan, Communicator& world, const std::string& token) {
  const bool same = RunLock::token_in(plan.run.folder) == token;
  std::string blind;
  const auto answers = world.all_gather_bytes("run folder seen", same ? "yes" : "no");
  for (std::size_t rank = 0; rank < answers.size(); ++rank) {
    if (answers[rank] != "yes") blind += fmt::format("{}{}", blind.empty() ? "" : ", ", rank);
  }
  if (!blind.empty()) {
    throw UserError(fmt::format("run.folder '{}' is not the same folder on all ranks: rank {} does not see what rank 0 wrote; "
                                "use a folder on a shared file system", plan.run.folder, blind));
  }
}

// The peak of the rank that held most during the stage.
std::int64_t largest_memory(Communicator& world) {
  std::int64_t largest = 0;
  for (const std::string& bytes : world.all_gather_bytes("memory of the stage", std::to_string(peak_memory()))) {
    largest = std::max<std::int64_t>(largest, std::stoll(bytes));
  }
  return largest;
}

// Standard output belongs to results: the table, and where the page is.
void show_reports(const RunPlan& plan) {
  for (const StagePlan& stage : plan.stages) {
    if (stage.recipe->output() != ArtifactKind::report) continue;
    if (std::filesystem::exists(stage.output / "report.txt")) fmt::print("{}\n", read_file(stage.output / "report.txt"));
    fmt::print("report: {}\n", std::filesystem::absolute(stage.output / "index.html").lexically_normal().string());
  }
  std::fflush(stdout);
}

}  // namespace

void run_stages(const RunPlan& plan, const RunServices& services, Groups groups, Logger& log, ProgressLine& progress,
                const StopFlag& stop, StopLead& lead) {
  Communicator& world = groups.world;
  std::optional<RunFolder> folder;
  const std::string token = on_rank_zero(world, "run folder", [&] {
    folder.emplace(plan, log);
    folder->note({{"event", "start"}, {"ranks", world.size()}, {"tensor", groups.tensor.size()}, {"memory", resident_memory()}});
    return folder->token();
  });
  check_shared(plan, world, token);

  for (const StagePlan& stage : plan.stages) {
    const std::string done = on_rank_zero(world, "stage state", [&] {
      if (stop()) throw StopRequested(fmt::format("stopped on request before stage '{}'", stage.name));  // hashing may take long
      return std::string(folder->is_done(stage) ? "yes" : "no");
    });
    if (done == "yes") {
      log.info("stage '{}' is done already ({})", stage.name, stage.output.string());
      continue;
    }
    on_rank_zero(world, "stage folder", [&] {
      make_folder(stage.folder / "work");
      replace_file(stage.folder / "identity.txt", stage.identity_text);
      folder->note({{"event", "stage begins"}, {"stage", stage.name}, {"identity", stage.identity}});
      return std::string();
    });
    log.info("stage '{}' ({})", stage.name, stage.recipe_name);
    if (services.stage_begins) services.stage_begins(stage.name);
    const Stopwatch watch;
    reset_peak_memory();
    StageContext context(plan, stage, services, groups, log, progress, stop, lead);
    if (context.stop_requested()) throw StopRequested(fmt::format("stopped on request before stage '{}'", stage.name));
    try {
      stage.recipe->run(context);
    } catch (const UserError& error) {
      if (std::string_view(error.what()).starts_with(to_string(stage.place))) throw;
      throw UserError(fmt::format("{} (in stage '{}', {})", error.what(), stage.name, to_string(stage.place)));
    }
    const std::int64_t memory = largest_memory(world);
    if (world.rank() == 0) lead.write();
    on_rank_zero(world, "stage end", [&] {
      folder->is_sealed(stage);
      folder->note({{"event", "stage ends"}, {"stage", stage.name}, {"seconds", watch.seconds()}, {"memory", memory}});
      return std::string();
    });
    log.info("stage '{}' took {}", stage.name, duration_text(watch.seconds()));
  }
  on_rank_zero(world, "run end", [&] {
    folder->note({{"event", "end"}});
    show_reports(plan);
    return std::string();
  });
}

}  // namespace ft
