// A small model with decided opinions, prompts and requests: what the tests of this room share.
#pragma once

#include <ATen/ATen.h>
#include <ATen/Parallel.h>
#include <ATen/core/grad_mode.h>

#include <map>
#include <memory>
#include <span>
#include <utility>
#include <vector>

#include "framework/base/philox.h"
#include "framework/model/decoder.h"
#include "framework/model/layer_factory.h"
#include "framework/model/model_config.h"
#include "framework/problem/attempt.h"
#include "framework/sample/generator.h"

namespace ft::testing {

struct World {
  explicit World(ModelConfig config) : factory(make_dense_factory()), model(std::move(config), *factory) {
    at::set_num_threads(1);  // one thread a rank, as in a run
    initialise(model, 3);
    // Fresh weights are nearly indifferent between tokens; trained ones are not.
    const at::NoGradGuard no_grad;
    const char* head = model.config().tied_embeddings ? "model.embed_tokens.weight" : "lm_head.weight";
    model.parameters().at(head).value.mul_(model.config().tied_embeddings ? 0.5 : 15.0);
  }
  std::unique_ptr<LayerFactory> factory;
  Decoder model;
};

inline std::vector<std::vector<TokenId>> make_prompts(int count, TokenId num_tokens) {
  const Philox random(5, "prompts");
  std::vector<std::vector<TokenId>> prompts(static_cast<std::size_t>(count));
  for (std::size_t p = 0; p < prompts.size(); ++p) {
    prompts[p].resize(p == 0 ? 1 : 2 + random.below(20, p, 0));
    for (std::size_t i = 0; i < prompts[p].size(); ++i) {
      prompts[p][i] = static_cast<TokenId>(random.below(static_cast<std::uint64_t>(num_tokens), p, i + 1));
    }
  }
  return prompts;
}

// `per_prompt` attempts and the greedy one of each prompt.
inline std::vector<SampleRequest> make_requests(std::size_t num_prompts, int per_prompt) {
  std::vector<SampleRequest> requests;
  for (std::size_t p = 0; p < num_prompts; ++p) {
    for (int i = Attempt::kGreedy; i < per_prompt; ++i) {
      requests.push_back({.prompt = static_cast<int>(p), .problem = 1000 + p, .index = i});
    }
  }
  return requests;
}

inline MoreWork all_at_once(SampleWork work) {
  return [left = std::optional(std::move(work))]() mutable { return std::exchange(left, std::nullopt); };
}

using Results = std::map<std::pair<std::uint64_t, int>, Sampled>;

inline void run_into(Results& results, Generator& generator, const std::vector<std::vector<TokenId>>& prompts,
                     const std::vector<SampleRequest>& requests, const std::function<bool()>& stop = {}) {
  generator.run(
      all_at_once({prompts, requests}),
      [&](const Sampled& s) {
        results.insert_or_assign({s.request.problem, s.request.index}, s);
      },
      stop);
}

inline bool same(const Sampled& a, const Sampled& b) {
  return a.tokens == b.tokens && a.finished == b.finished && a.log_prob == b.log_prob;  // every bit
}

inline bool same(const Results& a, const Results& b) {
  if (a.size() != b.size()) return false;
  for (const auto& [key, sampled] : a) {
    const auto other = b.find(key);
    if (other == b.end() || !same(sampled, other->second)) return false;
  }
  return true;
}

// The hidden states of one text in a forward of its own, as training computes them: [T, H].
inline at::Tensor packed_hidden(Decoder& model, std::span<const TokenId> text) {
  const at::NoGradGuard no_grad;
  const auto length = static_cast<std::int64_t>(text.size());
  PackedAttention context({0, length});
  const std::vector<std::int64_t> tokens(text.begin(), text.end());
  return model.forward(at::tensor(tokens, at::kLong), at::arange(length, at::kLong), context);
}

}  // namespace ft::testing
