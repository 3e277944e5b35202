#include "framework/sample/generator.h"

#include <algorithm>
#include <cmath>

#include "framework/base/choice.h"
#include "framework/base/error.h"
#include "framework/sample/sampler.h"
#include "tests/support/doctest_torch.h"
#include "tests/unit/sample/sample_world.h"

namespace ft {
namespace {

using namespace ft::testing;

constexpr TokenId kEos = 2, kNumTokens = 50;
const SamplingSettings kSettings{.temperature = 0.9, .top_p = 0.95, .max_new_tokens = 12, .slots = 64};

Generator make_generator(World& world, SamplingSettings settings, std::uint64_t seed = 11) {
  return Generator(world.model, settings, seed, {kEos}, kNumTokens);
}

std::vector<TokenId> text_of(const std::vector<TokenId>& prompt, std::span<const TokenId> tokens) {
  std::vector<TokenId> text = prompt;
  text.insert(text.end(), tokens.begin(), tokens.end());
  return text;
}

// 69 requests, five more than the slots, and what they give when all are asked for at once.
struct Reference {
  explicit Reference(const char* preset, const SamplingSettings& settings = kSettings)
      : world(preset_config(preset, kNumTokens)),
        prompts(make_prompts(3, kNumTokens)),
        requests(make_requests(prompts.size(), 22)) {
    Generator generator = make_generator(world, settings);
    run_into(results, generator, prompts, requests);
  }
  World world;
  std::vector<std::vector<TokenId>> prompts;
  std::vector<SampleRequest> requests;
  Results results;
};

}  // namespace

TEST_CASE("an attempt is a function of (seed, problem, index) alone, bit for bit") {
  for (const auto& [preset, compute] : {std::pair("tiny", Compute::float32), std::pair("tiny-gqa", Compute::float32),
                                        std::pair("tiny", Compute::bfloat16)}) {
    CAPTURE(preset);
    CAPTURE(to_string(compute));
    SamplingSettings common = kSettings;
    common.compute = compute;
    Reference reference(preset, common);
    World& world = reference.world;
    const auto& prompts = reference.prompts;
    const auto& requests = reference.requests;
    REQUIRE(reference.results.size() == requests.size());
    Generator generator = make_generator(world, common), second = make_generator(world, common);

    for (const int slots : {3, 17, 100}) {  // whatever the number of slots
      CAPTURE(slots);
      SamplingSettings settings = common;
      settings.slots = slots;
      Generator other = make_generator(world, settings);
      Results results;
      run_into(results, other, prompts, requests);
      CHECK(same(results, reference.results));
    }
    {  // whatever the order of requests
      auto reversed = requests, mixed = requests;
      std::ranges::reverse(reversed);
      std::ranges::stable_sort(mixed, {}, &SampleRequest::index);
      Results results, mixed_results;
      run_into(results, generator, prompts, reversed);
      run_into(mixed_results, generator, prompts, mixed);
      CHECK(same(results, reference.results));
      CHECK(same(mixed_results, reference.results));
    }
    for (const std::size_t r : {0, 1, 30, 68}) {  // alone
      Results results;
      run_into(results, generator, prompts, {requests[r]});
      CHECK(same(results.begin()->second, reference.results.at({requests[r].problem, requests[r].index})));
    }
    {  // on whichever of two ranks
      std::vector<SampleRequest> even, odd;
      for (std::size_t i = 0; i < requests.size(); ++i) (i % 2 == 0 ? even : odd).push_back(requests[i]);
      Results results;
      run_into(results, generator, prompts, even);
      run_into(results, second, prompts, odd);
      CHECK(same(results, reference.results));
    }
    {  // when the rest is asked for after a stop
      Results results;
      int polls = 0;
      run_into(results, generator, prompts, requests, [&] { return ++polls > static_cast<int>(prompts.size()) + 6; });
      CHECK(!results.empty());
      CHECK(results.size() < requests.size());
      std::vector<SampleRequest> rest;
      for (const SampleRequest& r : requests) {
        if (!results.contains({r.problem, r.index})) rest.push_back(r);
      }
      run_into(results, second, prompts, rest);
      CHECK(same(results, reference.results));
    }
    {  // however they are dealt out, a prompt's attempts here and there
      Results results;
      std::size_t next = 0, size = 0;
      std::int64_t asked = 0;
      second.run(
          [&]() -> std::optional<SampleWork> {
            ++asked;
            if (next == requests.size()) return std::nullopt;
            SampleWork work;
            for (size = size % 7 + 1; size > work.requests.size() && next < requests.size(); ++next) {
              SampleRequest request = requests[next];
              request.place = request.prompt;
              work.prompts.push_back(prompts[static_cast<std::size_t>(request.prompt)]);
              request.prompt = static_cast<int>(work.prompts.size()) - 1;
              work.requests.push_back(request);
            }
            return work;
          },
          [&](const Sampled& s) {
            CHECK(s.request.place + 1000 == static_cast<std::int64_t>(s.request.problem));
            results.insert_or_assign({s.request.problem, s.request.index}, s);
          },
          {});
      CHECK(same(results, reference.results));
      CHECK(asked > 10);
    }
    {  // and when more attempts are asked for
      Results results;
      run_into(results, generator, prompts, make_requests(prompts.size(), 25));
      for (const auto& [key, sampled] : reference.results) CHECK(same(results.at(key), sampled));
    }
  }
}

TEST_CASE("another seed, problem or index gives another attempt") {
  World world(preset_config("tiny", kNumTokens));
  const auto prompts = make_prompts(2, kNumTokens);
  Results a, b;
  Generator first = make_generator(world, kSettings, 1), second = make_generator(world, kSettings, 2);
  const std::vector<SampleRequest> requests = {
      {.prompt = 1, .problem = 1, .index = 0}, {.prompt = 1, .problem = 1, .index = 1}, {.prompt = 1, .problem = 2}};
  run_into(a, first, prompts, requests);
  run_into(b, second, prompts, requests);
  CHECK(a.at({1, 0}).tokens != b.at({1, 0}).tokens);
  CHECK(a.at({1, 0}).tokens != a.at({1, 1}).tokens);
  CHECK(a.at({1, 0}).tokens != a.at({2, 0}).tokens);
}

TEST_CASE("sampling is training's forward: the same text token by token, and the same log-probability") {
  for (const char* preset : {"tiny", "tiny-gqa"}) {
    CAPTURE(preset);
    World world(preset_config(preset, kNumTokens));
    const auto prompts = make_prompts(3, kNumTokens);
    Results results;
    Generator generator = make_generator(world, kSettings);
    run_into(results, generator, prompts, make_requests(prompts.size(), 4));
    const Philox random(11, "sample");
    Sampler sampler({.temperature = kSettings.temperature, .top_p = kSettings.top_p}, kNumTokens);
    const at::NoGradGuard no_grad;
    for (const auto& [key, sampled] : results) {
      const auto& prompt = prompts[static_cast<std::size_t>(sampled.request.prompt)];
      const std::vector<TokenId> text = text_of(prompt, sampled.tokens);
      for (std::size_t i = 0; i < sampled.tokens.size(); ++i) {
        // From the beginning for each token, with no cache.
        const at::Tensor hidden = packed_hidden(world.model, std::span(text).first(prompt.size() + i));
        const at::Tensor logits = world.model.logits(hidden)[-1].contiguous();  // [V]
        const std::span<const float> row(logits.const_data_ptr<float>(), static_cast<std::size_t>(logits.numel()));
        const auto position = static_cast<std::int64_t>(i);
        const DrawnToken choice =
            key.second == Attempt::kGreedy
                ? sampler.greedy(row)
                : sampler.sample(row, random.uniform(key.first, draw_counter(key.second, position)));
        REQUIRE(choice.token == sampled.tokens[i]);
        if (key.second == Attempt::kGreedy)
          CHECK(choice.token == logits.narrow(0, 0, kNumTokens).argmax().item<TokenId>());
      }
      const auto count = static_cast<std::int64_t>(sampled.tokens.size());
      const at::Tensor rows = at::arange(count, at::kLong) + static_cast<std::int64_t>(prompt.size()) - 1;
      const at::Tensor targets =
          at::tensor(std::vector<std::int64_t>(sampled.tokens.begin(), sampled.tokens.end()), at::kLong);
      const double trained =
          world.model.log_probs(packed_hidden(world.model, text), rows, targets).to(at::kDouble).sum().item<double>();
      CHECK(std::abs(trained - sampled.log_prob) < 2e-5);
    }
  }
}

TEST_CASE("an attempt ends with the end token or at its limit, and never holds padding") {
  World world(preset_config("tiny", kNumTokens));  // 64 rows: 14 are padding
  const auto prompts = make_prompts(3, kNumTokens);
  {
    const at::NoGradGuard no_grad;  // padding would win every draw
    world.model.parameters().at("lm_head.weight").value.narrow(0, kNumTokens, 14).mul_(40);
  }
  SamplingSettings settings = kSettings;
  settings.temperature = 2;
  settings.max_new_tokens = 20;
  Results results;
  Generator generator = make_generator(world, settings);
  run_into(results, generator, prompts, make_requests(prompts.size(), 40));
  int num_finished = 0;
  std::int64_t num_tokens = 0;
  for (const auto& [key, sampled] : results) {
    REQUIRE(!sampled.tokens.empty());
    num_tokens += static_cast<std::int64_t>(sampled.tokens.size());
    num_finished += sampled.finished ? 1 : 0;
    CHECK(sampled.finished == (sampled.tokens.back() == kEos));
    CHECK(std::count(sampled.tokens.begin(), sampled.tokens.end() - 1, kEos) == 0);
    CHECK((sampled.finished || sampled.tokens.size() == 20));
    CHECK(std::ranges::all_of(sampled.tokens, [](TokenId t) { return t >= 0 && t < kNumTokens; }));
    CHECK(std::isfinite(sampled.log_prob));
  }
  CHECK(num_tokens == generator.num_tokens());
  CHECK(num_finished > 0);
  CHECK(num_finished < static_cast<int>(results.size()));
}

TEST_CASE("the model's longest sequence bounds an attempt; a prompt that fills it is the user's mistake") {
  ModelConfig config = preset_config("tiny", kNumTokens);
  config.max_position = 12;
  World world(config);
  const std::vector<std::vector<TokenId>> prompts = {{4, 5, 6, 7, 8}, std::vector<TokenId>(12, 4)};
  Generator generator(world.model, kSettings, 1, /*ends=*/{}, kNumTokens);
  Results results;
  run_into(results, generator, prompts, {{.prompt = 0, .problem = 1, .index = 0}});
  CHECK(results.at({1, 0}).tokens.size() == 7);
  CHECK(!results.at({1, 0}).finished);
  CHECK_THROWS_AS(run_into(results, generator, prompts, {{.prompt = 1, .problem = 1, .index = 0}}), UserError);
}

TEST_CASE("each of several end tokens ends an attempt, and cuts nothing else") {
  Reference reference("tiny");
  const auto longest =
      std::ranges::max_element(reference.results, {}, [](const auto& entry) { return entry.second.tokens.size(); });
  const TokenId further = longest->second.tokens[longest->second.tokens.size() / 2];  // stands inside of some attempt
  REQUIRE(further != kEos);
  Generator generator(reference.world.model, kSettings, 11, {kEos, further}, kNumTokens);
  Results results;
  run_into(results, generator, reference.prompts, reference.requests);
  int cut = 0;
  for (const auto& [key, whole] : reference.results) {
    const Sampled& got = results.at(key);
    const auto end = std::ranges::find(whole.tokens, further);
    const auto length = static_cast<std::size_t>(end - whole.tokens.begin()) + (end == whole.tokens.end() ? 0 : 1);
    CHECK(got.tokens ==
          std::vector<TokenId>(whole.tokens.begin(), whole.tokens.begin() + static_cast<std::ptrdiff_t>(length)));
    CHECK(got.finished == (got.tokens.back() == kEos || got.tokens.back() == further));
    cut += length < whole.tokens.size() ? 1 : 0;
  }
  CHECK(cut > 0);
}

}  // namespace ft
