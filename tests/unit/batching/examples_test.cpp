#include "framework/batching/examples.h"

#include "framework/base/error.h"
#include "framework/batching/batch.h"
#include "tests/support/doctest_torch.h"
#include "tests/support/example_batch.h"

using namespace ft;
using testing::batch_of, testing::units_of;

namespace {

std::unique_ptr<Tokenizer> words(std::vector<std::string> more = {}) {
  std::vector<std::string> list = {"\n", " ", "?", "!", "1", "2", "3", "+", "=", "yes", "no", "J:"};
  list.insert(list.end(), more.begin(), more.end());
  return make_word_tokenizer(list);
}

PromptTemplates prompts() {
  return {.solver = "{problem}\n", .verifier = "J:{problem}!{solution}?", .correct = "yes", .incorrect = "no"};
}

Problem problem() {
  Problem p;
  p.id = "p1";
  p.text = "1+2";
  p.solutions = {{.text = "1+2=3"}, {.text = "=3"}};
  return p;
}

GradedAttempt attempt(int index, std::string text, Verdict verdict) {
  GradedAttempt a;
  a.problem = "p1";
  a.index = index;
  a.text = std::move(text);
  a.finished = true;
  a.verdict = verdict;
  return a;
}

std::vector<TokenId> operator+(std::vector<TokenId> a, const std::vector<TokenId>& b) {
  a.insert(a.end(), b.begin(), b.end());
  return a;
}

}  // namespace

TEST_CASE("a solution is predicted from the very prompt that sampling starts from, EOS included") {
  // "\n=" is one word: tokenised together, prompt and solution would merge over their border.
  const auto tokenizer = words({"\n="});
  const ExampleBuilder build(*tokenizer, prompts());
  const Example e = build.solution(problem(), 1);
  const auto prompt = build.solver_prompt("1+2");
  const auto completion = tokenizer->encode("=3") + std::vector<TokenId>{tokenizer->eos()};
  REQUIRE(e.documents.size() == 1);
  CHECK(e.documents[0] == prompt + completion);
  CHECK(e.documents[0] != tokenizer->encode("1+2\n=3") + std::vector<TokenId>{tokenizer->eos()});
  CHECK(e.spans[0].first == std::ssize(prompt) - 1);
  CHECK(e.spans[0].tokens == completion);
  CHECK(units_of(e)[0] == std::ssize(completion));
  CHECK(e.id != build.solution(problem(), 0).id);
  const Batch batch = batch_of({e});
  CHECK(at::equal(batch.tokens.index_select(0, batch.target_rows + 1), batch.targets));
}

TEST_CASE("an attempt that hit the length limit teaches no end") {
  const auto tokenizer = words();
  const ExampleBuilder build(*tokenizer, prompts());
  GradedAttempt a = attempt(3, "=3", Verdict::equal);
  CHECK(build.attempt(problem(), a).spans[0].tokens.back() == tokenizer->eos());
  a.finished = false;
  CHECK(build.attempt(problem(), a).spans[0].tokens == tokenizer->encode("=3"));
}

TEST_CASE("verdicts of one token are probes on the last position of one document") {
  const auto tokenizer = words();
  const ExampleBuilder build(*tokenizer, prompts());
  const TokenId yes = tokenizer->encode("yes")[0], no = tokenizer->encode("no")[0];
  const Example wrong = build.judged(problem(), attempt(0, "=2", Verdict::different), LossKind::cross_entropy_two);
  REQUIRE(wrong.documents.size() == 1);
  CHECK(wrong.documents[0] == build.verifier_prompt("1+2", "=2"));
  const LossItem& item = wrong.items[0];
  CHECK(wrong.spans[item.spans[0]].tokens == std::vector{no});  // the true verdict first
  CHECK(wrong.spans[item.spans[1]].tokens == std::vector{yes});
  for (const TargetSpan& span : wrong.spans) CHECK(span.first == std::ssize(wrong.documents[0]) - 1);
  const Example right = build.judged(problem(), attempt(0, "=3", Verdict::equal), LossKind::cross_entropy_full);
  CHECK(right.spans[right.items[0].spans[0]].tokens == std::vector{yes});
  CHECK_THROWS_AS((void)build.judged(problem(), attempt(0, "=3", Verdict::unknown), LossKind::cross_entropy_full),
                  Error);
}

TEST_CASE("verdicts of several tokens get documents of their own") {
  const auto tokenizer = words();
  PromptTemplates templates = prompts();
  templates.correct = "yes!";
  const ExampleBuilder build(*tokenizer, templates);
  const Example e = build.judged(problem(), attempt(0, "=3", Verdict::equal), LossKind::cross_entropy_two);
  const auto prompt = build.verifier_prompt("1+2", "=3");
  REQUIRE(e.documents.size() == 2);
  CHECK(e.documents[0] == prompt + tokenizer->encode("yes"));
  CHECK(e.documents[1] == prompt);
  CHECK(e.spans[0].tokens == tokenizer->encode("yes!"));
  CHECK(e.spans[1].document == 1);
  (void)batch_of({e});
}

TEST_CASE("a margin pair holds right and wrong, each with both verdicts; a contrastive pair two solutions") {
  const auto tokenizer = words();
  const ExampleBuilder build(*tokenizer, prompts());
  const GradedAttempt right = attempt(4, "=3", Verdict::equal), wrong = attempt(5, "=1", Verdict::different);
  const Example e = build.margin_pair(problem(), right, wrong);
  REQUIRE(e.documents.size() == 2);
  CHECK(e.items[0].spans == std::array{0, 1, 2, 3});
  CHECK(e.documents[1] == build.verifier_prompt("1+2", "=1"));
  CHECK(e.spans[2].tokens == tokenizer->encode("yes"));
  CHECK(e.spans[3].tokens == tokenizer->encode("no"));

  Example joint = build.contrastive_pair(problem(), right, wrong);
  CHECK(joint.items[0].spans == std::array{0, 1, -1, -1});
  append(joint, build.solution(problem(), 0));
  CHECK(joint.documents.size() == 3);
  CHECK(joint.items[1].spans == std::array{2, -1, -1, -1});
  CHECK(joint.spans[2].document == 2);
  CHECK(units_of(joint) == std::array<std::int64_t, kNumLossKinds>{6, 0, 0, 0, 1});
}

TEST_CASE("verdicts that overlap as tokens are refused") {
  const auto tokenizer = words();
  PromptTemplates templates = prompts();
  templates.correct = "no!";
  CHECK_THROWS_WITH_AS((void)ExampleBuilder(*tokenizer, templates).verdicts(), doctest::Contains("no alternatives"),
                       UserError);
}

TEST_CASE("too long: dropped and counted, or refused by name, never cut") {
  const auto tokenizer = words();
  const ExampleBuilder build(*tokenizer, prompts());
  const Example e = build.solution(problem(), 0);  // 4 + 6 tokens
  ExampleSet drop({.max_length = 9, .tokens_per_lane = 100});
  drop.add(e, describe_solution(problem(), 0));
  drop.add(build.solution(problem(), 1), describe_solution(problem(), 1));
  CHECK(drop.tallies().dropped == 1);
  CHECK(drop.examples().size() == 1);
  CHECK(drop.tallies().tokens == 7);
  CHECK(drop.tallies().summary().find("problem 'p1', solution 1: 10 tokens, max_length is 9") != std::string::npos);
  ExampleSet refuse({.max_length = 9, .tokens_per_lane = 100, .too_long = TooLong::refuse});
  CHECK_THROWS_WITH_AS(refuse.add(e, describe_solution(problem(), 0)),
                       doctest::Contains("problem 'p1', solution 1 is too long: 10 tokens, max_length is 9"),
                       UserError);
  ExampleSet lane({.max_length = 100, .tokens_per_lane = 9, .too_long = TooLong::refuse});
  CHECK_THROWS_WITH_AS(lane.add(e, "x"), doctest::Contains("Raise tokens_per_lane"), UserError);
}
