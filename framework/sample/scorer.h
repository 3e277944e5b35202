// The verifier's opinion of candidate solutions: log-probabilities of the two labels after the verifier's prompt.
#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <vector>

#include "framework/model/decoder.h"
#include "framework/text/tokenizer.h"

namespace ft {

struct LabelLogProbs {
  double correct = 0;  // log p("correct" | prompt), summed over the label's tokens
  double incorrect = 0;
  // log S = log p_c / (p_c + p_i) = -softplus(incorrect - correct)
  [[nodiscard]] double log_score() const;
};

struct Labels {
  std::vector<TokenId> correct;
  std::vector<TokenId> incorrect;
};

// Scores prompts that belong together (the attempts of one problem), in the given order, packed into micro-batches of
// at most `tokens_per_micro_batch` (a longer prompt gets one of its own). The result is a function of the weights and
// of the arguments alone, so callers pass one problem at a time, with the same tokens_per_micro_batch, and get the same
// bits on any rank. Equal prompts are computed once; so is the beginning that all share, where the model's products are
// packed (model/packed_products.h): a problem stands before each of its attempts. Labels of one token share a forward of the prompt; longer ones are
// appended to it, each in a document of its own. Collective over the model's tensor group. `stop` is asked before each
// micro-batch, with the same answer on all ranks of that group; where it says so, the result is empty.
//
// `wanted`, where given, says which of the prompts are scored; the others' scores are 0. Where products are packed, a
// score has the same bits whatever else is wanted: the beginning that is computed once is still that of all prompts.
[[nodiscard]] std::vector<LabelLogProbs> score_prompts(Decoder& model, std::span<const std::vector<TokenId>> prompts,
                                                       const Labels& labels, std::int64_t tokens_per_micro_batch,
                                                       const std::function<bool()>& stop = {},
                                                       const std::vector<bool>& wanted = {});

}  // namespace ft
