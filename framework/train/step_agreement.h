// What all ranks agree upon in a step, in one exchange: after their lanes, before anything is added.
//
// Whether somebody has left the step or wants to stop after it, the losses of all lanes, rank 0's clock, whether what
// goes on beside the training is done everywhere, and that the ranks together have built what the plan says.
//
// That they have is seen after the backward: a mistake costs one backward, and no step has an exchange for it. Nothing is
// added yet then, so weights and moments are those of the step before. (Ranks of a tensor group with different examples
// may meet earlier, in an exchange of a layer: an Error on all of them, too.) For the same reason the clock is that of
// before the exchange of gradients; what the rest of a step takes counts with the next one.
//
//   const StepAgreement together = agree_on_step(groups, {.batches = batches, .lanes = gradient, ...}, counts, tokens);
//   if (!together.complete) return;
#pragma once

#include <cstdint>

#include "framework/comm/groups.h"
#include "framework/train/lanes.h"

namespace ft {

// What one rank knows.
struct OwnStep {
  const LaneBatches& batches;
  const StepGradient& lanes;
  bool stop = false;             // it has been asked to stop after this step
  bool background_done = false;  // as TrainHooks::background_done
  double seconds = 0;            // of its clock
};

// The same on every rank.
struct StepAgreement {
  bool complete = true;         // nobody has left its lanes
  bool stop = false;            // somebody was asked to stop, or has left
  bool background_done = true;  // on all ranks
  double seconds = 0;           // of rank 0's clock
  LossSums sums = {};           // of all lanes, added in their order; of no use where the step is not complete
};

// Collective over groups.world. `planned` and `planned_tokens`: of the whole step. Throws Error on every rank when the
// ranks have not built that: ranks that train on different data must not go on.
[[nodiscard]] StepAgreement agree_on_step(Groups groups, const OwnStep& own, const LossCounts& planned,
                                          std::int64_t planned_tokens);

}  // namespace ft
