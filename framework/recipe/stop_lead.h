// How long this run needs from the request to stop until its end: what a batch script must ask for between the signal
// and the kill (`--signal=B:USR1@N`), and how long before run.time_limit the run stops by itself.
//
//   StopLead lead(run_folder);              // starts with what an earlier start has measured
//   lead.polled();                          // at every look at the stop flag
//   lead.saved(3.2);                        // after every checkpoint, with the seconds it took
//   lead.seconds()                          // twice (the longest save + the longest time between looks) + 5
//
// The number lies in <run_folder>/stop_lead_seconds, a whole number of seconds in one line, for the next submission.
#pragma once

#include <filesystem>

namespace ft {

class StopLead {
 public:
  static constexpr const char* kFile = "stop_lead_seconds";

  explicit StopLead(std::filesystem::path run_folder);

  void polled();
  void saved(double seconds);
  [[nodiscard]] double seconds() const;

  // Brings the file up to date; true when the number has grown so much that a person should hear of it. One rank.
  bool write();

 private:
  std::filesystem::path run_folder_;
  double earlier_ = 0;  // of earlier starts
  double longest_save_ = 0, longest_gap_ = 0, last_poll_ = 0;
  int written_ = 0;
};

}  // namespace ft
