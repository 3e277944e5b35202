#include "framework/sample/sampler.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <functional>

#include "framework/base/error.h"
#include "framework/sample/row_kernels.h"

namespace ft {
namespace {

using Key = std::uint64_t;
constexpr std::size_t kRun = 32;  // tokens that share one maximum

Key make_key(float weight, std::size_t id) {
  return (static_cast<Key>(std::bit_cast<std::uint32_t>(weight)) << 32) |
         (0xFFFFFFFFU - static_cast<std::uint32_t>(id));
}
double weight_of(Key key) { return std::bit_cast<float>(static_cast<std::uint32_t>(key >> 32)); }
TokenId id_of(Key key) { return static_cast<TokenId>(0xFFFFFFFFU - static_cast<std::uint32_t>(key)); }

// The least key of the smallest set of largest keys whose weights sum to `target` or more; all keys when they do not.
// A quickselect by mass: linear in the number of keys, which are reordered.
Key mass_threshold(std::vector<Key>& keys, double target) {
  constexpr std::size_t kSortBelow = 32, kFirstGuess = 64;
  std::size_t low = 0, high = keys.size();  // keys[0, low) are in the set with mass `mass`; keys[high, ..) are not
  double mass = 0;
  while (high - low > kSortBelow) {
    const std::size_t half = std::max<std::size_t>(1, (high - low) / 2);
    const std::size_t middle = low + (low == 0 ? std::min(half, kFirstGuess) : half);
    const auto at = [&](std::size_t i) { return keys.begin() + static_cast<std::ptrdiff_t>(i); };
    std::nth_element(at(low), at(middle), at(high), std::greater<>());
    double part = 0;
    for (std::size_t i = low; i < middle; ++i) part += weight_of(keys[i]);
    if (mass + part >= target) {
      high = middle;
    } else {
      mass += part;
      low = middle;
    }
  }
  std::sort(keys.begin() + static_cast<std::ptrdiff_t>(low), keys.begin() + static_cast<std::ptrdiff_t>(high),
            std::greater<>());
  while (low + 1 < high) {
    mass += weight_of(keys[low]);
    if (mass >= target) return keys[low];
    ++low;
  }
  return keys[low];
}

}  // namespace

Sampler::Sampler(SamplingRule rule, TokenId num_tokens) : rule_(rule), num_tokens_(num_tokens) {
  FT_CHECK(num_tokens > 0, "a sampler needs at least one token, got {}", num_tokens);
  FT_CHECK(rule.temperature >= 0, "temperature {} is negative", rule.temperature);
  FT_CHECK(rule.top_p > 0 && rule.top_p <= 1, "top_p {} is outside (0, 1]", rule.top_p);
  FT_CHECK(rule.top_k >= 0, "top_k {} is negative", rule.top_k);
  weights_.resize(static_cast<std::size_t>(num_tokens));
  run_max_.resize((weights_.size() + kRun - 1) / kRun);
}

DrawnToken Sampler::greedy(std::span<const float> logits) const {
  const auto size = static_cast<std::int64_t>(logits.size());
  FT_CHECK(size >= num_tokens_, "a row of {} logits for {} tokens", size, num_tokens_);
  const float best = row_kernels::maximum(logits.data(), num_tokens_);
  const float shift = std::max(best, row_kernels::maximum(logits.data() + num_tokens_, size - num_tokens_));
  const double sum = row_kernels::exp_sum(logits.data(), size, shift, 1.0F);
  FT_CHECK(sum >= 1 && std::isfinite(sum), "the logits are not finite: the weights have diverged");
  const auto token = std::find(logits.begin(), logits.begin() + num_tokens_, best) - logits.begin();
  return {static_cast<TokenId>(token), static_cast<double>(best) - static_cast<double>(shift) - std::log(sum)};
}

DrawnToken Sampler::sample(std::span<const float> logits, double u) {
  if (rule_.temperature == 0) return greedy(logits);
  const auto size = static_cast<std::int64_t>(logits.size());
  FT_CHECK(size >= num_tokens_, "a row of {} logits for {} tokens", size, num_tokens_);
  const float* padding = logits.data() + num_tokens_;
  const float best = row_kernels::maximum(logits.data(), num_tokens_);
  const float shift = std::max(best, row_kernels::maximum(padding, size - num_tokens_));

  // Over all rows of the vocabulary at temperature 1; when that is the sampling temperature too, one pass serves both.
  double total = 0, sum = row_kernels::exp_sum(padding, size - num_tokens_, shift, 1.0F);
  if (rule_.temperature == 1 && shift == best) {
    total = row_kernels::exp_store(logits.data(), num_tokens_, best, 1.0F, weights_.data());
    sum += total;
  } else {
    const auto scale = static_cast<float>(1 / rule_.temperature);
    total = row_kernels::exp_store(logits.data(), num_tokens_, best, scale, weights_.data());
    sum += row_kernels::exp_sum(logits.data(), num_tokens_, shift, 1.0F);
  }
  FT_CHECK(sum >= 1 && std::isfinite(sum) && std::isfinite(total),
           "the logits are not finite: the weights have diverged");

  TokenId token = 0;
  if (rule_.top_k == 0 && rule_.top_p == 1) {
    token = draw_any(u, total);
  } else {
    find_candidates(total);
    token = draw_kept(total, u);
  }
  const double logit = logits[static_cast<std::size_t>(token)];
  return {token, logit - static_cast<double>(shift) - std::log(sum)};
}

// A superset of the kept tokens: those that reach a bound which is cheap to find.
void Sampler::find_candidates(double total) {
  row_kernels::run_maxima(weights_.data(), num_tokens_, static_cast<std::int64_t>(kRun), run_max_.data());
  const auto k = static_cast<std::size_t>(rule_.top_k);
  if (k == 0) {
    // Most rows have few tokens that matter: where those within 1/1000 of the best reach p, the kept ones are among
    // them.
    constexpr float kNearBest = 1e-3F;
    if (collect(kNearBest) >= rule_.top_p * total * (1 + 1e-9)) return;
    // Tokens below (1 - p) total / n have less than 1 - p together, so those above reach p without them.
    collect(static_cast<float>((1 - rule_.top_p) * total / static_cast<double>(num_tokens_) * (1 - 1e-6)));
  } else if (k <= run_max_.size()) {
    // The k-th largest of the runs' maxima is at most the k-th largest weight.
    run_scratch_ = run_max_;
    const auto kth = run_scratch_.begin() + static_cast<std::ptrdiff_t>(k - 1);
    std::nth_element(run_scratch_.begin(), kth, run_scratch_.end(), std::greater<>());
    collect(*kth);
  } else {
    collect(0);
  }
}

// Makes candidates_ the tokens of weight `least` or more; returns their mass.
double Sampler::collect(float least) {
  double mass = 0;
  candidates_.clear();
  for (std::size_t run = 0; run < run_max_.size(); ++run) {
    if (run_max_[run] < least) continue;
    const std::size_t end = std::min(weights_.size(), (run + 1) * kRun);
    for (std::size_t id = run * kRun; id < end; ++id) {
      if (weights_[id] < least) continue;
      mass += weights_[id];
      candidates_.push_back(make_key(weights_[id], id));
    }
  }
  return mass;
}

TokenId Sampler::draw_kept(double total, double u) {
  const auto mass_from = [&](Key threshold) {
    double mass = 0;
    for (const Key key : candidates_) mass += key >= threshold ? weight_of(key) : 0.0;
    return mass;
  };
  ranked_ = candidates_;
  Key threshold = 0;
  const auto k = static_cast<std::size_t>(rule_.top_k);
  if (k > 0 && k < ranked_.size()) {
    std::nth_element(ranked_.begin(), ranked_.begin() + (rule_.top_k - 1), ranked_.end(), std::greater<>());
    ranked_.resize(k);
    threshold = ranked_.back();
    total = mass_from(threshold);
  }
  if (rule_.top_p < 1) threshold = mass_threshold(ranked_, rule_.top_p * total);
  const double goal = u * mass_from(threshold);
  double cumulative = 0;
  TokenId last = 0;
  for (const Key key : candidates_) {
    if (key < threshold || weight_of(key) == 0) continue;
    last = id_of(key);
    cumulative += weight_of(key);
    if (cumulative > goal) break;
  }
  return last;
}

TokenId Sampler::draw_any(double u, double total) const {
  double cumulative = 0;
  std::size_t last = 0;
  for (std::size_t id = 0; id < weights_.size(); ++id) {
    if (weights_[id] == 0) continue;
    last = id;
    cumulative += weights_[id];
    if (cumulative > u * total) break;
  }
  return static_cast<TokenId>(last);
}

}  // namespace ft
