#include "framework/train/validation.h"

#include <ATen/ATen.h>

namespace ft {

namespace {

std::vector<std::vector<const Example*>> cut_micro_batches(const std::vector<Example>& examples, std::int64_t limit) {
  std::vector<std::vector<const Example*>> micro_batches;
  std::int64_t used = 0;
  for (const Example& example : examples) {
    const std::int64_t num_tokens = example.num_tokens();
    if (micro_batches.empty() || used + num_tokens > limit) {
      micro_batches.emplace_back();
      used = 0;
    }
    micro_batches.back().push_back(&example);
    used += num_tokens;
  }
  return micro_batches;
}

}  // namespace

std::optional<double> validation_loss(const TrainedModel& model, const std::vector<Example>& examples,
                                      std::int64_t tokens_per_micro_batch, const LossWeights& weights,
                                      Communicator& data, const StopBetween& stop) {
  const at::NoGradGuard no_grad;
  const auto micro_batches = cut_micro_batches(examples, tokens_per_micro_batch);
  LossCounts counts = {};
  for (const Example& example : examples) {
    const LossCounts of_example = count_units(example);
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
    const Batch batch = make_batch(micro_batches[m]);
    sums.push_back(batch_loss(model.log_probs(batch), batch, weights, counts).sums);
  }
  if (any_rank(data, "stop of the validation", stopped)) return std::nullopt;
  return weighted_total(sum_in_order(data, "validation loss", sums, num_parts), weights, counts);
}

}  // namespace ft
