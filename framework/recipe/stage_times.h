// How long each stage has taken, over all starts of the run: a stage that was stopped three times took the sum of four
// pieces. Read from the ledger, where every start leaves its marks.
//
//   const StageTimes times = read_stage_times(run_folder);
//   if (const StageTime* time = find_time(times, "solver", identity)) fmt::print("{:.0f} s", time->seconds);
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <string>
#include <utility>

namespace ft {

struct StageTime {
  double seconds = 0;  // of all its starts, as far as they are known
  int starts = 0;      // how often it was begun
  int unknown = 0;     // of them: killed before they left any sign of life
  bool ended = false;  // it came to its end at least once
  // Of its last ended start, 0 where it was not measured:
  std::int64_t peak = 0;      // bytes: the most that one rank held, all of the process
  std::int64_t memory = 0;    // of them, beside what the program held at first and its libraries' files
  int ranks = 1, tensor = 1;  // on which it ran
};

// By name and identity.
using StageTimes = std::map<std::pair<std::string, std::string>, StageTime>;

// No entries where there is no ledger. Lines that are no events of a stage are passed over.
[[nodiscard]] StageTimes read_stage_times(const std::filesystem::path& run_folder);

// Null where the stage was never begun.
[[nodiscard]] const StageTime* find_time(const StageTimes& times, const std::string& stage,
                                         const std::string& identity);

// The stage that the last start was in when it was cut off, and for how long it had worked there by the last line of its
// log; no name where it came to an orderly end. For the next start, before it writes anything.
struct CutOff {
  std::string stage;
  double seconds = 0;
  bool known = false;  // whether the log has a line of that time
};
[[nodiscard]] CutOff find_cut_off(const std::filesystem::path& run_folder);

}  // namespace ft
