// What a report says of a run besides its accuracies, read from what the stages left behind: how a model was trained, its
// loss step by step, where the time went, and which problems training and test share.
#pragma once

#include <string>
#include <vector>

#include "framework/recipe/stage_context.h"
#include "framework/report/report.h"

namespace ft {

// "solution_sft, verifier_sft (margin), solution_sft": the recipes that made a model, in order.
[[nodiscard]] std::string training_of(const RunPlan& plan, const std::string& model);

// From steps.jsonl; no points where there is none.
[[nodiscard]] report::LossCurve read_loss_curve(const StagePlan& stage);

// What the step log shows of a training that stopped learning, in words; empty where it did not, and for other stages.
[[nodiscard]] std::string standstill_of(const StagePlan& stage);

// From the ledger, the step logs, the manifests and the pieces of each rank; for stages in the order given.
[[nodiscard]] std::vector<report::StageTime> read_times(const RunPlan& plan,
                                                        const std::vector<const StagePlan*>& stages);

// Each problem set that `stages` test on against each that they train or validate on, and with itself. Local.
// A set that cannot be read any more, or whose files are others now, is left out with a warning.
[[nodiscard]] std::vector<report::OverlapFinding> find_shared_problems(StageContext& context,
                                                                       const std::vector<const StagePlan*>& stages,
                                                                       const std::vector<std::string>& shown);

}  // namespace ft
