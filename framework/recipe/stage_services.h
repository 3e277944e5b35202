// What all parts of a stage use while it runs: the ranks, the log, the line of progress, and the wish to stop.
//
//   void tokenise(const StageServices& stage, ...) {
//     stage.together("tokenising", [&] { for (...) { stage.stop.check(); ... } });
//   }
#pragma once

#include <functional>
#include <string>
#include <utility>

#include "framework/base/log.h"
#include "framework/comm/groups.h"
#include "framework/recipe/progress_line.h"
#include "framework/recipe/stop_lead.h"

namespace ft {

// Asks of the outside world to stop: a signal or the time limit. Local to this rank, cheap.
using StopFlag = std::function<bool()>;

class StageStop {
 public:
  // `stage`: its name, for words. References must outlive this.
  StageStop(StopFlag flag, Communicator& world, std::string stage, StopLead& lead)
      : flag_(std::move(flag)), world_(world), stage_(std::move(stage)), lead_(lead) {}

  // Local: has this rank been asked to stop? For loops between collectives.
  [[nodiscard]] bool seen() const { return flag_(); }
  // Collective over world: has any rank?
  [[nodiscard]] bool requested() const { return any_rank(world_, "stop requested", flag_()); }
  // Local: throws StopRequested when this rank has been asked to stop. For long work inside of together().
  void check() const;
  // As long as it lives there is something that a kill would lose: the time between looks at the stop flag counts.
  [[nodiscard]] StopLead::Work work_begins() const { return StopLead::Work(lead_); }

 private:
  StopFlag flag_;
  Communicator& world_;
  std::string stage_;
  StopLead& lead_;
};

// References must outlive the value.
struct StageServices {
  Groups groups;
  Logger& log;
  ProgressLine& progress;
  StageStop stop;

  // Collective over world: every rank does its `work`, which exchanges nothing and looks at the wish to stop now and then.
  // Where that throws on one rank, or one meets damage (BrokenFolder), all throw.
  void together(Name name, const std::function<void()>& work) const;
};

}  // namespace ft
