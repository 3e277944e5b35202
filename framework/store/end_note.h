// How the last start in a run folder ended, for scripts: <run folder>/exit_code holds the number that ftrun ended with.
//
// A launcher may end with a code of its own: mpirun with 1 where it was told to end itself, though every rank has sealed
// its work and ended with 75. Where the file holds words instead of a number, the start is still at work, or was killed.
//
//   note_begin(run);                  // rank 0, holding the run's lock
//   note_end(run, ExitCode::stopped)  // the same process, at its end
#pragma once

#include <filesystem>
#include <string_view>

#include "framework/base/error.h"

namespace ft {

inline constexpr std::string_view kEndNoteName = "exit_code";

// Replaces the number of the start before. Throws Error where the file cannot be written.
void note_begin(const std::filesystem::path& run);

// Nothing where the note is not of this process: it never got the folder, or another start has taken it since. Who was
// stopped before it had the folder (while it made its plan) says so where nobody else is at work there, or a script would
// take the number of the start before for its own.
void note_end(const std::filesystem::path& run, ExitCode code);

}  // namespace ft
