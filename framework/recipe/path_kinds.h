// Whether what lies under the names that a run writes to, in its folder and in those of its stages, is of the kind that it
// needs there: a file where it writes a file, a folder where it makes one. A link that leads nowhere, a pipe, a folder of
// somebody's in the place of a log would otherwise be met when the stage begins, hours after the start.
//
//   if (const std::string wrong = wrong_kind_in_run(folder); !wrong.empty()) fail_user(place, wrong);
//   for (const StagePlan& stage : plan.stages) ... wrong_kind_in_stage(stage.folder) ...
//
// Looks only. Throws Unreadable where it cannot be known.
#pragma once

#include <filesystem>
#include <string>

namespace ft {

// A sentence with the path, what lies there, what it should be and what to do; empty: all is well, or not there yet.
[[nodiscard]] std::string wrong_kind_in_run(const std::filesystem::path& run);
// Of <run>/stages/<name>-<identity>, with the work of a stage of any recipe.
[[nodiscard]] std::string wrong_kind_in_stage(const std::filesystem::path& stage);

}  // namespace ft
