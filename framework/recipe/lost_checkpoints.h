// The checkpoints of a training that was begun, where there are some and none of them can be gone on from, because they are
// damaged: the stage would begin anew.
//
//   if (const auto lost = lost_checkpoints(stage, Look::sizes)) fmt::print("{}", fmt::join(lost->damage, "; "));
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "framework/recipe/run_plan.h"

namespace ft {

// How far checkpoints are looked at: names, sizes and manifests, which takes no time; or every byte, until a sound one is
// found.
enum class Look { sizes, bytes };

struct LostCheckpoints {
  std::int64_t step = 0;            // that the newest of them had reached
  std::vector<std::string> damage;  // of each, the newest first
};

// What is wrong with a sealed folder, as far as is looked; empty: nothing. Throws Unreadable.
[[nodiscard]] std::string damage_of(const std::filesystem::path& folder, Look look);

// Nothing for a stage that makes no model, where one of its checkpoints is sound, and where all lie beyond its length. Changes
// nothing. Throws Unreadable.
[[nodiscard]] std::optional<LostCheckpoints> lost_checkpoints(const StagePlan& stage, Look look);

// The length that a stage is asked for; nothing where it has none.
[[nodiscard]] std::optional<Length> length_of(const StagePlan& stage);
// "30steps" of an extent's text; empty where it has none.
[[nodiscard]] std::string length_in(const std::string& extent);

}  // namespace ft
