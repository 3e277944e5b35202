#include "framework/sample/kv_cache.h"

#include "framework/sample/exactness.h"
#include "tests/support/doctest_torch.h"
#include "tests/unit/sample/sample_world.h"

namespace ft {

using namespace ft::testing;

TEST_CASE("prefill and decode give the logits of one packed forward") {
  for (const char* preset : {"tiny", "tiny-gqa"}) {
    World world(preset_config(preset, 50));
    const at::NoGradGuard no_grad;
    const auto texts = make_prompts(6, 50);
    KvCache cache(world.model.config().num_layers, 8);
    std::size_t longest = 0;
    for (const auto& text : texts) longest = std::max(longest, text.size());
    double worst = 0;
    const auto compare = [&](const at::Tensor& hidden, std::size_t text, std::size_t length) {
      const at::Tensor expected = packed_hidden(world.model, std::span(texts[text]).first(length)).narrow(0, -1, 1);
      const at::Tensor difference = world.model.logits(hidden) - world.model.logits(expected);
      worst = std::max(worst, difference.abs().max().item<double>());
    };
    // Half of each text is prefilled, then all go on together, row b in slot 7 - b.
    std::vector<std::size_t> at_token;
    for (std::size_t t = 0; t < texts.size(); ++t) {
      const std::size_t half = (texts[t].size() + 1) / 2;
      cache.reserve(static_cast<std::int64_t>(half));
      PrefillAttention prefill(cache, 0, static_cast<std::int64_t>(half));
      const std::vector<std::int64_t> tokens(texts[t].begin(), texts[t].begin() + static_cast<std::ptrdiff_t>(half));
      const at::Tensor hidden = world.model.forward(at::tensor(tokens, at::kLong),
                                                    at::arange(static_cast<std::int64_t>(half), at::kLong), prefill);
      compare(hidden.narrow(0, -1, 1), t, half);
      cache.copy_prefix(0, 7 - static_cast<int>(t), static_cast<std::int64_t>(half));
      at_token.push_back(half);
    }
    for (bool more = true; more;) {
      std::vector<std::int64_t> slots, positions, tokens;
      std::vector<std::size_t> rows;
      for (std::size_t t = 0; t < texts.size(); ++t) {
        if (at_token[t] == texts[t].size()) continue;
        rows.push_back(t);
        slots.push_back(7 - static_cast<std::int64_t>(t));
        positions.push_back(static_cast<std::int64_t>(at_token[t]));
        tokens.push_back(texts[t][at_token[t]++]);
      }
      more = !rows.empty();
      if (!more) break;
      cache.reserve(*std::ranges::max_element(positions) + 1);
      DecodeAttention decode(cache);
      decode.set_rows(slots, positions);
      const at::Tensor hidden =
          world.model.forward(at::tensor(tokens, at::kLong), at::tensor(positions, at::kLong), decode);
      for (std::size_t row = 0; row < rows.size(); ++row) {
        compare(hidden.narrow(0, static_cast<std::int64_t>(row), 1), rows[row], at_token[rows[row]]);
      }
    }
    MESSAGE(preset << ": largest difference of a logit " << worst);
    CHECK(worst < 1e-5);
  }
}

TEST_CASE("growing keeps what is stored; the estimate is what is allocated") {
  const ModelConfig config = preset_config("tiny-gqa", 50);
  KvCache cache(config.num_layers, 3);
  cache.reserve(5);
  const at::Tensor key = at::randn({5, config.num_kv_heads, config.head_dim});
  const at::Tensor value = at::randn_like(key);
  for (int layer = 0; layer < config.num_layers; ++layer) cache.write_prompt(layer, 1, key, value);
  CHECK(cache.bytes() == KvCache::estimate_bytes(config, 3, cache.length()));
  cache.reserve(1000);
  CHECK(cache.length() >= 1000);
  CHECK(cache.bytes() == KvCache::estimate_bytes(config, 3, cache.length()));
  cache.copy_prefix(1, 2, 5);
  const std::vector<std::int64_t> slots = {2, 0}, positions = {5, 999};
  cache.append(1, slots, positions, key.narrow(0, 0, 2), value.narrow(0, 0, 2));
  CHECK(at::equal(cache.keys(0).select(0, 2).narrow(1, 0, 5), key.transpose(0, 1)));
  CHECK(at::equal(cache.values(1).select(0, 2).narrow(1, 0, 5), value.transpose(0, 1)));
  CHECK(at::equal(cache.values(1).select(0, 2).select(1, 5), value[0]));
  CHECK(at::equal(cache.keys(1).select(0, 0).select(1, 999), key[1]));
}

TEST_CASE("the sizes found to be exact are among those tried") {
  World world(preset_config("tiny", 50));
  const BatchSizes found = find_exact_sizes(world.model, 64);
  std::string list;
  for (const int size : found.sizes()) list += ' ' + std::to_string(size);
  MESSAGE("exact batch sizes here:" << list);
  const auto tried = candidate_sizes(64);
  const bool one_by_one = found.sizes() == std::vector<int>{1};
  for (const int size : found.sizes()) CHECK((one_by_one || std::ranges::find(tried, size) != tried.end()));
}

}  // namespace ft
