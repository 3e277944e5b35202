// The mean loss over a fixed set of examples, spread over the data ranks.
#pragma once

#include <cstdint>
#include <optional>

#include "framework/batching/example_list.h"
#include "framework/comm/communicator.h"
#include "framework/train/lanes.h"

namespace ft {

// Collective over `data`. The weighted total of the examples' losses, each kind divided by its count over all of them,
// at the present weights, without gradients. Micro-batches are cut from the examples in their order, and their sums are
// added in that order: the same bits on every rank and at any number of ranks. 0 for no examples. Nothing on all ranks
// where `stop`, asked before each micro-batch, said so on one of them.
[[nodiscard]] std::optional<double> validation_loss(const TrainedModel& model, const Examples& examples,
                                                    std::int64_t tokens_per_micro_batch, const LossWeights& weights,
                                                    Communicator& data, const StopBetween& stop = {});

}  // namespace ft
