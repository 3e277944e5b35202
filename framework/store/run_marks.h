// Whether a folder is a run's, or somebody else's: a run writes run.yaml, log.txt, ledger.jsonl and some more under these
// names, and replaces what is there. In a folder that no run has been in, files of these names are a user's; and where other
// things lie, too, it was hardly meant: a data set, a model, a home folder.
//
//   if (const std::string why = why_not_a_runs(folder, run_file); !why.empty()) ...     // before anything is touched
#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

namespace ft {

// How a run's own run.yaml begins: the settings of the last start, written anew by every start.
inline constexpr std::string_view kRunMark =
    "# Written by ftrun at every start: settings and stages with all defaults, to read; models and problems are left "
    "out.\n";

// Whether a run of this program has been in the folder: one of what it writes is there, and is as it writes it. Throws
// Unreadable.
[[nodiscard]] bool has_run_marks(const std::filesystem::path& folder);

// Why a run must not work in `folder` (which need not exist), in words that go on after its name; empty: it may. In a
// folder without marks nothing may lie but hidden and empty files, run files, scripts and logs, and what the run reads:
// `run_file`, from which it is started, and `inputs`, which that names. Throws Unreadable.
[[nodiscard]] std::string why_not_a_runs(const std::filesystem::path& folder, const std::filesystem::path& run_file,
                                         const std::vector<std::filesystem::path>& inputs = {});

}  // namespace ft
