// What lies in a stage's folder of checkpoints, seen from outside of the training: which steps, whose they are.
//
// Whose is asked before anything else: a checkpoint of other settings was put there by hand. It is told of before the run
// begins, and never removed, whatever its number.
//
//   if (const std::string why = strange_checkpoints(checkpoints_of(stage.folder), stage.identity); !why.empty()) ...
//   for (const TrainCursor& cursor : sealed_cursors(folder)) ...
#pragma once

#include <cstdint>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "framework/base/log.h"
#include "framework/train/trainer.h"

namespace ft {

// Of a stage's folder.
[[nodiscard]] inline std::filesystem::path checkpoints_of(const std::filesystem::path& stage) {
  return stage / "work" / "checkpoints";
}

[[nodiscard]] std::string checkpoint_name(std::int64_t step);                         // "step-00000200"
[[nodiscard]] std::optional<std::int64_t> step_of_checkpoint(std::string_view name);  // 200; none: another name

[[nodiscard]] nlohmann::ordered_json to_json(const TrainCursor& cursor);
// Of a checkpoint's metadata. Throws nlohmann's exceptions where there is none in it.
[[nodiscard]] TrainCursor cursor_from_metadata(const nlohmann::ordered_json& metadata);

// Where the sealed checkpoints of a folder stand, the earliest first; without a look at their bytes. Damaged manifests are
// left out. Throws Unreadable.
[[nodiscard]] std::vector<TrainCursor> sealed_cursors(const std::filesystem::path& folder);

// The identity that a checkpoint's manifest says, where it is another one; none where it says none, or cannot be
// understood: that is damage. Throws Unreadable.
[[nodiscard]] std::optional<std::string> foreign_identity(const std::filesystem::path& checkpoint,
                                                          std::string_view identity);
// All that bear a checkpoint's name and are of another stage, or no folder, in words that go on after the stage's name;
// empty: none. Throws Unreadable.
[[nodiscard]] std::string strange_checkpoints(const std::filesystem::path& folder, std::string_view identity);

// Of a training whose output is sealed: removes its sealed checkpoints, but for the newest one and the best one that this
// one needs where `keep_last`, and for those of other stages. Returns how many. What cannot be removed stays, and is
// told. Throws Unreadable.
int drop_checkpoints(const std::filesystem::path& folder, std::string_view identity, bool keep_last, Logger& log);

}  // namespace ft
