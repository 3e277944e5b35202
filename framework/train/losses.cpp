#include "framework/train/losses.h"

#include <ATen/ATen.h>

#include <vector>

#include "framework/base/error.h"

namespace ft {

namespace {

using at::Tensor;

// The items of one kind in a batch: column i of `spans` holds each item's i-th span.
struct KindItems {
  std::vector<std::int64_t> spans[4];
  [[nodiscard]] bool empty() const { return spans[0].empty(); }
  [[nodiscard]] Tensor column(int i) const { return at::tensor(spans[i], at::kLong); }  // [n]
};

std::array<KindItems, kNumLossKinds> by_kind(const Batch& batch) {
  std::array<KindItems, kNumLossKinds> items;
  for (const LossItem& item : batch.items)
    for (int i = 0; i < 4; ++i) items[static_cast<std::size_t>(item.kind)].spans[i].push_back(item.spans[i]);
  return items;
}

// One value an item, [n], float64.
Tensor item_losses(LossKind kind, const KindItems& items, const Tensor& span_sums, const Tensor& span_lengths,
                   const LossWeights& weights) {
  const auto sum_of = [&](int i) { return span_sums.index_select(0, items.column(i)); };  // [n]
  switch (kind) {
    case LossKind::mle:
    case LossKind::cross_entropy_full:
      return sum_of(0).neg();
    case LossKind::cross_entropy_two:
      return at::log_sigmoid(sum_of(0) - sum_of(1)).neg();
    case LossKind::margin: {
      const Tensor right = at::log_sigmoid(sum_of(0) - sum_of(1));  // [n] log S of the right attempt
      const Tensor wrong = at::log_sigmoid(sum_of(2) - sum_of(3));  // [n]
      return at::relu(wrong - right + weights.margin);
    }
    case LossKind::contrastive: {
      const auto quality = [&](int i) {
        return sum_of(i) / span_lengths.index_select(0, items.column(i)).pow(weights.length_exponent);
      };
      return at::relu(quality(1) - quality(0) + weights.contrastive_margin);
    }
  }
  FT_CHECK(false, "{} is no kind of loss", static_cast<int>(kind));
  return {};
}

}  // namespace

BatchLoss batch_loss(const Tensor& log_probs, const Batch& batch, const LossWeights& weights,
                     const LossCounts& counts) {
  FT_CHECK(log_probs.dim() == 1 && log_probs.size(0) == batch.targets.size(0),
           "{} targets, but log_probs has {} elements", batch.targets.size(0), log_probs.numel());
  // On the host: one addition after the other, so that a device's atomics cannot change the bits.
  const Tensor values = log_probs.to(at::kCPU, at::kDouble);  // [M]
  const Tensor span_sums =
      at::zeros({batch.span_lengths.size(0)}, at::kDouble).index_add(0, batch.target_spans, values);  // [S]
  const Tensor span_lengths = batch.span_lengths.to(at::kDouble);                                     // [S]
  BatchLoss loss{.total = at::zeros({}, at::kDouble)};
  const auto items = by_kind(batch);
  for (std::size_t k = 0; k < items.size(); ++k) {
    if (items[k].empty()) continue;
    const auto kind = static_cast<LossKind>(k);
    FT_CHECK(counts[k] > 0, "the batch has {} items of loss {}, but the step counts none", items[k].spans[0].size(),
             to_string(kind));
    const Tensor sum = item_losses(kind, items[k], span_sums, span_lengths, weights).sum();  // scalar
    loss.sums[k] = sum.item<double>();
    loss.total = loss.total + sum * (weights.weight[k] / static_cast<double>(counts[k]));
  }
  return loss;
}

double weighted_total(const LossSums& sums, const LossWeights& weights, const LossCounts& counts) {
  double total = 0;
  for (std::size_t k = 0; k < sums.size(); ++k)
    if (counts[k] > 0) total += weights.weight[k] * sums[k] / static_cast<double>(counts[k]);
  return total;
}

std::string_view to_string(LossKind kind) {
  switch (kind) {
    case LossKind::mle:
      return "mle";
    case LossKind::cross_entropy_full:
      return "cross_entropy_full";
    case LossKind::cross_entropy_two:
      return "cross_entropy_two";
    case LossKind::margin:
      return "margin";
    case LossKind::contrastive:
      return "contrastive";
  }
  return "?";
}

}  // namespace ft
