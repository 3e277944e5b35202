#include "framework/batching/examples.h"

#include <algorithm>

#include "framework/base/error.h"
#include "framework/base/philox.h"

namespace ft {

namespace {

bool begins_with(const std::vector<TokenId>& tokens, const std::vector<TokenId>& prefix) {
  return prefix.size() <= tokens.size() && std::equal(prefix.begin(), prefix.end(), tokens.begin());
}

std::uint64_t example_id(const Problem& problem, std::string_view role) {
  return name_hash(fmt::format("{}\n{}", problem.id, role));
}

}  // namespace

ExampleBuilder::ExampleBuilder(const Tokenizer& tokenizer, PromptTemplates prompts)
    : tokenizer_(tokenizer), prompts_(std::move(prompts)) {}

std::vector<TokenId> ExampleBuilder::with_bos(std::vector<TokenId> tokens) const {
  if (const auto bos = tokenizer_.bos()) tokens.insert(tokens.begin(), *bos);
  return tokens;
}

std::vector<TokenId> ExampleBuilder::solver_prompt(std::string_view problem) const {
  return with_bos(tokenizer_.encode(ft::solver_prompt(prompts_, problem)));
}

std::vector<TokenId> ExampleBuilder::verifier_prompt(std::string_view problem, std::string_view solution) const {
  return with_bos(tokenizer_.encode(ft::verifier_prompt(prompts_, problem, solution)));
}

VerdictTokens ExampleBuilder::verdicts() const {
  VerdictTokens verdicts{tokenizer_.encode(prompts_.correct), tokenizer_.encode(prompts_.incorrect)};
  if (begins_with(verdicts.correct, verdicts.incorrect) || begins_with(verdicts.incorrect, verdicts.correct))
    fail_user(
        fmt::format("the verifier's verdicts '{}' and '{}' are no alternatives: as tokens, one is empty or begins "
                    "with the other. Change prompts.correct or prompts.incorrect",
                    prompts_.correct, prompts_.incorrect));
  return verdicts;
}

// Appends the document prompt + completion with the completion as its one span; returns the span's index.
int ExampleBuilder::add_completion(Example& example, const std::vector<TokenId>& prompt,
                                   std::vector<TokenId> completion) const {
  FT_CHECK(!prompt.empty(), "a prompt has no tokens: nothing would predict the first token of the solution");
  std::vector<TokenId> document = prompt;
  document.insert(document.end(), completion.begin(), completion.end());
  example.documents.push_back(std::move(document));
  example.spans.push_back({.document = static_cast<int>(example.documents.size()) - 1,
                           .first = static_cast<std::int32_t>(prompt.size()) - 1,
                           .tokens = std::move(completion)});
  return static_cast<int>(example.spans.size()) - 1;
}

Example ExampleBuilder::solution(const Problem& problem, std::size_t index) const {
  Example example;
  example.id = example_id(problem, fmt::format("solution {}", index));
  std::vector<TokenId> completion = tokenizer_.encode(problem.solutions.at(index).text);
  completion.push_back(tokenizer_.eos());
  const int span = add_completion(example, solver_prompt(problem.text), std::move(completion));
  example.items.push_back({.kind = LossKind::mle, .spans = {span, -1, -1, -1}});
  return example;
}

namespace {

std::vector<TokenId> attempt_tokens(const Tokenizer& tokenizer, const Attempt& attempt) {
  std::vector<TokenId> tokens = tokenizer.encode(attempt.text);
  if (attempt.finished) tokens.push_back(tokenizer.eos());
  return tokens;
}

}  // namespace

Example ExampleBuilder::attempt(const Problem& problem, const Attempt& attempt) const {
  Example example;
  example.id = example_id(problem, fmt::format("attempt {}", attempt.index));
  const int span = add_completion(example, solver_prompt(problem.text), attempt_tokens(tokenizer_, attempt));
  example.items.push_back({.kind = LossKind::mle, .spans = {span, -1, -1, -1}});
  return example;
}

// Appends what is needed to read log p(correct) and log p(incorrect); returns the indices of their spans.
std::array<int, 2> ExampleBuilder::add_verdicts(Example& example, std::string_view problem,
                                                std::string_view solution) const {
  const VerdictTokens verdicts = this->verdicts();
  const std::vector<TokenId> prompt = verifier_prompt(problem, solution);
  const auto last = static_cast<std::int32_t>(prompt.size()) - 1;
  FT_CHECK(last >= 0, "the verifier's prompt has no tokens");
  const int first_span = static_cast<int>(example.spans.size());
  const bool probes = verdicts.correct.size() == 1 && verdicts.incorrect.size() == 1;
  for (const std::vector<TokenId>& verdict : {verdicts.correct, verdicts.incorrect}) {
    if (!probes || std::ssize(example.spans) == first_span) {
      // The last token of a verdict is predicted, never read.
      std::vector<TokenId> document = prompt;
      document.insert(document.end(), verdict.begin(), verdict.end() - 1);
      example.documents.push_back(std::move(document));
    }
    const int document = static_cast<int>(example.documents.size()) - 1;
    example.spans.push_back({.document = document, .first = last, .tokens = verdict});
  }
  return {first_span, first_span + 1};
}

Example ExampleBuilder::judged(const Problem& problem, const GradedAttempt& attempt, LossKind kind) const {
  FT_CHECK(kind == LossKind::cross_entropy_full || kind == LossKind::cross_entropy_two,
           "a judged attempt takes a cross-entropy, not loss kind {}", static_cast<int>(kind));
  FT_CHECK(attempt.verdict != Verdict::unknown, "attempt {} of problem '{}' has no verdict", attempt.index, problem.id);
  Example example;
  example.id = example_id(problem, fmt::format("judged {}", attempt.index));
  std::array<int, 2> spans = add_verdicts(example, problem.text, attempt.text);
  if (attempt.verdict == Verdict::different) std::swap(spans[0], spans[1]);
  const int other = kind == LossKind::cross_entropy_two ? spans[1] : -1;
  example.items.push_back({.kind = kind, .spans = {spans[0], other, -1, -1}});
  return example;
}

Example ExampleBuilder::margin_pair(const Problem& problem, const Attempt& right, const Attempt& wrong) const {
  Example example;
  example.id = example_id(problem, fmt::format("margin {} {}", right.index, wrong.index));
  const std::array<int, 2> of_right = add_verdicts(example, problem.text, right.text);
  const std::array<int, 2> of_wrong = add_verdicts(example, problem.text, wrong.text);
  example.items.push_back({.kind = LossKind::margin, .spans = {of_right[0], of_right[1], of_wrong[0], of_wrong[1]}});
  return example;
}

Example ExampleBuilder::contrastive_pair(const Problem& problem, const Attempt& right, const Attempt& wrong) const {
  Example example;
  example.id = example_id(problem, fmt::format("contrastive {} {}", right.index, wrong.index));
  const std::vector<TokenId> prompt = solver_prompt(problem.text);
  const int of_right = add_completion(example, prompt, attempt_tokens(tokenizer_, right));
  const int of_wrong = add_completion(example, prompt, attempt_tokens(tokenizer_, wrong));
  example.items.push_back({.kind = LossKind::contrastive, .spans = {of_right, of_wrong, -1, -1}});
  return example;
}

void append(Example& example, const Example& more) {
  const int first_document = static_cast<int>(example.documents.size());
  const int first_span = static_cast<int>(example.spans.size());
  example.documents.insert(example.documents.end(), more.documents.begin(), more.documents.end());
  for (TargetSpan span : more.spans) {
    span.document += first_document;
    example.spans.push_back(std::move(span));
  }
  for (LossItem item : more.items) {
    for (int& span : item.spans) span = span < 0 ? span : span + first_span;
    example.items.push_back(item);
  }
}

std::string describe_solution(const Problem& problem, std::size_t index) {
  return fmt::format("problem '{}', solution {}", problem.id, index + 1);
}

std::string describe_attempts(const Problem& problem, const Attempt& one, const Attempt* other) {
  return other ? fmt::format("problem '{}', attempts {} and {}", problem.id, one.index, other->index)
               : fmt::format("problem '{}', attempt {}", problem.id, one.index);
}

std::int64_t Example::num_tokens() const {
  std::int64_t sum = 0;
  for (const auto& document : documents) sum += std::ssize(document);
  return sum;
}

ExampleSet::ExampleSet(LengthLimit limit) : limit_(limit) {}

void ExampleSet::add(Example example, std::string_view what) {
  std::int64_t longest = 0;
  for (const auto& document : example.documents) longest = std::max<std::int64_t>(longest, std::ssize(document));
  const std::int64_t total = example.num_tokens();
  const bool document_fits = longest <= limit_.max_length;
  if (document_fits && total <= limit_.tokens_per_lane) {
    tallies_.tokens += total;
    ++tallies_.examples;
    tallies_.longest = std::max(tallies_.longest, longest);
    examples_.push_back(std::move(example));
    return;
  }
  const std::string why = document_fits ? fmt::format("{} tokens, tokens_per_lane is {}", total, limit_.tokens_per_lane)
                                        : fmt::format("{} tokens, max_length is {}", longest, limit_.max_length);
  if (limit_.too_long == TooLong::refuse)
    fail_user(fmt::format("{} is too long: {}. Raise {}, or set 'too_long: drop' to leave such examples out", what, why,
                          document_fits ? "tokens_per_lane" : "max_length"));
  if (tallies_.dropped++ == 0) tallies_.first_dropped = fmt::format("{}: {}", what, why);
}

}  // namespace ft
