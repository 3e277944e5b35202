// Sampling and scoring with a split model: every rank of the group sees the same attempts, and those of a dense model.
#include <optional>
#include <tuple>
#include <utility>

#include "framework/problem/attempt.h"
#include "framework/sample/generator.h"
#include "framework/sample/scorer.h"
#include "tests/unit/tensor_parallel/grid.h"

using namespace ft;
using namespace ft::testing;

namespace {

struct Sample {
  std::map<std::pair<std::uint64_t, int>, std::vector<TokenId>> tokens;
  std::map<std::pair<std::uint64_t, int>, double> log_probs;
  std::vector<LabelLogProbs> scores;
};

std::vector<Sample> sample(int ranks) {
  std::vector<Sample> samples(static_cast<std::size_t>(ranks));
  run_grid({1, ranks}, [&](Groups groups) {
    SplitModel model(tiny_config(), groups.tensor, 3);
    Sample& mine = samples[static_cast<std::size_t>(groups.tensor.rank())];
    const std::vector<std::vector<TokenId>> prompts = {{1, 2, 3}, {9, 8, 7, 6, 5}};
    std::vector<SampleRequest> requests;
    for (const int prompt : {0, 1})
      for (int index = Attempt::kGreedy; index < 5; ++index)
        requests.push_back({.prompt = prompt, .problem = 100 + static_cast<std::uint64_t>(prompt), .index = index});
    Generator generator(model.decoder, {.max_new_tokens = 12, .slots = 8}, 7, {0}, kTinyVocabulary);
    generator.run(
        [left = std::optional(SampleWork{prompts, requests})]() mutable { return std::exchange(left, std::nullopt); },
        [&](const Sampled& s) {
          mine.tokens[{s.request.problem, s.request.index}] = s.tokens;
          mine.log_probs[{s.request.problem, s.request.index}] = s.log_prob;
        },
        {});
    mine.scores = score_prompts(model.decoder, prompts, Labels{{4}, {5}}, 64);
  });
  return samples;
}

}  // namespace

TEST_CASE("attempts and scores are the same on every rank of a group, and as far as rounding goes on one") {
  const Sample dense = sample(1)[0];
  REQUIRE(dense.tokens.size() == 12);
  for (const int ranks : {2, 4}) {
    const std::vector<Sample> split = sample(ranks);
    for (const Sample& s : split) {
      CHECK(s.tokens == split[0].tokens);
      CHECK(s.log_probs == split[0].log_probs);  // same bits: all take the same decisions
      for (std::size_t i = 0; i < s.scores.size(); ++i) CHECK(s.scores[i].correct == split[0].scores[i].correct);
    }
    CHECK(split[0].tokens == dense.tokens);  // no draw of this seed lies within rounding of a border
    for (const auto& [key, value] : dense.log_probs) CHECK(std::abs(split[0].log_probs.at(key) - value) < 1e-4);
    for (std::size_t i = 0; i < dense.scores.size(); ++i)
      CHECK(std::abs(split[0].scores[i].correct - dense.scores[i].correct) < 1e-5);
  }
}
