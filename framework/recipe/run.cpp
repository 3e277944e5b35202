#include "framework/recipe/run.h"

#include <algorithm>
#include <optional>

#include "framework/base/clock.h"
#include "framework/base/failure.h"
#include "framework/base/memory.h"
#include "framework/base/results.h"
#include "framework/comm/agreement.h"
#include "framework/comm/one_rank.h"
#include "framework/kernels/allocator.h"
#include "framework/recipe/output_check.h"
#include "framework/recipe/run_folder.h"
#include "framework/recipe/stage_examples.h"
#include "framework/recipe/stage_times.h"
#include "framework/recipe/superseded.h"
#include "framework/recipe/unchanged_inputs.h"
#include "framework/store/files.h"
#include "framework/store/last_start.h"
#include "framework/store/lock.h"
#include "framework/store/sealed_folder.h"

namespace ft {
namespace {

// What this rank sees of the run folder: the lock's token, or why it cannot be read.
std::string token_seen(const RunPlan& plan) {
  try {
    return "token " + RunLock::token_in(plan.run.folder);
  } catch (const Unreadable& error) {
    return error.what();
  }
}

// A folder that only some ranks see would lose the others' files; better said now than at the first checkpoint.
void check_shared(const RunPlan& plan, Communicator& world, const std::string& token) {
  std::string blind;
  const auto answers = world.all_gather_bytes("run folder seen", token_seen(plan));
  for (std::size_t rank = 0; rank < answers.size(); ++rank) {
    if (!answers[rank].starts_with("token ")) throw Error(fmt::format("rank {}: {}", rank, answers[rank]));
    if (answers[rank] != "token " + token) blind += fmt::format("{}{}", blind.empty() ? "" : ", ", rank);
  }
  if (!blind.empty()) {
    throw UserError(
        fmt::format("run.folder '{}' is not the same folder on all ranks: rank {} does not see what rank 0 wrote; "
                    "use a folder on a shared file system",
                    plan.run.folder, blind));
  }
}

LastStart last_start_of(const RunPlan& plan) {
  LastStart start;
  for (const StagePlan& stage : plan.stages) {
    const std::filesystem::path folder = std::filesystem::path("stages") / stage.folder.filename();
    start.outputs.push_back({stage.name, folder, folder / stage.output.filename(), stage.identity, stage.extent_text});
  }
  return start;
}

void tell(const std::vector<Superseded>& superseded, RunFolder& folder, Logger& log) {
  for (const Superseded& work : superseded) {
    log.warn("{}", to_text(work));
    folder.note({{"event", "begins anew"},
                 {"stage", work.stage},
                 {"folder", work.folder.filename().string()},
                 {"why", work.reasons}});
  }
  const auto moves = [](const Superseded& work) { return !work.stays_in_place; };
  if (std::ranges::any_of(superseded, moves))
    log.info("what is set aside stays until you remove its folder; the settings that made it go on from it");
}

struct StageMemory {
  std::int64_t peak = 0, libraries = 0;
};

// Of the rank that held most of its own during the stage.
StageMemory largest_memory(Communicator& world) {
  const StageMemory mine{peak_memory(), library_memory()};
  return agree(world, "memory of the stage", mine, [](const StageMemory& a, const StageMemory& b) {
    return b.peak - b.libraries > a.peak - a.libraries ? b : a;
  });
}

// The ledger tells of the time of a start that did not come to the stage's end, too.
void run_noted(const StagePlan& stage, StageContext& context, RunFolder* folder, const Stopwatch& watch) {
  try {
    stage.recipe->run(context);
  } catch (...) {
    try {
      if (folder != nullptr)
        folder->note({{"event", "stage stops"}, {"stage", stage.name}, {"seconds", watch.seconds()}});
    } catch (const std::exception&) {  // the reason why the stage stops is worth more
    }
    throw;
  }
}

// Sound when it was looked at last: the next start trusts nobody's word.
[[noreturn]] void fail_damaged(const BrokenFolder& damage, const std::string& where, const RunPlan& plan,
                               RunFolder* folder) {
  if (folder != nullptr) folder->doubt_outputs(plan);
  throw Error(fmt::format(
      "{}{}; the next start looks at every byte of what the stages before have made, and makes again what is damaged",
      damage.what(), where));
}

// Under a folder that was moved away calls fail in the system's words, on any rank, a user's mistake by their looks: where it
// is so, that is told instead.
void tell_of_move(const RunPlan& plan, const std::string& token, const RunFolder* folder, const std::exception& error) {
  if (folder != nullptr) return folder->require_in_place();
  try {
    if (RunLock::token_in(plan.run.folder) == token) return;
  } catch (const std::exception&) {  // nobody knows
    return;
  }
  throw Error(
      fmt::format("{}; the run folder {} is not the one any more that this run began in (moved, removed, or its "
                  "disk unmounted)",
                  error.what(), plan.run.folder));
}

// What a stage throws, with what helps the reader.
void run_told(const RunPlan& plan, const StagePlan& stage, StageContext& context, const std::string& token,
              RunFolder* folder, const Stopwatch& watch) {
  try {
    run_noted(stage, context, folder, watch);
  } catch (const StopRequested&) {
    throw;
  } catch (const UserError& error) {
    tell_of_move(plan, token, folder, error);
    if (std::string_view(error.what()).starts_with(to_string(stage.place))) throw;
    throw UserError(fmt::format("{} (in stage '{}', {})", error.what(), stage.name, to_string(stage.place)));
  } catch (const BrokenFolder& error) {
    tell_of_move(plan, token, folder, error);
    fail_damaged(error, fmt::format(" (in stage '{}')", stage.name), plan, folder);
  } catch (const std::exception& error) {
    tell_of_move(plan, token, folder, error);
    if (!is_out_of_memory(error)) throw;
    throw Error(fmt::format("stage '{}': {}", stage.name, failure_text(error)));
  }
}

// The time of this start, and of all where there were several.
std::string took(const RunPlan& plan, const StagePlan& stage, double seconds) {
  const StageTimes times = read_stage_times(plan.run.folder);
  const StageTime* all = find_time(times, stage.name, stage.identity);
  if (all == nullptr || all->starts < 2) return duration_text(seconds);
  return fmt::format("{}, in all its {} starts {}{}", duration_text(seconds), all->starts,
                     all->unknown > 0 ? "at least " : "", duration_text(all->seconds));
}

// Standard output belongs to results: the table, and where the page is.
void show_reports(const RunPlan& plan) {
  for (const StagePlan& stage : plan.stages) {
    if (stage.recipe->output() != ArtifactKind::report) continue;
    if (const auto text = SealedFolder::open(stage.output).read_if_there("report.txt")) print_results("{}\n", *text);
    print_results("report: {}\n", std::filesystem::absolute(stage.output / "index.html").lexically_normal().string());
  }
}

// One start of a run, stage after stage. Rank 0 alone has the run folder.
class Start {
 public:
  Start(const RunPlan& plan, const RunServices& services, Groups groups, Logger& log, ProgressLine& progress,
        const StopFlag& stop, StopLead& lead)
      : plan_(plan), services_(services), groups_(groups), log_(log), progress_(progress), lead_(lead) {
    asked_ = [this, stop] {
      if (folder_) folder_->watch_place();
      return stop();
    };
  }
  void take_folder(EndNote& end_note);
  void run(const StagePlan& stage);
  void end();

 private:
  bool is_done(const StagePlan& stage);
  void begin(const StagePlan& stage);
  void note_end(const StagePlan& stage, const Stopwatch& watch);
  StageHooks hooks(const StagePlan& stage);
  RunFolder* folder() { return folder_ ? &*folder_ : nullptr; }

  const RunPlan& plan_;
  const RunServices& services_;
  Groups groups_;
  Logger& log_;
  ProgressLine& progress_;
  StopLead& lead_;
  StopFlag asked_;
  std::optional<RunFolder> folder_;
  std::string token_;
};

void Start::take_folder(EndNote& end_note) {
  token_ = on_rank_zero(groups_.world, "run folder", [&] {
    const bool reads = plan_.run.restart == Restart::refuse && !RunLock::holder_of(plan_.run.folder);
    const std::vector<Superseded> superseded = find_superseded(plan_, reads ? Look::bytes : Look::sizes);
    refuse_restart(plan_, superseded);
    require_own_work(plan_);
    folder_.emplace(plan_, log_, end_note);
    folder_->note({{"event", "start"},
                   {"ranks", groups_.world.size()},
                   {"tensor", groups_.tensor.size()},
                   {"memory", resident_memory()},
                   {"libraries", library_memory()}});
    write_last_start(plan_.run.folder, last_start_of(plan_));
    if (services_.folder_taken) services_.folder_taken();
    tell(superseded, *folder_, log_);
    return folder_->token();
  });
  check_shared(plan_, groups_.world, token_);
}

bool Start::is_done(const StagePlan& stage) {
  const std::string done = on_rank_zero(groups_.world, "stage state", [&] {
    if (asked_())
      throw StopRequested(fmt::format("stopped on request before stage '{}'", stage.name));  // hashing may take long
    const bool is_done = folder_->is_done(plan_, stage);
    if (is_done) folder_->drop_work(stage);
    return std::string(is_done ? "yes" : "no");
  });
  return done == "yes";
}

void Start::begin(const StagePlan& stage) {
  on_rank_zero(groups_.world, "stage folder", [&] {
    require_unchanged_files(stage, services_);
    make_folder(stage.folder / "work");
    folder_->watch(stage.folder);
    replace_file(stage.folder / "identity.txt", stage.identity_text);
    replace_file(stage.folder / kInputsFile, to_json(stage.contents));
    folder_->note({{"event", "stage begins"}, {"stage", stage.name}, {"identity", stage.identity}});
    return std::string();
  });
  log_.info("stage '{}' ({})", stage.name, stage.recipe_name);
  if (services_.stage_begins) services_.stage_begins(stage.name);
}

StageHooks Start::hooks(const StagePlan& stage) {
  StageHooks hooks;
  if (!folder_) return hooks;
  hooks.require_place = [this] { folder_->require_in_place(); };
  hooks.set_aside = [this, &stage](const std::filesystem::path& where, const std::string& why) {
    folder_->note_set_aside(stage, where, why);
  };
  return hooks;
}

void Start::note_end(const StagePlan& stage, const Stopwatch& watch) {
  const StageMemory memory = largest_memory(groups_.world);
  if (groups_.world.rank() == 0) lead_.write();
  on_rank_zero(groups_.world, "stage end", [&] {
    folder_->is_sealed(stage);
    folder_->note({{"event", "stage ends"},
                   {"stage", stage.name},
                   {"seconds", watch.seconds()},
                   {"memory", memory.peak},
                   {"libraries", memory.libraries}});
    folder_->drop_work(stage);
    return std::string();
  });
  if (log_.informs()) log_.info("stage '{}' took {}", stage.name, took(plan_, stage, watch.seconds()));
}

void Start::run(const StagePlan& stage) {
  if (is_done(stage)) return log_.info("stage '{}' is done already ({})", stage.name, stage.output.string());
  begin(stage);
  const Stopwatch watch;
  release_freed_memory();  // a stage's peak is its own
  reset_peak_memory();
  StageContext context(plan_, stage, services_, groups_, log_, progress_, asked_, lead_, hooks(stage));
  if (context.stop.requested()) throw StopRequested(fmt::format("stopped on request before stage '{}'", stage.name));
  run_told(plan_, stage, context, token_, folder(), watch);
  note_end(stage, watch);
}

void Start::end() {
  on_rank_zero(groups_.world, "run end", [&] {
    folder_->note({{"event", "end"}});
    try {
      show_reports(plan_);
    } catch (const BrokenFolder& error) {
      fail_damaged(error, "", plan_, folder());
    }
    try {
      sweep_examples(plan_);
    } catch (const Error& error) {  // the results are there
      log_.warn("the tokenised examples take room that is not freed: {}", error.what());
    }
    return std::string();
  });
}

}  // namespace

void run_stages(const RunPlan& plan, const RunServices& services, Groups groups, Logger& log, ProgressLine& progress,
                const StopFlag& stop, StopLead& lead, EndNote& end_note) {
  release_freed_memory();  // what planning took is not the program's own
  Start start(plan, services, groups, log, progress, stop, lead);
  start.take_folder(end_note);
  for (const StagePlan& stage : plan.stages) start.run(stage);
  start.end();
}

}  // namespace ft
