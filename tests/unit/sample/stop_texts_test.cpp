#include "framework/sample/stop_texts.h"

#include <algorithm>

#include "framework/base/philox.h"
#include "framework/text/tokenizer.h"
#include "tests/support/doctest_torch.h"
#include "tests/unit/sample/sample_world.h"

namespace ft {
namespace {

using namespace ft::testing;

const char* const kTokenizers[] = {"gpt2", "llama3", "qwen2", "smollm2"};

std::unique_ptr<Tokenizer> tokenizer_of(const std::string& name) {
  return load_tokenizer(std::filesystem::path(FT_PROJECT_ROOT) / "tests/golden/tokenizers" / name);
}

// The first stop text of a text that grows by pieces, by looking at all of it each time.
std::size_t first_stop(const std::string& text, const std::vector<std::string>& stops) {
  std::size_t first = std::string::npos;
  for (const std::string& stop : stops) first = std::min(first, text.find(stop));
  return first;
}

}  // namespace

TEST_CASE("an attempt ends with the token that completes a stop text, wherever tokens are cut") {
  const std::vector<std::string> stops = {"\n\nQuestion:", "####", "é!", "  \n"};
  const std::string parts[] = {"\n", "\n\n", "Question", ":", "Quest",           "ion:", "#", "##", "x", " 12 ",
                               "é",  "!",    " ",        "ü", "the answer is 5."};
  const Philox random(3, "stop texts");
  int ended = 0;
  for (const char* name : kTokenizers) {
    const auto tokenizer = tokenizer_of(name);
    const StopTexts rule(*tokenizer, stops);
    for (std::uint64_t round = 0; round < 300; ++round) {
      std::vector<TokenId> tokens;
      for (std::uint64_t i = 0; i < 30; ++i) {  // piece by piece, so that tokens are cut otherwise than in a whole text
        const auto more = tokenizer->encode(parts[random.below(std::size(parts), round, i)]);
        tokens.insert(tokens.end(), more.begin(), more.end());
      }
      for (std::size_t count = 1; count <= tokens.size(); ++count) {
        const std::string text = tokenizer->decode(std::span(tokens).first(count));
        const std::size_t at = first_stop(text, stops);
        CAPTURE(text);
        REQUIRE(rule.ends(std::span(tokens).first(count)) == (at != std::string::npos));
        if (at == std::string::npos) {
          CHECK(rule.cut(text) == text);
          continue;
        }
        CHECK(rule.cut(text) == text.substr(0, at));
        ++ended;
        break;
      }
    }
  }
  CHECK(ended > 200);
}

TEST_CASE("tokens without a text of their own do not hide a stop text") {
  const auto tokenizer = tokenizer_of("qwen2");
  const StopTexts rule(*tokenizer, {"ab"});
  std::vector<TokenId> tokens = tokenizer->encode("a");
  tokens.insert(tokens.end(), 100, tokenizer->eos());
  CHECK_FALSE(rule.ends(tokens));
  for (const TokenId id : tokenizer->encode("b")) tokens.push_back(id);
  CHECK(rule.ends(tokens) == (tokenizer->decode(tokens).find("ab") != std::string::npos));
}

TEST_CASE("without stop texts nothing ends; an empty one is no stop text") {
  const auto tokenizer = tokenizer_of("gpt2");
  CHECK_FALSE(StopTexts().ends(tokenizer->encode("anything")));
  CHECK(StopTexts().cut("anything") == "anything");
  CHECK_THROWS(StopTexts(*tokenizer, {"x", ""}));
}

TEST_CASE("sampling stops at a stop text and nowhere else") {
  const auto tokenizer = tokenizer_of("gpt2");
  World world(preset_config("tiny", tokenizer->size()));
  const auto prompts = make_prompts(2, tokenizer->size());
  const auto requests = make_requests(prompts.size(), 6);
  const SamplingSettings settings{.max_new_tokens = 24, .slots = 5};
  std::vector<Sampled> free, stopped;
  const auto run = [&](std::vector<Sampled>& into, StopTexts stops) {
    Generator generator(world.model, settings, 11, {}, tokenizer->size(), std::move(stops));
    generator.run(all_at_once({prompts, requests}), [&](const Sampled& one) { into.push_back(one); }, {});
    std::ranges::sort(into, {}, [](const Sampled& one) { return std::pair(one.request.problem, one.request.index); });
  };
  run(free, {});
  const std::string text = tokenizer->decode(free.front().tokens);
  const std::vector<std::string> stops = {text.substr(text.size() / 2, 2),
                                          tokenizer->decode(std::span(free[3].tokens).subspan(7, 2))};
  run(stopped, StopTexts(*tokenizer, stops));
  REQUIRE(stopped.size() == free.size());
  int ended = 0;
  for (std::size_t i = 0; i < free.size(); ++i) {
    const Sampled &one = free[i], &cut = stopped[i];
    REQUIRE(cut.tokens.size() <= one.tokens.size());
    CHECK(std::equal(cut.tokens.begin(), cut.tokens.end(), one.tokens.begin()));
    CHECK(cut.stopped == cut.finished);
    CHECK(cut.stopped == (first_stop(tokenizer->decode(cut.tokens), stops) != std::string::npos));
    CHECK((cut.stopped || cut.tokens.size() == one.tokens.size()));
    if (cut.stopped) {
      ++ended;
      CHECK(first_stop(tokenizer->decode(std::span(cut.tokens).first(cut.tokens.size() - 1)), stops) ==
            std::string::npos);
    }
  }
  CHECK(ended >= 2);
}

}  // namespace ft
