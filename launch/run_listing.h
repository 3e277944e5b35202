// What lies in a run folder, and in its stages, beside finished outputs: checkpoints, pieces of work, what was set aside as
// damaged, who works there. For `ftrun inspect`, `ftrun verify` and `ftrun plan`, and for saying what a path is that is
// none of what was asked for.
//
//   if (is_run_folder(path)) print(list_run(path));
//   fail_user(what_is_there(path));
#pragma once

#include <cstdint>
#include <ctime>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

namespace ft {

struct SeenCheckpoint {
  std::filesystem::path folder;
  std::int64_t step = 0;
  std::time_t time = 0;  // of its manifest
  std::string damage;    // what shows without hashing; empty: nothing
};

struct SeenStage {
  std::filesystem::path folder;
  std::string name;                              // "solver" of "solver-0123456789ab"
  std::vector<std::filesystem::path> outputs;    // sealed
  std::vector<std::filesystem::path> unsealed;   // called outputs, without a manifest
  std::vector<SeenCheckpoint> checkpoints;       // by step
  std::int64_t attempts = 0, scores = 0;         // that a stage has finished and not yet sealed
  std::int64_t verdict_pieces = 0;               // the same, of a stage that grades
  std::vector<std::filesystem::path> set_aside;  // damaged outputs and checkpoints
};

struct SeenRun {
  std::filesystem::path folder;
  std::optional<std::string> holder;  // who works in it now
  std::string running;                // the stage that the last start is in, or was cut off in
  std::vector<SeenStage> stages;      // sorted by folder
};

// Why what is called an output is none: a sentence that begins with its path.
[[nodiscard]] std::string why_unsealed(const std::filesystem::path& output);

// By what a start of ftrun leaves in it.
[[nodiscard]] bool is_run_folder(const std::filesystem::path& folder);

// The path itself, or the nearest folder above, that is a run folder.
[[nodiscard]] std::optional<std::filesystem::path> run_around(std::filesystem::path path);

// Reads names, manifests and ledger, hashes nothing. Throws Unreadable. `folder`: of a run; of a stage.
[[nodiscard]] SeenRun list_run(const std::filesystem::path& folder);
[[nodiscard]] SeenStage list_stage(const std::filesystem::path& folder);

// Lines about what of a stage is not finished and what was set aside, each with "\n"; empty where there is nothing.
[[nodiscard]] std::string describe(const SeenStage& stage);

// One or more sentences about a path that is no sealed folder: whether it is there, what it is, what to name instead.
[[nodiscard]] std::string what_is_there(const std::filesystem::path& path);

// "solver" of "solver-0123456789ab"; the whole name of a folder that somebody has named otherwise ("solver-copy").
[[nodiscard]] std::string stage_name(const std::filesystem::path& folder);

}  // namespace ft
