// How long this run needs from the request to stop until its end: what a batch script must ask for between the signal
// and the kill (`--signal=B:USR1@N`), and how long before run.time_limit the run stops by itself.
//
//   StopLead lead(run_folder);              // starts with what an earlier start has measured
//   { const StopLead::Work work(lead); ... }  // while there is something that a kill would lose
//   lead.polled();                          // at every look at the stop flag
//   lead.saved(3.2);                        // after every checkpoint, with the seconds it took
//   lead.seconds()                          // half as much again as the longest save + the longest time between looks, + 5
//
// Only gaps within Work count: a kill while a model is read or texts are tokenised loses nothing. Once this start has
// measured for itself, what an earlier one found is forgotten: it may have been another model on another machine. Gaps
// are forgotten after some minutes, too: one slow moment is not held against the run for ever.
//
// The number lies in <run_folder>/stop_lead_seconds, a whole number of seconds in one line, for the next submission.
#pragma once

#include <array>
#include <filesystem>

namespace ft {

class StopLead {
 public:
  static constexpr const char* kFile = "stop_lead_seconds";

  explicit StopLead(std::filesystem::path run_folder);

  class Work {
   public:
    explicit Work(StopLead& lead) : lead_(lead) { lead_.begin_work(); }
    ~Work() { lead_.at_work_ = false; }
    Work(const Work&) = delete;
    Work& operator=(const Work&) = delete;

   private:
    StopLead& lead_;
  };

  void polled();
  void saved(double seconds);
  [[nodiscard]] double seconds() const;

  // Brings the file up to date; true when the number has changed so much that a person should hear of it. One rank.
  bool write();

 private:
  void begin_work();

  std::filesystem::path run_folder_;
  double earlier_ = 0;  // of earlier starts
  bool at_work_ = false, measured_ = false;
  double longest_save_ = 0, last_poll_ = 0;
  std::array<double, 2> gaps_ = {0, 0};  // the longest of this window of time, and of the one before
  double window_begin_ = 0;
  int written_ = 0;
};

}  // namespace ft
