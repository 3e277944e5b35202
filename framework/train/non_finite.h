// A step whose loss or gradient is infinite or no number: which of its examples are to blame.
//
// Costs nothing until it happens; then the step's micro-batches are computed once more, each alone, and of those that
// give no number each example alone, so that a person can look at the data.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "framework/batching/step_plan.h"
#include "framework/comm/groups.h"
#include "framework/train/lanes.h"

namespace ft {

// Collective over groups.world. `own`: this rank's lanes. A text for the end of a message, the same on every rank: the
// examples (lane, index, id, words by `describe`, which may be empty), or that all of them give none (the weights have
// diverged), or that none does alone (their sum overflows). At most five examples a rank.
[[nodiscard]] std::string find_suspects(const TrainedModel& model, const StepPlan& plan, const Examples& examples,
                                        LaneRange own, const LossWeights& weights, const LossCounts& counts,
                                        Groups groups,
                                        const std::function<std::string(std::int64_t example)>& describe);

}  // namespace ft
