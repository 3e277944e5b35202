#include "framework/sample/generator.h"

#include <ATen/ATen.h>
#include <ATen/core/grad_mode.h>

#include <algorithm>
#include <optional>
#include <utility>

#include "framework/base/error.h"
#include "framework/base/philox.h"
#include "framework/model/packed_products.h"
#include "framework/problem/attempt.h"
#include "framework/sample/exactness.h"
#include "framework/sample/kv_cache.h"
#include "framework/sample/sampler.h"
#include "framework/sample/scheduler.h"

namespace ft {
namespace {

using Prompts = std::span<const std::vector<TokenId>>;

// What is being written in one slot.
struct Draft {
  Sampled result;
  std::int64_t cached = 0;  // tokens of the sequence whose keys and values are stored
  std::size_t limit = 0;    // most tokens it may get
};

at::Tensor to_tensor(std::span<const std::int64_t> values) {
  at::Tensor t = at::empty({static_cast<std::int64_t>(values.size())}, at::kLong);
  std::ranges::copy(values, t.data_ptr<std::int64_t>());
  return t;
}

std::span<const float> row_of(const at::Tensor& logits, std::int64_t row) {
  const auto width = static_cast<std::size_t>(logits.size(1));
  return {logits.const_data_ptr<float>() + static_cast<std::size_t>(row) * width, width};
}

}  // namespace

struct Generator::Body {
  Body(Decoder& the_model, SamplingSettings the_settings, std::uint64_t seed, std::vector<TokenId> the_ends,
       TokenId num_tokens)
      : model(the_model),
        settings(the_settings),
        packed(the_model, compute_dtype(the_settings.compute)),
        random(seed, "sample"),
        ends(std::move(the_ends)),
        sampler({.temperature = settings.temperature, .top_p = settings.top_p, .top_k = settings.top_k}, num_tokens),
        sizes(find_exact_sizes(the_model, the_settings.slots)) {}

  void check_prompts(Prompts prompts, std::span<const SampleRequest> requests) const;
  [[nodiscard]] std::size_t limit_for(std::size_t prompt_length) const;
  void prepare_cache(std::size_t num_requests);
  void prefill(std::span<const TokenId> prompt);
  void start(const Admission& admission, std::span<const TokenId> prompt, const SampleRequest& request);
  // False where `stop` came before all were admitted.
  bool admit_waiting(Scheduler& scheduler, Prompts prompts, std::span<const SampleRequest> requests,
                     const std::function<bool()>& stop);
  void decode(Scheduler& scheduler);
  void decode_part(Scheduler& scheduler, std::span<const int> rows, int size);
  // Draws the next token of the attempt in `slot`; reports it and frees the slot when that was the last.
  void extend(Scheduler& scheduler, int slot, std::span<const float> logits);

  [[nodiscard]] int staging_slot() const { return cache->num_slots() - 2; }
  [[nodiscard]] int idle_slot() const { return cache->num_slots() - 1; }

  Decoder& model;
  SamplingSettings settings;
  PackedProducts packed;
  Philox random;
  std::vector<TokenId> ends;
  Sampler sampler;
  BatchSizes sizes;
  std::unique_ptr<KvCache> cache;  // the attempts' slots, then one for the prompt being served, then one for idle rows
  at::Tensor first_logits;         // [1, V] after the prompt being served
  std::vector<Draft> drafts;       // by slot
  const std::function<void(const Sampled&)>* done = nullptr;
  std::int64_t num_sampled = 0;
  std::vector<std::int64_t> slots, positions, tokens;  // scratch of decode_part
};

void Generator::Body::check_prompts(Prompts prompts, std::span<const SampleRequest> requests) const {
  for (const SampleRequest& request : requests) {
    FT_CHECK(request.prompt >= 0 && static_cast<std::size_t>(request.prompt) < prompts.size(),
             "a request names prompt {} of {}", request.prompt, prompts.size());
    const auto& prompt = prompts[static_cast<std::size_t>(request.prompt)];
    FT_CHECK(!prompt.empty(), "prompt {} is empty", request.prompt);
    if (limit_for(prompt.size()) == 0) {
      fail_user(
          fmt::format("a prompt has {} tokens, but the model was made for sequences of at most {}; leave out such "
                      "problems, or use a model with a longer context",
                      prompt.size(), model.config().max_position));
    }
  }
}

// max_position 0: the model has no longest sequence.
std::size_t Generator::Body::limit_for(std::size_t prompt_length) const {
  const auto wanted = static_cast<std::size_t>(settings.max_new_tokens);
  const auto longest = static_cast<std::size_t>(model.config().max_position);
  if (longest == 0) return wanted;
  return prompt_length < longest ? std::min(wanted, longest - prompt_length) : 0;
}

void Generator::Body::prepare_cache(std::size_t num_requests) {
  const int needed = static_cast<int>(std::min(num_requests, static_cast<std::size_t>(settings.slots)));
  drafts.assign(static_cast<std::size_t>(needed), {});
  if (cache == nullptr || cache->num_slots() < needed + 2) {
    cache.reset();  // before the next one is allocated
    cache = std::make_unique<KvCache>(model.config().num_layers, needed + 2);
  }
}

// Alone in its forward, so that its bits depend on nothing else.
void Generator::Body::prefill(std::span<const TokenId> prompt) {
  const auto length = static_cast<std::int64_t>(prompt.size());
  cache->reserve(length + 1);
  PrefillAttention context(*cache, staging_slot(), length);
  tokens.assign(prompt.begin(), prompt.end());
  const at::Device device = model.parameters().flat().device();
  const at::Tensor places = at::arange(length, at::kLong);
  const at::Tensor hidden = model.forward(to_tensor(tokens).to(device), places.to(device), context);  // [P, H]
  first_logits = model.logits(hidden.narrow(0, length - 1, 1)).to(at::kCPU, at::kFloat).contiguous();
}

void Generator::Body::start(const Admission& admission, std::span<const TokenId> prompt, const SampleRequest& request) {
  const auto length = static_cast<std::int64_t>(prompt.size());
  cache->copy_prefix(staging_slot(), admission.slot, length);
  Draft& draft = drafts[static_cast<std::size_t>(admission.slot)];
  draft = {.result = {.request = request}, .cached = length, .limit = limit_for(prompt.size())};
  draft.result.tokens.reserve(std::min<std::size_t>(draft.limit, 64));
}

bool Generator::Body::admit_waiting(Scheduler& scheduler, Prompts prompts, std::span<const SampleRequest> requests,
                                    const std::function<bool()>& stop) {
  while (const auto admission = scheduler.admit()) {
    if (admission->first_of_prompt && stop && stop()) return false;
    const auto& prompt = prompts[static_cast<std::size_t>(admission->prompt)];
    if (admission->first_of_prompt) prefill(prompt);
    start(*admission, prompt, requests[admission->request]);
    extend(scheduler, admission->slot, row_of(first_logits, 0));
  }
  return true;
}

void Generator::Body::decode(Scheduler& scheduler) {
  const std::vector<int> rows = scheduler.active();  // a copy: attempts that end leave the scheduler's list
  std::int64_t longest = 0;
  for (const int slot : rows) longest = std::max(longest, drafts[static_cast<std::size_t>(slot)].cached + 1);
  cache->reserve(longest);
  std::size_t begin = 0;
  for (const BatchPart part : sizes.cut(static_cast<int>(rows.size()))) {
    decode_part(scheduler, std::span(rows).subspan(begin, static_cast<std::size_t>(part.rows)), part.size);
    begin += static_cast<std::size_t>(part.rows);
  }
}

void Generator::Body::decode_part(Scheduler& scheduler, std::span<const int> rows, int size) {
  // Idle rows all decode token 0 at position 0 of a slot of their own.
  slots.assign(static_cast<std::size_t>(size), idle_slot());
  positions.assign(static_cast<std::size_t>(size), 0);
  tokens.assign(static_cast<std::size_t>(size), 0);
  for (std::size_t row = 0; row < rows.size(); ++row) {
    Draft& draft = drafts[static_cast<std::size_t>(rows[row])];
    slots[row] = rows[row];
    positions[row] = draft.cached++;
    tokens[row] = draft.result.tokens.back();
  }
  DecodeAttention context(*cache);
  context.set_rows(slots, positions);
  const at::Device device = model.parameters().flat().device();
  const at::Tensor hidden = model.forward(to_tensor(tokens).to(device), to_tensor(positions).to(device), context);
  const at::Tensor logits = model.logits(hidden).to(at::kCPU, at::kFloat).contiguous();  // [size, V]
  for (std::size_t row = 0; row < rows.size(); ++row) {
    extend(scheduler, rows[row], row_of(logits, static_cast<std::int64_t>(row)));
  }
}

void Generator::Body::extend(Scheduler& scheduler, int slot, std::span<const float> logits) {
  Draft& draft = drafts[static_cast<std::size_t>(slot)];
  Sampled& result = draft.result;
  const SampleRequest& request = result.request;
  const auto position = static_cast<std::int64_t>(result.tokens.size());
  const Choice choice =
      request.index == Attempt::kGreedy
          ? sampler.greedy(logits)
          : sampler.sample(logits, random.uniform(request.problem, draw_counter(request.index, position)));
  result.tokens.push_back(choice.token);
  result.log_prob += choice.log_prob;
  ++num_sampled;
  result.finished = std::ranges::find(ends, choice.token) != ends.end();
  if (!result.finished && result.tokens.size() < draft.limit) return;
  scheduler.release(slot);
  (*done)(result);
}

Generator::Generator(Decoder& model, SamplingSettings settings, std::uint64_t seed, std::vector<TokenId> ends,
                     TokenId num_tokens) {
  FT_CHECK(settings.max_new_tokens > 0, "max_new_tokens is {}", settings.max_new_tokens);
  FT_CHECK(settings.slots > 0, "slots is {}", settings.slots);
  FT_CHECK(num_tokens <= model.config().vocab_size, "{} tokens, but the model has {} rows", num_tokens,
           model.config().vocab_size);
  body_ = std::make_unique<Body>(model, settings, seed, std::move(ends), num_tokens);
}

Generator::~Generator() = default;

void Generator::run(std::span<const std::vector<TokenId>> prompts, std::span<const SampleRequest> requests,
                    const std::function<void(const Sampled&)>& done, const std::function<bool()>& stop) {
  if (requests.empty()) return;
  const at::NoGradGuard no_grad;
  Body& body = *body_;
  body.check_prompts(prompts, requests);
  body.prepare_cache(requests.size());
  body.done = &done;
  std::vector<int> prompt_of_request;
  prompt_of_request.reserve(requests.size());
  for (const SampleRequest& request : requests) prompt_of_request.push_back(request.prompt);
  Scheduler scheduler(prompt_of_request, static_cast<int>(body.drafts.size()));
  while (!scheduler.done()) {
    if (stop && stop()) return;
    if (!body.admit_waiting(scheduler, prompts, requests, stop)) return;
    if (!scheduler.active().empty()) body.decode(scheduler);
  }
}

std::int64_t Generator::num_tokens() const { return body_->num_sampled; }

const BatchSizes& Generator::batch_sizes() const { return body_->sizes; }

}  // namespace ft
