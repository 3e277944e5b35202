// Why a stage's identity is another than it was: which key or file, from what to what, in words for people.
//
//   const auto why = changes(stage, read_file(old / "identity.txt"), inputs_of(old));
//   // {"training.lanes was 2, is 4", "model 'base': config.json changed"}
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "framework/recipe/run_plan.h"

namespace ft {

// `text` is the identity text that the stage had, `inputs` what its inputs were; absent where an older program wrote
// none. Empty where nothing is different.
[[nodiscard]] std::vector<std::string> changes(const StagePlan& stage, const std::string& text,
                                               const std::optional<std::vector<InputContent>>& inputs);

}  // namespace ft
