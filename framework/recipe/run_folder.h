// What rank 0 does to the run folder on behalf of all: the lock, the log, the ledger, and which stages are done.
//
//   RunFolder folder(plan, log);                       // takes the lock
//   folder.note({{"event", "start"}});
//   if (!folder.is_done(stage)) { ...; folder.is_sealed(stage); }
#pragma once

#include <nlohmann/json.hpp>
#include <optional>
#include <string>

#include "framework/base/log.h"
#include "framework/recipe/run_plan.h"
#include "framework/store/append_log.h"
#include "framework/store/lock.h"

namespace ft {

class RunFolder {
 public:
  // Throws UserError where the folder is in use, Error where it cannot be written.
  RunFolder(const RunPlan& plan, Logger& log);

  // Of the lock: what every rank must see.
  [[nodiscard]] const std::string& token() const { return lock_.token(); }

  // Adds a line with the time to the ledger.
  void note(const nlohmann::ordered_json& event);

  // True when the stage's output is there and intact. A broken one is said aloud and removed, so that the stage runs
  // again.
  bool is_done(const StagePlan& stage);

  // A stage has just sealed its output: what was written and hashed need not be hashed at the next start.
  void is_sealed(const StagePlan& stage);

 private:
  Logger& log_;
  RunLock lock_;
  std::optional<AppendLog> ledger_;
};

}  // namespace ft
