// How the last start in a run folder ended, for scripts: <run folder>/exit_code holds the number that ftrun ended with.
//
// A launcher may end with a code of its own: mpirun with 1 where it was told to end itself, though every rank has sealed
// its work and ended with 75. Where the file holds words instead of a number, the start is still at work, or was killed.
//
//   EndNote note;
//   EndNote::planning(run);           // rank 0, as soon as the folder is known
//   note.begin(run);                  // rank 0, holding the run's lock
//   note.end(run, ExitCode::stopped)  // at the end of the process
//
// The file stays open in between, and its bytes are written in place: so neither a full disk nor a run folder that was moved
// meanwhile keeps the number from it.
#pragma once

#include <filesystem>
#include <optional>
#include <string_view>

#include "framework/base/error.h"
#include "framework/store/files.h"

namespace ft {

inline constexpr std::string_view kEndNoteName = "exit_code";

class EndNote {
 public:
  // Before the lock is held: this start is at work, too, while it makes its plan and hashes what it reads. In place of a number
  // alone, for words are of somebody else who works there; and only where a run has been. What cannot be written is left.
  static void planning(const std::filesystem::path& run);
  // Replaces the number of the start before. Throws Error where the file cannot be written.
  void begin(const std::filesystem::path& run);

  // Nothing where the note is not of this process: it never got the folder, or another start has taken it since. Who ended
  // before it had the folder (stopped while it made its plan, or refused) says so where a run has been and nobody else is at
  // work, or a script would take the number of the start before for its own.
  void end(const std::filesystem::path& run, ExitCode code);

 private:
  std::optional<FileHandle> file_;
};

}  // namespace ft
