// Samples solutions. One forward with training and scoring; prompts are prefilled once for all their attempts; finished
// attempts leave their place to waiting ones, and more are asked for when none waits.
//
// Exact mode (the default): attempt i of a problem is a function of the weights, the prompt and (seed, problem, i)
// alone: not of what else is in the batch, of the order of requests, or of the number of ranks.
//
//   Generator generator(model, settings, seed, ends, tokenizer.size());
//   generator.run([&]() -> std::optional<SampleWork> { ... }, [&](const Sampled& s) { ... }, stop);
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "framework/base/compute.h"
#include "framework/model/decoder.h"
#include "framework/sample/exactness.h"
#include "framework/sample/stop_texts.h"
#include "framework/text/tokenizer.h"

namespace ft {

class Binder;

struct SamplingSettings {
  double temperature = 0.9;
  double top_p = 0.95;
  int top_k = 0;  // 0 = off
  int max_new_tokens = 256;
  int slots = 64;                      // attempts decoded together
  Compute compute = Compute::float32;  // what products with weights are computed from
};

void describe(SamplingSettings& settings, Binder& binder);

struct SampleRequest {
  int prompt = 0;             // index into the prompts of its work
  std::uint64_t problem = 0;  // name_hash of the problem's id: with `index` the counter of its random numbers
  int index = 0;              // Attempt::kGreedy for the greedy attempt
  std::int64_t place = 0;     // the caller's, handed back
};

// Some attempts to make.
struct SampleWork {
  std::vector<std::vector<TokenId>> prompts;
  std::vector<SampleRequest> requests;
};
// The next ones; nothing where there are no more, and then it is not asked again.
using MoreWork = std::function<std::optional<SampleWork>()>;

struct Sampled {
  SampleRequest request;
  std::vector<TokenId> tokens;  // without the prompt; when finished, an end token is the last
  bool finished = false;
  bool stopped = false;  // finished by a stop text: there is no end token
  double log_prob = 0;   // sum over `tokens` of Decoder::log_probs: temperature 1, no top-p, whole vocab_size
};

class Generator {
 public:
  // Collective over the model's tensor group, as run() is: it decodes a few tokens to learn which batch sizes are exact
  // (exactness.h). Until it goes, the model's weights must stay as they are: it has laid them out for its products. Each of `ends` ends an attempt, as a text of `stops` does; without any only its length does. Tokens >= num_tokens (padding rows of the vocabulary) are never sampled.
  Generator(Decoder& model, SamplingSettings settings, std::uint64_t seed, std::vector<TokenId> ends,
            TokenId num_tokens, StopTexts stops = {});
  ~Generator();

  // Each data rank runs its own requests; the ranks of a tensor group run the same ones, with a `more` and a `stop` that
  // answer alike on all of them. `more` is asked when a slot is free and no request waits. An attempt has at most
  // max_new_tokens tokens, fewer where the model's max_position ends first; a prompt that fills max_position alone is a
  // UserError. `done` is called once per request, in order of completion; `stop` is polled between decoding steps, and
  // true ends the run early (unfinished requests are simply not reported).
  void run(const MoreWork& more, const std::function<void(const Sampled&)>& done, const std::function<bool()>& stop);

  // Sampled tokens so far, over all runs, for progress.
  [[nodiscard]] std::int64_t num_tokens() const;

  // The sizes of forward that were found to be exact on this processor; {1} deserves a word to the user, for it is
  // slow.
  [[nodiscard]] const BatchSizes& batch_sizes() const;

 private:
  struct Body;
  std::unique_ptr<Body> body_;
};

}  // namespace ft
