#include "framework/train/validation.h"

#include <ATen/ATen.h>

#include <vector>

namespace ft {

namespace {

// Neighbouring examples, from `begin` up to `end`.
struct MicroBatch {
  std::int64_t begin = 0, end = 0;
};

std::vector<MicroBatch> cut_micro_batches(const Examples& examples, std::int64_t limit) {
  std::vector<MicroBatch> micro_batches;
  std::int64_t used = 0;
  for (std::int64_t i = 0; i < examples.size(); ++i) {
    const std::int64_t num_tokens = examples.num_tokens(i);
    if (micro_batches.empty() || used + num_tokens > limit) {
      micro_batches.push_back({i, i});
      used = 0;
    }
    micro_batches.back().end = i + 1;
    used += num_tokens;
  }
  return micro_batches;
}

Batch batch_of(const Examples& examples, const MicroBatch& range) {
  std::vector<ExampleView> members;
  for (std::int64_t i = range.begin; i < range.end; ++i) members.push_back(examples[i]);
  return make_batch(members);
}

}  // namespace

std::optional<double> validation_loss(const TrainedModel& model, const Examples& examples,
                                      std::int64_t tokens_per_micro_batch, const LossWeights& weights,
                                      Communicator& data, const StopBetween& stop) {
  const at::NoGradGuard no_grad;
  const std::vector<MicroBatch> micro_batches = cut_micro_batches(examples, tokens_per_micro_batch);
  LossCounts counts = {};
  for (std::int64_t i = 0; i < examples.size(); ++i) {
    const LossCounts of_example = examples.units(i);
    for (std::size_t k = 0; k < counts.size(); ++k) counts[k] += of_example[k];
  }
  const Topology ranks{.ranks = data.size()};
  std::vector<std::int64_t> num_parts;
  for (int rank = 0; rank < data.size(); ++rank)
    num_parts.push_back(ranks.lanes_of(rank, std::ssize(micro_batches)).count());
  const LaneRange mine = ranks.lanes_of(data.rank(), std::ssize(micro_batches));
  std::vector<LossSums> sums;
  bool stopped = false;
  for (std::int64_t m = mine.begin; m < mine.end; ++m) {
    stopped = stop && stop();
    if (stopped) break;
    const Batch batch = batch_of(examples, micro_batches[static_cast<std::size_t>(m)]);
    sums.push_back(batch_loss(model.log_probs(batch), batch, weights, counts).sums);
  }
  if (any_rank(data, "stop of the validation", stopped)) return std::nullopt;
  return weighted_total(sum_in_order(data, "validation loss", sums, num_parts), weights, counts);
}

}  // namespace ft
