// What rank 0 does to the run folder on behalf of all: the lock, the log, the ledger, and which stages are done.
//
//   RunFolder folder(plan, log, end_note);             // takes the lock
//   folder.note({{"event", "start"}});
//   if (!folder.is_done(stage)) { ...; folder.is_sealed(stage); }
#pragma once

#include <sys/types.h>

#include <filesystem>
#include <map>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <utility>

#include "framework/base/log.h"
#include "framework/recipe/run_plan.h"
#include "framework/store/append_log.h"
#include "framework/store/end_note.h"
#include "framework/store/lock.h"

namespace ft {

// That this user may write to all that a start would write to, as far as it is there: for the plan, too. Throws UserError,
// Unreadable.
void require_own_files(const RunPlan& plan);

class RunFolder {
 public:
  // Throws UserError where the folder is in use, or holds what this user may read and not write: before anything of it
  // is touched. Error where it cannot be written, Unreadable where it cannot be read. Begins `note`.
  RunFolder(const RunPlan& plan, Logger& log, EndNote& note);

  // Of the lock: what every rank must see.
  [[nodiscard]] const std::string& token() const { return lock_.token(); }

  // Throws Error once the folder, or one that is watched, was moved or removed while the run works in it: what is written
  // from then on would make a second folder of that name, or go into somebody else's.
  void require_in_place() const;
  // The same, for callers that ask all the time: looks once a second.
  void watch_place();

  // Adds a line with the time to the ledger.
  void note(const nlohmann::ordered_json& event);

  // True when the stage's output is there and intact. A damaged one is said aloud and set aside (store/set_aside.h), so
  // that the stage runs again; one that was made from what is no longer there is warned of. Throws UserError where another
  // stage's output lies in its place, Unreadable where it cannot be known; nothing is touched then.
  bool is_done(const RunPlan& plan, const StagePlan& stage);

  // A folder below the run's that is worked in from now on: require_in_place() looks at it, too.
  void watch(const std::filesystem::path& folder);

  // A stage has just sealed its output: what was written and hashed need not be hashed at the next start, and damaged
  // ones that it takes the place of may go.
  void is_sealed(const StagePlan& stage);

  // Its output is sealed: removes the checkpoints that its key `keep_work` does not keep.
  void drop_work(const StagePlan& stage);

  // Something damaged was set aside: a line in the ledger, which says what, where and why.
  void note_set_aside(const StagePlan& stage, const std::filesystem::path& where, const std::string& why);

  // Somebody has read bytes that were not those that were sealed: the next start looks at every byte of every output.
  void doubt_outputs(const RunPlan& plan);

 private:
  Logger& log_;
  RunLock lock_;
  std::string name_;
  double looked_at_ = 0;  // monotonic seconds
  std::map<std::filesystem::path, std::pair<dev_t, ino_t>> watched_;
  std::optional<AppendLog> ledger_;
};

}  // namespace ft
