#include "framework/train/lanes.h"

#include <ATen/ATen.h>

#include <memory>
#include <utility>

#include "framework/base/error.h"
#include "framework/comm/tree_sum.h"
#include "framework/model/decoder.h"

namespace ft {

TrainedModel trained_model(Decoder& decoder, Recompute recompute) {
  return {.parameters = decoder.parameters(), .log_probs = [&decoder, recompute](const Batch& batch) {
            auto context = std::make_shared<PackedAttention>(batch.offsets);
            const at::Device device = decoder.parameters().flat().device();
            const at::Tensor hidden = decoder.forward(batch.tokens.to(device), batch.positions.to(device),
                                                      std::move(context), recompute);  // [T, H]
            return decoder.log_probs(hidden, batch.target_rows.to(device), batch.targets.to(device));
          }};
}

LaneBatches make_lane_batches(const StepPlan& plan, const Examples& examples, LaneRange range) {
  LaneBatches batches;
  for (std::int64_t lane = range.begin; lane < range.end; ++lane) {
    auto& of_lane = batches.emplace_back();
    for (const MicroBatchPlan& micro_batch : plan.lanes[lane].micro_batches) {
      std::vector<ExampleView> members;
      for (const std::int64_t index : micro_batch.examples) members.push_back(examples[index]);
      of_lane.push_back(make_batch(members));
    }
  }
  return batches;
}

LossCounts planned_counts(const StepPlan& plan, const Examples& examples) {
  LossCounts counts = {};
  for (const LanePlan& lane : plan.lanes)
    for (const MicroBatchPlan& micro_batch : lane.micro_batches)
      for (const std::int64_t index : micro_batch.examples) {
        const LossCounts of_example = examples.units(index);
        for (std::size_t k = 0; k < counts.size(); ++k) counts[k] += of_example[k];
      }
  return counts;
}

at::Tensor GradientBuffers::take(const at::Tensor& flat) {
  const at::NoGradGuard no_grad;
  for (at::Tensor& buffer : buffers_) {
    const bool is_free = buffer.use_count() == 1 && buffer.storage().use_count() == 1;  // no tensor, no view but ours
    if (is_free && buffer.sizes() == flat.sizes() && buffer.device() == flat.device()) return buffer.zero_();
  }
  return buffers_.emplace_back(at::zeros_like(flat));
}

namespace {

void forget_gradients(const ParameterSet& parameters) {
  for (const Parameter& parameter : parameters.all()) parameter.value.mutable_grad() = at::Tensor();
}

}  // namespace

StepGradient accumulate_lanes(const TrainedModel& model, const LaneBatches& batches, const LossWeights& weights,
                              const LossCounts& counts, GradientBuffers& buffers, const StopBetween& stop) {
  StepGradient step;
  TreeSum sum;
  const at::Tensor& flat = model.parameters.flat();
  for (const auto& lane : batches) {
    if (!step.complete) break;
    at::Tensor gradient = buffers.take(flat);  // [parameters]
    model.parameters.set_gradient(gradient);
    LossSums& lane_sums = step.lane_sums.emplace_back(LossSums{});
    for (const Batch& batch : lane) {
      step.complete = !stop || !stop();
      if (!step.complete) break;
      const BatchLoss loss = batch_loss(model.log_probs(batch), batch, weights, counts);
      loss.total.backward();
      for (std::size_t k = 0; k < lane_sums.size(); ++k) lane_sums[k] += loss.sums[k];
    }
    forget_gradients(model.parameters);  // views of a buffer that may be free once it is added
    sum.add(std::move(gradient));
  }
  step.gradient = batches.empty() ? buffers.take(flat) : sum.take();
  return step;
}

LossSums sum_in_order(Communicator& data, Name name, std::span<const LossSums> own,
                      std::span<const std::int64_t> num_parts) {
  std::vector<std::int64_t> sizes;
  std::int64_t total = 0;
  for (const std::int64_t parts : num_parts) {
    sizes.push_back(parts * kNumLossKinds);
    total += parts;
  }
  at::Tensor mine = at::empty({std::ssize(own), kNumLossKinds}, at::kDouble);
  for (std::size_t i = 0; i < own.size(); ++i)
    std::copy(own[i].begin(), own[i].end(), mine.mutable_data_ptr<double>() + i * kNumLossKinds);
  const at::Tensor all = at::empty({total * kNumLossKinds}, at::kDouble);
  data.all_gather(name, all, mine.view({-1}), sizes);
  LossSums sums = {};
  for (std::int64_t part = 0; part < total; ++part)
    for (int k = 0; k < kNumLossKinds; ++k) sums[k] += all.const_data_ptr<double>()[part * kNumLossKinds + k];
  return sums;
}

}  // namespace ft
