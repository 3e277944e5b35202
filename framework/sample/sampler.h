// Chooses the next token from one row of logits.
//
// The chain is: temperature, then top-k, then top-p over what top-k kept, then one draw. All of it is a function of the
// row and of one uniform number, with every sum in a fixed order, so the same row gives the same token on any
// processor. The log-probability reported beside the token is the training one: temperature 1, nothing cut off,
// normalised over all vocab_size entries of the row as Decoder::log_probs does. The draw itself is over the first
// num_tokens entries: padding rows of the vocabulary are never sampled, and what probability an untrained model gives
// them counts as lost.
//
//   Sampler sampler({.temperature = 0.9, .top_p = 0.95}, /*num_tokens=*/tokenizer.size());
//   DrawnToken c = sampler.sample(row, random.uniform(problem, draw_counter(index, position)));
//
// Not thread-safe: a sampler owns scratch memory of the size of the vocabulary.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "framework/text/tokenizer.h"

namespace ft {

struct SamplingRule {
  double temperature = 1;  // >= 0; 0 = greedy
  double top_p = 1;        // in (0, 1]; 1 = off
  int top_k = 0;           // 0 = off
};

struct DrawnToken {
  TokenId token = 0;
  double log_prob = 0;
};

// The draw number of token `position` (0 = first after the prompt) of attempt `index`: the Philox counter under
// item = name_hash(problem id). Distinct for all int indices and positions below 2^32.
[[nodiscard]] constexpr std::uint64_t draw_counter(int index, std::int64_t position) {
  return (static_cast<std::uint64_t>(static_cast<std::uint32_t>(index)) << 32) | static_cast<std::uint32_t>(position);
}

class Sampler {
 public:
  Sampler(SamplingRule rule, TokenId num_tokens);

  // logits [vocab_size], vocab_size >= num_tokens; u in [0, 1). Of the kept tokens in order of their ids, the first
  // whose cumulative probability exceeds u. Top-k keeps the k most probable; top-p the smallest set of most probable
  // tokens whose probability reaches top_p (renormalised after top-k). Equal probabilities rank by the lower id. Throws
  // Error when the logits hold NaN or +infinity.
  [[nodiscard]] DrawnToken sample(std::span<const float> logits, double u);

  // The most probable token; ties go to the lowest id.
  [[nodiscard]] DrawnToken greedy(std::span<const float> logits) const;

 private:
  using Key = std::uint64_t;  // weight's bits above, complement of the id below: larger = ranks earlier
  void find_candidates(double total);
  double collect(float least);
  TokenId draw_kept(double total, double u);
  [[nodiscard]] TokenId draw_any(double u, double total) const;

  SamplingRule rule_;
  TokenId num_tokens_;
  std::vector<float> weights_;  // [num_tokens] exp((logit - max) / temperature)
  std::vector<float> run_max_;  // maxima of short runs of weights_
  std::vector<float> run_scratch_;
  std::vector<Key> candidates_;  // by id; a superset of what is kept
  std::vector<Key> ranked_;      // scratch of the selection
};

}  // namespace ft
