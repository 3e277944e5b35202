// What the trainer trains on. An example is one or more documents of token ids with targets among them, and loss items
// that say how the targets' log-probabilities become a loss. One representation serves all losses of the method:
//
//   solution fine-tuning    one document, one span of targets (solution and EOS), one `mle` item
//   verifier, cross-entropy  one document a judged attempt, two single-target spans at the last prompt position
//                            ("correct", "incorrect"), one `cross_entropy` item
//   verifier, margin         two such documents (a right and a wrong attempt), one `margin` item over four spans
//   joint and contrastive    the same, with further documents and items
//
// A span is a run of targets whose log-probabilities are summed: log p(text | before). All documents of an example are
// computed in one micro-batch of one lane, so that both members of a pair are there together.
#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "framework/text/tokenizer.h"

namespace ft {

// log p of `tokens` in sequence, the first predicted from position `first` of document `document` (so the row that
// predicts tokens[j] is first + j). For ordinary targets tokens are the document's own ids from first + 1 on; for
// labels they need not stand in the document at all, when they are a single token.
struct TargetSpan {
  int document = 0;
  std::int32_t first = 0;
  std::vector<TokenId> tokens;
};

// Each kind is one loss term with its own unit and its own count over the whole optimiser step.
enum class LossKind : std::uint8_t {
  mle,                 // -sum log p(spans[0]); unit: token
  cross_entropy_full,  // -log p(spans[0]), spans[0] the true label; unit: item
  cross_entropy_two,   // softplus(log p(spans[1]) - log p(spans[0])), spans[0] the true label; unit: item
  margin,              // max(0, log S(wrong) - log S(right) + lambda); spans: right's correct, right's incorrect,
                       // wrong's correct, wrong's incorrect; log S = -softplus(l_incorrect - l_correct); unit: pair
  contrastive,  // max(0, log p(spans[1])/|1|^a - log p(spans[0])/|0|^a + lambda), spans[0] the right one; unit: pair
};
inline constexpr int kNumLossKinds = 5;

struct LossItem {
  LossKind kind = LossKind::mle;
  std::array<int, 4> spans = {-1, -1, -1, -1};  // indices into Example::spans
};

struct Example {
  std::uint64_t id = 0;  // what the digest of consumed examples is made of: a hash of problem id and role
  std::vector<std::vector<TokenId>> documents;
  std::vector<TargetSpan> spans;
  std::vector<LossItem> items;
  [[nodiscard]] std::int64_t num_tokens() const;
};

// How loss terms are weighted: total = sum over kinds of weight[kind] * sum(items of kind) / count[kind].
struct LossWeights {
  std::array<double, kNumLossKinds> weight = {1, 1, 1, 1, 1};
  double margin = 1.0;              // lambda of `margin`
  double contrastive_margin = 1.0;  // lambda of `contrastive`
  double length_exponent = 0.0;     // a of `contrastive`
};

}  // namespace ft
