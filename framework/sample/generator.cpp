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

// Prompts are computed together until they have so many tokens: enough for products at full speed.
constexpr std::int64_t kPrefillTokens = 256;

// What is being written in one slot.
struct Draft {
  Sampled result;
  std::size_t limit = 0;  // most tokens it may get
};

// A prompt whose attempts have not all started.
struct Served {
  int prompt = 0;
  int cached = KvCache::kNoPrompt;
  at::Tensor logits;  // [n, V], of which `row` follows the prompt
  std::int64_t row = 0;
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
       TokenId num_tokens, StopTexts the_stops)
      : model(the_model),
        settings(the_settings),
        packed(the_model, compute_dtype(the_settings.compute)),
        random(seed, "sample"),
        ends(std::move(the_ends)),
        stops(std::move(the_stops)),
        sampler({.temperature = settings.temperature, .top_p = settings.top_p, .top_k = settings.top_k}, num_tokens),
        sizes(find_exact_sizes(the_model, the_settings.slots)) {}

  void check_work() const;
  [[nodiscard]] std::size_t limit_for(std::size_t prompt_length) const;
  void prepare_cache();
  // Asks for more as long as a slot is free, nobody waits and there is more.
  void refill(Scheduler& scheduler, const MoreWork& more);
  // Takes free slots for waiting requests, with as many new prompts as one forward is to compute.
  [[nodiscard]] std::vector<Admission> next_round(Scheduler& scheduler) const;
  void prefill(std::span<const Admission> round);
  void start(const Admission& admission);
  // False where `stop` came before all were admitted.
  bool admit_waiting(Scheduler& scheduler, const MoreWork& more, const std::function<bool()>& stop);
  void decode(Scheduler& scheduler);
  void decode_part(Scheduler& scheduler, std::span<const int> rows, int size);
  // Draws the next token of the attempt in `slot`; reports it and frees the slot when that was the last.
  void extend(Scheduler& scheduler, int slot, std::span<const float> logits);

  [[nodiscard]] int idle_slot() const { return cache->num_slots() - 1; }

  Decoder& model;
  SamplingSettings settings;
  PackedProducts packed;
  Philox random;
  std::vector<TokenId> ends;
  StopTexts stops;
  Sampler sampler;
  BatchSizes sizes;
  std::unique_ptr<KvCache> cache;  // the attempts' slots, then one for idle rows
  SampleWork work;                 // whose requests wait or were the last to wait
  bool ended = false;              // there is no more
  std::vector<Served> served;
  std::vector<Draft> drafts;  // by slot
  const std::function<void(const Sampled&)>* done = nullptr;
  std::int64_t num_sampled = 0;
  std::vector<int> slots;  // scratch of decode_part
  std::vector<std::int64_t> positions, tokens;
};

void Generator::Body::check_work() const {
  for (const SampleRequest& request : work.requests) {
    FT_CHECK(request.prompt >= 0 && static_cast<std::size_t>(request.prompt) < work.prompts.size(),
             "a request names prompt {} of {}", request.prompt, work.prompts.size());
    const auto& prompt = work.prompts[static_cast<std::size_t>(request.prompt)];
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

void Generator::Body::prepare_cache() {
  drafts.assign(static_cast<std::size_t>(settings.slots), {});
  served.clear();
  cache.reset();  // before the next one allocates
  cache = std::make_unique<KvCache>(model.config().num_layers, settings.slots + 1);
  cache->start(idle_slot(), KvCache::kNoPrompt);
  cache->advance(idle_slot());
}

void Generator::Body::refill(Scheduler& scheduler, const MoreWork& more) {
  while (!ended && scheduler.wants_more()) {
    std::optional<SampleWork> next = more();
    ended = !next;
    if (ended) return;
    work = std::move(*next);
    check_work();
    std::vector<int> prompt_of_request;
    prompt_of_request.reserve(work.requests.size());
    for (const SampleRequest& request : work.requests) prompt_of_request.push_back(request.prompt);
    scheduler.add(prompt_of_request);
  }
}

// Where a row's bits may depend on the number of rows, a prompt is alone in its forward.
std::vector<Admission> Generator::Body::next_round(Scheduler& scheduler) const {
  std::vector<Admission> round;
  std::int64_t new_tokens = 0;
  const std::int64_t most = sizes.is_any() ? kPrefillTokens : 1;
  while (new_tokens < most || !scheduler.next_starts_prompt()) {
    const auto admission = scheduler.admit();
    if (!admission) break;
    if (admission->first_of_prompt) new_tokens += std::ssize(work.prompts[static_cast<std::size_t>(admission->prompt)]);
    round.push_back(*admission);
  }
  return round;
}

void Generator::Body::prefill(std::span<const Admission> round) {
  std::vector<int> cached;
  std::vector<std::int64_t> last;  // row of each prompt
  tokens.clear();
  positions.clear();
  for (const Admission& admission : round) {
    if (!admission.first_of_prompt) continue;
    const auto& prompt = work.prompts[static_cast<std::size_t>(admission.prompt)];
    tokens.insert(tokens.end(), prompt.begin(), prompt.end());
    for (std::int64_t t = 0; t < std::ssize(prompt); ++t) positions.push_back(t);
    last.push_back(std::ssize(tokens) - 1);
    cached.push_back(cache->add_prompt(std::ssize(prompt)));
    served.push_back({.prompt = admission.prompt, .cached = cached.back(), .row = std::ssize(last) - 1});
  }
  if (cached.empty()) return;
  PrefillAttention context(*cache, cached);
  const at::Device device = model.parameters().flat().device();
  const at::Tensor hidden = model.forward(to_tensor(tokens).to(device), to_tensor(positions).to(device), context);
  const at::Tensor logits =
      model.logits(hidden.index_select(0, to_tensor(last).to(device))).to(at::kCPU, at::kFloat).contiguous();
  for (auto s = served.end() - std::ssize(cached); s != served.end(); ++s) s->logits = logits;
}

void Generator::Body::start(const Admission& admission) {
  cache->start(admission.slot, served.front().cached);
  Draft& draft = drafts[static_cast<std::size_t>(admission.slot)];
  draft = {.result = {.request = work.requests[admission.request]},
           .limit = limit_for(work.prompts[static_cast<std::size_t>(admission.prompt)].size())};
  draft.result.tokens.reserve(std::min<std::size_t>(draft.limit, 64));
}

bool Generator::Body::admit_waiting(Scheduler& scheduler, const MoreWork& more, const std::function<bool()>& stop) {
  for (;;) {
    refill(scheduler, more);
    const std::vector<Admission> round = next_round(scheduler);
    if (round.empty()) return true;
    if (std::ranges::any_of(round, &Admission::first_of_prompt) && stop && stop()) return false;
    prefill(round);
    for (const Admission& admission : round) {
      const Served& first = served.front();  // prompts are served one after another
      FT_CHECK(first.prompt == admission.prompt, "prompt {} is served before prompt {}", admission.prompt,
               first.prompt);
      start(admission);
      extend(scheduler, admission.slot, row_of(first.logits, first.row));
      if (!admission.last_of_prompt) continue;
      cache->drop_prompt(first.cached);
      served.erase(served.begin());
    }
  }
}

void Generator::Body::decode(Scheduler& scheduler) {
  const std::vector<int> rows = scheduler.active();  // a copy: attempts that end leave the scheduler's list
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
    const Draft& draft = drafts[static_cast<std::size_t>(rows[row])];
    slots[row] = rows[row];
    positions[row] = cache->advance(rows[row]);
    tokens[row] = draft.result.tokens.back();
  }
  DecodeAttention context(*cache, slots);
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
  const DrawnToken choice =
      request.index == Attempt::kGreedy
          ? sampler.greedy(logits)
          : sampler.sample(logits, random.uniform(request.problem, draw_counter(request.index, position)));
  result.tokens.push_back(choice.token);
  result.log_prob += choice.log_prob;
  ++num_sampled;
  result.finished = std::ranges::find(ends, choice.token) != ends.end();
  if (!result.finished) result.finished = result.stopped = stops.ends(result.tokens);
  if (!result.finished && result.tokens.size() < draft.limit) return;
  scheduler.release(slot);
  cache->end(slot);
  (*done)(result);
}

Generator::Generator(Decoder& model, SamplingSettings settings, std::uint64_t seed, std::vector<TokenId> ends,
                     TokenId num_tokens, StopTexts stops) {
  FT_CHECK(settings.max_new_tokens > 0, "max_new_tokens is {}", settings.max_new_tokens);
  FT_CHECK(settings.slots > 0, "slots is {}", settings.slots);
  FT_CHECK(num_tokens <= model.config().vocab_size, "{} tokens, but the model has {} rows", num_tokens,
           model.config().vocab_size);
  body_ = std::make_unique<Body>(model, settings, seed, std::move(ends), num_tokens, std::move(stops));
}

Generator::~Generator() = default;

void Generator::run(const MoreWork& more, const std::function<void(const Sampled&)>& done,
                    const std::function<bool()>& stop) {
  const at::NoGradGuard no_grad;
  Body& body = *body_;
  body.prepare_cache();
  body.done = &done;
  body.ended = false;
  Scheduler scheduler(body.settings.slots);
  while (!body.ended || !scheduler.done()) {
    if (stop && stop()) return;
    if (!body.admit_waiting(scheduler, more, stop)) return;
    if (!scheduler.active().empty()) body.decode(scheduler);
  }
}

std::int64_t Generator::num_tokens() const { return body_->num_sampled; }

const BatchSizes& Generator::batch_sizes() const { return body_->sizes; }

}  // namespace ft
