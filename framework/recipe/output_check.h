// Is what lies in a stage's place that stage's, and made from what its inputs are now? Folders are renamed, swapped and
// half copied by hand, and a name alone says nothing.
#pragma once

#include <string>

#include "framework/recipe/run_plan.h"
#include "framework/store/sealed_folder.h"

namespace ft {

// In words that go on after the stage's name; empty: the output is this stage's, with these settings and this extent.
[[nodiscard]] std::string why_not_own_output(const StagePlan& stage, const SealedFolder& output);

// In words that go on after the stage's name; empty: each stage that the output was made from has the output from then.
[[nodiscard]] std::string changed_parent(const RunPlan& plan, const StagePlan& stage, const SealedFolder& output);

// Throws UserError where a stage of the run would come upon what was put into its place by hand: the output of other
// settings, checkpoints of another stage. Throws Unreadable.
void require_own_work(const RunPlan& plan);

}  // namespace ft
