#include "framework/sample/scorer.h"

#include <algorithm>
#include <cmath>
#include <cstring>

#include "framework/model/packed_products.h"
#include "tests/support/doctest_torch.h"
#include "tests/unit/sample/sample_world.h"

namespace ft {
namespace {

using namespace ft::testing;

// log p(label | prompt) from a forward of one text.
double alone(Decoder& model, const std::vector<TokenId>& prompt, const std::vector<TokenId>& label) {
  std::vector<TokenId> text = prompt;
  text.insert(text.end(), label.begin(), label.end());
  const at::Tensor log_softmax = model.logits(packed_hidden(model, text)).to(at::kDouble).log_softmax(-1);
  double sum = 0;
  for (std::size_t j = 0; j < label.size(); ++j) {
    sum += log_softmax[static_cast<std::int64_t>(prompt.size() + j) - 1][label[j]].item<double>();
  }
  return sum;
}

bool same_bits(const std::vector<LabelLogProbs>& a, const std::vector<LabelLogProbs>& b) {
  return a.size() == b.size() && std::memcmp(a.data(), b.data(), a.size() * sizeof(LabelLogProbs)) == 0;
}

}  // namespace

TEST_CASE("label log-probabilities equal those of each text alone") {
  World world(preset_config("tiny", 50));
  auto prompts = make_prompts(9, 50);
  prompts.push_back(prompts[4]);
  const at::NoGradGuard no_grad;
  for (const Labels& labels :
       {Labels{{7}, {8}}, Labels{{7, 9}, {8}}, Labels{{7, 9}, {7, 10}}, Labels{{7, 9, 3}, {8, 9}}}) {
    for (const std::int64_t budget : {1, 20, 64, 4096}) {
      const auto scores = score_prompts(world.model, prompts, labels, budget);
      REQUIRE(scores.size() == prompts.size());
      for (std::size_t i = 0; i < prompts.size(); ++i) {
        CHECK(std::abs(scores[i].correct - alone(world.model, prompts[i], labels.correct)) < 1e-5);
        CHECK(std::abs(scores[i].incorrect - alone(world.model, prompts[i], labels.incorrect)) < 1e-5);
      }
      CHECK(std::memcmp(&scores[4], &scores.back(), sizeof(LabelLogProbs)) == 0);
      CHECK(same_bits(scores, score_prompts(world.model, prompts, labels, budget)));
    }
  }
}

TEST_CASE("texts with one beginning have the scores of each text alone, and bits that no order or budget changes") {
  for (const char* preset : {"tiny", "tiny-gqa"}) {
    World world(preset_config(preset, 50));
    const at::NoGradGuard no_grad;
    for (const std::size_t shared : {1, 2, 31, 32, 33, 70}) {
      CAPTURE(shared);
      auto prompts = make_prompts(9, 50);  // the first has one token
      std::vector<TokenId> beginning(shared);
      for (std::size_t i = 0; i < shared; ++i) beginning[i] = static_cast<TokenId>((7 * i + 3) % 50);
      for (auto& prompt : prompts) prompt.insert(prompt.begin(), beginning.begin(), beginning.end());
      prompts.push_back(prompts[4]);
      if (shared == 2) prompts.push_back(beginning);  // one ends where the others go on
      for (const Labels& labels : {Labels{{7}, {8}}, Labels{{7, 9, 3}, {8, 9}}}) {
        std::vector<std::vector<double>> expected;
        for (const auto& prompt : prompts)
          expected.push_back(
              {alone(world.model, prompt, labels.correct), alone(world.model, prompt, labels.incorrect)});
        const PackedProducts packed(world.model, at::kFloat);
        const auto scores = score_prompts(world.model, prompts, labels, 4096);
        REQUIRE(scores.size() == prompts.size());
        for (std::size_t i = 0; i < prompts.size(); ++i) {
          CHECK(std::abs(scores[i].correct - expected[i][0]) < 1e-5);
          CHECK(std::abs(scores[i].incorrect - expected[i][1]) < 1e-5);
        }
        for (const std::int64_t budget : {1, 20, 64})
          CHECK(same_bits(scores, score_prompts(world.model, prompts, labels, budget)));
        for (std::size_t every = 2; every < 5; ++every) {  // some of them, and then the others
          std::vector<bool> wanted(prompts.size()), others(prompts.size());
          for (std::size_t i = 0; i < prompts.size(); ++i) (i % every == 0 ? wanted : others)[i] = true;
          std::vector<LabelLogProbs> some = score_prompts(world.model, prompts, labels, 64, {}, wanted);
          const std::vector<LabelLogProbs> rest = score_prompts(world.model, prompts, labels, 4096, {}, others);
          for (std::size_t i = 0; i < prompts.size(); ++i) {
            if (others[i]) some[i] = rest[i];
          }
          CHECK(same_bits(scores, some));
        }
        auto reversed = prompts;
        std::ranges::reverse(reversed);
        auto back = score_prompts(world.model, reversed, labels, 4096);
        std::ranges::reverse(back);
        CHECK(same_bits(scores, back));
      }
    }
  }
}

TEST_CASE("the score is the logarithm of the share of the two labels") {
  for (const auto& [c, i] : std::vector<std::pair<double, double>>{{-1, -2}, {-3, -0.5}, {-2, -2}, {-0.01, -8}}) {
    const LabelLogProbs scores{.correct = c, .incorrect = i};
    CHECK(scores.log_score() == doctest::Approx(std::log(std::exp(c) / (std::exp(c) + std::exp(i)))).epsilon(1e-12));
  }
  CHECK(LabelLogProbs{.correct = -900, .incorrect = -1}.log_score() == doctest::Approx(-899));
  CHECK(LabelLogProbs{.correct = -1, .incorrect = -900}.log_score() == 0);
}

}  // namespace ft
