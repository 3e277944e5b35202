// The step log where a length was made shorter and longer again. A start at step S drops the lines of later steps
// (train/step_log.h), since it will make them again; but checkpoints of the longer length stay, and a start that goes on
// from one of them makes none of those steps. So their lines are kept beside the log, and come back.
//
//   keep_later_steps(folder, owner, cursor.step, newest_checkpoint);   // rank 0, before the log is opened at cursor.step
//
//   steps.jsonl            1 .. 50  -> 1 .. 30 while 30 steps are trained -> 1 .. 50, 51 ..
//   later-steps.jsonl      (none)   -> 1 .. 50                            -> (none)
#pragma once

#include <cstdint>
#include <filesystem>

#include "framework/base/owner.h"

namespace ft {

inline constexpr const char* kLaterSteps = "later-steps.jsonl";

// `owner`: the stage; lines of others do not count. `step`: where the start goes on; `newest`: the newest checkpoint in the stage's folder, beyond the length or not.
// Throws Error where a file cannot be written, Unreadable where it cannot be read.
void keep_later_steps(const std::filesystem::path& folder, const Owner& owner, std::int64_t step, std::int64_t newest);

}  // namespace ft
