// Whether a folder is a run's, or somebody else's: a run writes run.yaml, log.txt, ledger.jsonl and some more under these
// names, and replaces what is there. In a folder that no run has been in, files of these names are a user's.
//
//   if (const std::string why = why_not_a_runs(folder, run_file); !why.empty()) ...     // before anything is touched
#pragma once

#include <filesystem>
#include <string>
#include <string_view>

namespace ft {

// How a run's own run.yaml begins: the settings of the last start, written anew by every start.
inline constexpr std::string_view kRunMark =
    "# Written by ftrun at every start: settings and stages with all defaults, to read; models and problems are left "
    "out.\n";

// Why a run must not work in `folder` (which need not exist), in words that go on after its name; empty: it may.
// `run_file` is what the run is started from. Throws Unreadable.
[[nodiscard]] std::string why_not_a_runs(const std::filesystem::path& folder, const std::filesystem::path& run_file);

}  // namespace ft
