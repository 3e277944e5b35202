#include "framework/sample/kv_cache.h"

#include "framework/model/packed_products.h"
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
    double worst = 0;
    const auto compare = [&](const at::Tensor& hidden, std::size_t text, std::size_t length) {
      const at::Tensor expected = packed_hidden(world.model, std::span(texts[text]).first(length)).narrow(0, -1, 1);
      const at::Tensor difference = world.model.logits(hidden) - world.model.logits(expected);
      worst = std::max(worst, difference.abs().max().item<double>());
    };
    // Half of each text is prefilled, all together; then each goes on, text t in slot 7 - t.
    std::vector<std::size_t> at_token;
    std::vector<int> prompts;
    std::vector<std::int64_t> prefilled, places;
    for (std::size_t t = 0; t < texts.size(); ++t) {
      at_token.push_back((texts[t].size() + 1) / 2);
      prompts.push_back(cache.add_prompt(static_cast<std::int64_t>(at_token[t])));
      for (std::size_t i = 0; i < at_token[t]; ++i) {
        prefilled.push_back(texts[t][i]);
        places.push_back(static_cast<std::int64_t>(i));
      }
    }
    PrefillAttention prefill(cache, prompts);
    const at::Tensor first = world.model.forward(at::tensor(prefilled, at::kLong), at::tensor(places), prefill);
    std::int64_t end = 0;
    for (std::size_t t = 0; t < texts.size(); ++t) {
      end += static_cast<std::int64_t>(at_token[t]);
      compare(first.narrow(0, end - 1, 1), t, at_token[t]);
      cache.start(7 - static_cast<int>(t), prompts[t]);
      cache.drop_prompt(prompts[t]);
    }
    for (bool more = true; more;) {
      std::vector<int> slots;
      std::vector<std::int64_t> positions, tokens;
      std::vector<std::size_t> rows;
      for (std::size_t t = 0; t < texts.size(); ++t) {
        if (at_token[t] == texts[t].size()) continue;
        rows.push_back(t);
        slots.push_back(7 - static_cast<int>(t));
        positions.push_back(cache.advance(slots.back()));
        CHECK(positions.back() == static_cast<std::int64_t>(at_token[t]));
        tokens.push_back(texts[t][at_token[t]++]);
      }
      more = !rows.empty();
      if (!more) break;
      DecodeAttention decode(cache, slots);
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

TEST_CASE("pages are shared, kept while anyone continues a prompt, and serve again afterwards") {
  const ModelConfig config = preset_config("tiny-gqa", 50);
  KvCache cache(config.num_layers, 4);
  const at::Tensor key = at::randn({40, config.num_kv_heads, config.head_dim}), value = at::randn_like(key);
  const int prompt = cache.add_prompt(40);
  CHECK(cache.pages_in_use() == 2);
  for (int layer = 0; layer < config.num_layers; ++layer) cache.write_prompt(layer, prompt, key, value);
  for (const int slot : {0, 2}) cache.start(slot, prompt);
  CHECK_THROWS(cache.start(2, prompt));
  CHECK_THROWS((void)cache.advance(1));
  cache.drop_prompt(prompt);
  CHECK(cache.pages_in_use() == 2);
  CHECK(cache.row(0).prompt.pages.data() == cache.row(2).prompt.pages.data());
  for (std::int64_t t = 0; t < 33; ++t) CHECK(cache.advance(2) == 40 + t);
  CHECK(cache.pages_in_use() == 4);
  CHECK(cache.row(2).own.length == 33);
  const std::vector<int> slots = {2, 2};  // equal rows may share a place
  cache.append(1, slots, key.narrow(0, 3, 1).expand({2, -1, -1}), value.narrow(0, 5, 1).expand({2, -1, -1}));
  const std::int64_t page = cache.row(2).own.pages.back();
  CHECK(at::equal(cache.pages(1).keys[0][page].select(2, 0), key[3]));
  CHECK(at::equal(cache.pages(1).values[0][page].select(1, 0), value[5]));
  cache.end(2);
  CHECK(cache.pages_in_use() == 2);
  cache.end(0);
  CHECK(cache.pages_in_use() == 0);
  CHECK_THROWS((void)cache.prompt_length(prompt));
  const std::int64_t bytes = cache.bytes();
  for (int again = 0; again < 20; ++again) {
    const int other = cache.add_prompt(100);
    for (int layer = 0; layer < config.num_layers; ++layer)
      cache.write_prompt(layer, other, at::randn({100, config.num_kv_heads, config.head_dim}),
                         at::randn({100, config.num_kv_heads, config.head_dim}));
    cache.drop_prompt(other);
  }
  CHECK(cache.bytes() == bytes);
}

TEST_CASE("the estimate is what is allocated") {
  const ModelConfig config = preset_config("tiny-gqa", 50);
  KvCache cache(config.num_layers, 9);
  const at::Tensor key = at::randn({70, config.num_kv_heads, config.head_dim});
  for (int p = 0; p < 3; ++p) {
    const int prompt = cache.add_prompt(70);
    for (int s = 0; s < 3; ++s) {
      cache.start(3 * p + s, prompt);
      for (int t = 0; t < 45; ++t) cache.advance(3 * p + s);
    }
    for (int layer = 0; layer < config.num_layers; ++layer) cache.write_prompt(layer, prompt, key, key);
  }
  CHECK(cache.bytes() == KvCache::estimate_bytes(config, 9, 45, 3, 70));
}

TEST_CASE("with packed products any number of rows is exact; without, the sizes found are among those tried") {
  World world(preset_config("tiny", 50));
  const BatchSizes found = find_exact_sizes(world.model, 64);
  std::string list;
  for (const int size : found.sizes()) list += ' ' + std::to_string(size);
  MESSAGE("exact batch sizes of libtorch's products here:" << list);
  const auto tried = candidate_sizes(64);
  const bool one_by_one = found.sizes() == std::vector<int>{1};
  for (const int size : found.sizes()) CHECK((one_by_one || std::ranges::find(tried, size) != tried.end()));
  CHECK(!found.is_any());
  const PackedProducts packed(world.model, at::kBFloat16);
  CHECK(find_exact_sizes(world.model, 7).is_any());
  CHECK(find_exact_sizes(world.model, 7).sizes() == std::vector<int>{1, 2, 3, 4, 5, 6, 7});
}

}  // namespace ft
