// Gradients of one step on one data rank: the lanes' micro-batches, summed in one fixed order.
//
// Within a lane autograd adds the micro-batches' gradients in order; lanes merge pairwise (comm/tree_sum.h). A rank's
// result is a node of the tree over all lanes, which the exchange between ranks continues, so the step's gradient has
// the same bits at any power-of-two data size.
//
//   const LaneRange range = topology.lanes_of(data.rank(), plan.lanes.size());       // comm/topology.h
//   const LaneBatches batches = make_lane_batches(plan, examples, range);
//   StepGradient mine = accumulate_lanes(model, batches, weights, planned, buffers);     // `buffers` live for all steps
#pragma once

#include <ATen/core/Tensor.h>

#include <functional>
#include <span>
#include <vector>

#include "framework/base/recompute.h"
#include "framework/batching/batch.h"
#include "framework/batching/example_list.h"
#include "framework/batching/step_plan.h"
#include "framework/comm/communicator.h"
#include "framework/comm/topology.h"
#include "framework/tensor/parameter.h"
#include "framework/train/losses.h"

namespace ft {

class Decoder;

// All that training needs to know of a model.
struct TrainedModel {
  ParameterSet& parameters;
  // Log-probabilities [M] of batch.targets; differentiable where gradients are enabled.
  std::function<at::Tensor(const Batch& batch)> log_probs;
};

// The decoder must outlive the result.
[[nodiscard]] TrainedModel trained_model(Decoder& decoder, Recompute recompute = {});

using LaneBatches = std::vector<std::vector<Batch>>;  // [own lanes][micro-batches]

[[nodiscard]] LaneBatches make_lane_batches(const StepPlan& plan, const Examples& examples, LaneRange range);

// Units of each loss kind in the whole step, known to every rank from the plan.
[[nodiscard]] LossCounts planned_counts(const StepPlan& plan, const Examples& examples);

struct StepGradient {
  at::Tensor gradient;              // [parameters.size()] float32: sum over this rank's lanes
  std::vector<LossSums> lane_sums;  // one entry an own lane
  bool complete = true;             // false: stopped on the way, nothing else here is of use
};

// The memory of gradients, kept from step to step: one buffer for the lane in the making and one for each level of the
// tree over the lanes before it, log2(lanes) + 1 at most.
class GradientBuffers {
 public:
  // A buffer like `flat`, filled with zeros, that nobody else holds.
  [[nodiscard]] at::Tensor take(const at::Tensor& flat);
  [[nodiscard]] std::size_t count() const { return buffers_.size(); }

 private:
  std::vector<at::Tensor> buffers_;
};

// Asked before each micro-batch: leave the rest? The same answer on all ranks of a tensor group, since they compute
// together. Empty: never.
using StopBetween = std::function<bool()>;

// Forward and backward of this rank's lanes. The parameters' own gradients are undefined tensors afterwards. The result
// lies in one of `buffers` and must be let go before the next step.
[[nodiscard]] StepGradient accumulate_lanes(const TrainedModel& model, const LaneBatches& batches,
                                            const LossWeights& weights, const LossCounts& counts,
                                            GradientBuffers& buffers, const StopBetween& stop = {});

// Collective over `data`: the sum over all lanes in lane order, the same bits on every rank and at any data size.
// `num_parts[r]` = entries of rank r.
[[nodiscard]] LossSums sum_in_order(Communicator& data, Name name, std::span<const LossSums> own,
                                    std::span<const std::int64_t> num_parts);

}  // namespace ft
