// What a start leaves lying: the work of a stage whose identity has changed, so that the stage begins anew beside it, and
// checkpoints that all lie beyond a length which is shorter than before, or are all damaged. Nothing of it is removed, but
// nobody looks for it either: so it is said, by the run, by `ftrun plan`, and before anything is touched where
// `run.restart: refuse` asks for that.
//
//   for (const Superseded& work : find_superseded(plan)) log.warn("{}", to_text(work));
//
//   stage 'solver' begins anew: training.lanes was 2, is 4; 24 steps (1.2 MB) in runs/x/stages/solver-59dc569e19b1 are
//   set aside
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "framework/recipe/lost_checkpoints.h"
#include "framework/recipe/run_plan.h"

namespace ft {

struct Superseded {
  std::string stage;
  bool begins_anew = true;           // false: there is older work of the new settings, and the stage goes on with it
  bool is_report = false;            // a page, or verdicts: made again in seconds
  bool is_damaged = false;           // nothing was changed: its checkpoints are damaged
  bool stays_in_place = false;       // the new work goes into the same folder, and a longer length finds the old there
  std::filesystem::path folder;      // of the stage as it was
  std::vector<std::string> reasons;  // what has changed; never empty
  std::string amount;                // "24 steps", "finished, 120 attempts"
  bool is_one = false;               // the amount is one thing: it is, not they are
  std::int64_t bytes = 0;            // on the disk
  double seconds = 0;                // of work, as far as logs tell; 0: unknown
};

// What a stage that is not done will go on from.
struct Continuation {
  bool goes_on = false;
  std::string from;  // "step 24 is saved"; empty where it does not go on
};

// As the stage itself will find it, but for damage that shows only when the bytes are read.
[[nodiscard]] Continuation continuation_of(const StagePlan& stage);

// In the order of the run file. Compares with the last start where there is a record of it, else with the work that
// differs least. Checkpoints are looked at as far as `look` says. Reads the run folder only. Throws Error where something
// there cannot be read.
[[nodiscard]] std::vector<Superseded> find_superseded(const RunPlan& plan, Look look = Look::sizes);

// One sentence, without a full stop.
[[nodiscard]] std::string to_text(const Superseded& work);

// Throws UserError that tells all of it where a stage would begin anew, reports aside, and the run file says
// `restart: refuse`.
void refuse_restart(const RunPlan& plan, const std::vector<Superseded>& superseded);

}  // namespace ft
