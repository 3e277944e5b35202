#include "framework/train/standstill.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <numbers>
#include <numeric>

namespace ft {
namespace {

// A gradient of a thousandth of the largest one moves nothing any more; AdamW hides that, since it divides by it.
constexpr double kVanished = 1e-3;
// Of the first loss: below, training has learnt what there was, and a gradient of nothing is its success.
constexpr double kLearnt = 0.05;
// How near the margin term is to lambda when all scores are alike, relative to it.
constexpr double kAlike = 1e-3;
constexpr int kStillSteps = 3, kAlikeSteps = 20, kStepsAtEnd = 2;
// A verdict that is no better than a coin costs log 2; a verifier that learns is below that after the first dozens of steps.
constexpr double kCoin = 0.98 * std::numbers::ln2;
constexpr std::size_t kCoinSteps = 200, kCoinStepsAtEnd = 20;

constexpr std::string_view kAdvice = "Begin it again with a longer warmup or a smaller learning_rate";

double term(const StepRecord& record, LossKind kind) { return record.terms[static_cast<std::size_t>(kind)]; }
bool has(const StepRecord& record, LossKind kind) { return record.counts[static_cast<std::size_t>(kind)] > 0; }

}  // namespace

std::optional<std::string> StandstillWatch::words(int steps_needed) const {
  if (std::min(alike_, still_) >= steps_needed || alike_ >= kAlikeSteps) {
    return fmt::format(
        "the margin loss stands at {:.4f}, which is lambda: right and wrong solutions get the same score, and with a "
        "gradient norm of {:.2g} "
        "(once {:.2g}) the verifier learns no more. {}, or with cross-entropy beside the margin (loss: both)",
        term(last_, LossKind::margin), last_.gradient_norm, largest_norm_, kAdvice);
  }
  if (still_ >= steps_needed) {
    return fmt::format(
        "the loss stands at {:.4f} (at first {:.4f}) with a gradient norm of {:.2g}, once {:.2g}: nothing more is "
        "learnt. {}",
        last_.loss, first_loss_, last_.gradient_norm, largest_norm_, kAdvice);
  }
  return std::nullopt;
}

std::optional<std::string> StandstillWatch::coin_words(std::size_t steps_needed) const {
  if (cross_entropies_.size() < steps_needed) return std::nullopt;
  const auto recent = static_cast<std::ptrdiff_t>(cross_entropies_.size() / 4);  // what came before was on its way down
  const double mean =
      std::accumulate(cross_entropies_.end() - recent, cross_entropies_.end(), 0.0) / static_cast<double>(recent);
  if (mean < kCoin) return std::nullopt;
  return fmt::format(
      "the cross-entropy of the verdicts is {:.4f} on average over the last {} steps, and a coin's is {:.4f}: the "
      "verifier does not tell right "
      "from wrong. More attempts and problems, more steps or another learning_rate may help",
      mean, recent, std::numbers::ln2);
}

std::optional<std::string> StandstillWatch::said(std::optional<std::string> what) {
  said_ = said_ || what.has_value();
  return what;
}

std::optional<std::string> StandstillWatch::step(const StepRecord& record) {
  if (record.skipped) return std::nullopt;
  if (largest_norm_ == 0) first_loss_ = record.loss;
  const bool still = record.gradient_norm <= kVanished * largest_norm_ && record.loss > kLearnt * first_loss_;
  largest_norm_ = std::max(largest_norm_, record.gradient_norm);
  still_ = still ? still_ + 1 : 0;
  const bool alike = has(record, LossKind::margin) && weights_.margin > 0 &&
                     std::abs(term(record, LossKind::margin) - weights_.margin) <= kAlike * weights_.margin;
  alike_ = alike ? alike_ + 1 : 0;
  for (const LossKind kind : {LossKind::cross_entropy_full, LossKind::cross_entropy_two}) {
    if (has(record, kind)) cross_entropies_.push_back(term(record, kind));
  }
  while (cross_entropies_.size() > kCoinSteps) cross_entropies_.pop_front();
  last_ = record;
  if (said_) return std::nullopt;
  if (auto found = words(kStillSteps)) return said(std::move(found));
  return said(coin_words(kCoinSteps));
}

std::optional<std::string> StandstillWatch::end() {
  if (said_) return std::nullopt;
  if (auto found = words(kStepsAtEnd)) return said(std::move(found));
  return said(coin_words(kCoinStepsAtEnd));
}

}  // namespace ft
