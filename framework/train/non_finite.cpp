#include "framework/train/non_finite.h"

#include <ATen/ATen.h>

#include <algorithm>
#include <cmath>
#include <sstream>

namespace ft {
namespace {

constexpr std::size_t kMostNamed = 5;

// Whether loss and gradient of these examples are finite on all ranks of the tensor group.
class Probe {
 public:
  Probe(const TrainedModel& model, const Examples& examples, const LossWeights& weights, const LossCounts& counts,
        Communicator& tensor)
      : model_(model),
        examples_(examples),
        weights_(weights),
        counts_(counts),
        tensor_(tensor),
        gradient_(at::zeros_like(model.parameters.flat())) {}

  [[nodiscard]] bool is_finite(std::span<const std::int64_t> indices) {
    std::vector<ExampleView> members;
    for (const std::int64_t index : indices) members.push_back(examples_[index]);
    const Batch batch = make_batch(members);
    gradient_.zero_();
    model_.parameters.set_gradient(gradient_);
    const BatchLoss loss = batch_loss(model_.log_probs(batch), batch, weights_, counts_);
    loss.total.backward();
    for (const Parameter& parameter : model_.parameters.all()) parameter.value.mutable_grad() = at::Tensor();
    const bool finite = std::isfinite(loss.total.item<double>()) && at::isfinite(gradient_).all().item<bool>();
    return !any_rank(tensor_, "examples that give no number", !finite);
  }

 private:
  const TrainedModel& model_;
  const Examples& examples_;
  const LossWeights& weights_;
  const LossCounts& counts_;
  Communicator& tensor_;
  at::Tensor gradient_;  // [parameters]
};

}  // namespace

std::string find_suspects(const TrainedModel& model, const StepPlan& plan, const Examples& examples, LaneRange own,
                          const LossWeights& weights, const LossCounts& counts, Groups groups,
                          const std::function<std::string(std::int64_t example)>& describe) {
  Probe probe(model, examples, weights, counts, groups.tensor);
  std::int64_t all = 0, bad = 0;
  std::vector<std::string> named;
  for (std::int64_t lane = own.begin; lane < own.end; ++lane) {
    for (const MicroBatchPlan& micro_batch : plan.lanes[static_cast<std::size_t>(lane)].micro_batches) {
      ++all;
      if (probe.is_finite(micro_batch.examples)) continue;
      ++bad;
      for (const std::int64_t index : micro_batch.examples) {
        if (named.size() >= kMostNamed || probe.is_finite({&index, 1})) continue;
        named.push_back(fmt::format("lane {}, example {} (id {:016x}{})", lane, index, examples.id(index),
                                    describe ? ", " + describe(index) : ""));
      }
    }
  }
  std::string own_text = fmt::format("{} {}", bad, all);
  for (const std::string& name : named) own_text += '\0' + name;
  std::int64_t all_bad = 0, all_all = 0;
  std::vector<std::string> names;
  for (const std::string& text : groups.data.all_gather_bytes("examples that give no number", own_text)) {
    std::istringstream parts(text);
    std::string part;
    std::getline(parts, part, '\0');
    std::istringstream numbers(part);
    numbers >> bad >> all;
    all_bad += bad;
    all_all += all;
    while (std::getline(parts, part, '\0')) names.push_back(part);
  }
  if (all_bad == 0) return "no micro-batch alone is to blame: their sum is";
  if (all_bad == all_all)
    return fmt::format("all {} micro-batches of the step give none: the weights have diverged", all_all);
  if (names.empty())
    return fmt::format("{} of {} micro-batches give none, though none of their examples alone does", all_bad, all_all);
  return fmt::format("{} of {} micro-batches give none: {}", all_bad, all_all, fmt::join(names, "; "));
}

}  // namespace ft
