// From problems and attempts to training examples: what is read, what is predicted, where BOS and EOS stand.
//
// Prompt and solution are tokenised separately and joined. A tokenizer may merge over their border ("\n" + "The"), and
// then sampling, which has only the prompt, would start from other tokens than training saw. The prompt functions here
// are the ones that sampling and scoring use, so the prefixes are equal by construction.
//
//   const ExampleBuilder build(tokenizer, prompts);
//   ExampleSet set({.max_length = 512, .tokens_per_lane = 2048, .too_long = TooLong::drop});
//   for (const Problem& p : problems)
//     for (std::size_t i = 0; i < p.solutions.size(); ++i) set.add(build.solution(p, i), describe_solution(p, i));
//   Trainer trainer(..., set.examples(), ...);
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "framework/batching/example_block.h"
#include "framework/batching/too_long.h"
#include "framework/problem/attempt.h"
#include "framework/problem/problem.h"
#include "framework/text/prompt.h"
#include "framework/text/tokenizer.h"

namespace ft {

// The two verdicts of the verifier as tokens.
struct VerdictTokens {
  std::vector<TokenId> correct;
  std::vector<TokenId> incorrect;
};

// All functions are const, keep no state and throw UserError where the tokenizer cannot express a text.
class ExampleBuilder {
 public:
  // The tokenizer must outlive the builder.
  ExampleBuilder(const Tokenizer& tokenizer, PromptTemplates prompts);

  // BOS where the model has one, then the template filled in.
  [[nodiscard]] std::vector<TokenId> solver_prompt(std::string_view problem) const;
  [[nodiscard]] std::vector<TokenId> verifier_prompt(std::string_view problem, std::string_view solution) const;
  // Throws UserError when a verdict is empty or one begins with the other: their probabilities would overlap.
  [[nodiscard]] VerdictTokens verdicts() const;

  // One document: solver prompt, solution, EOS. One span: solution and EOS. One `mle` item.
  [[nodiscard]] Example solution(const Problem& problem, std::size_t index) const;
  // The same from an attempt; EOS only where the attempt was finished.
  [[nodiscard]] Example attempt(const Problem& problem, const Attempt& attempt) const;

  // A judged attempt for cross-entropy: `kind` is cross_entropy_full or cross_entropy_two, spans[0] is the true
  // verdict. Verdicts of one token are two probes on the last position of the prompt's one document; verdicts of
  // several tokens get a document each. A verdict that is unknown is a programmer's error.
  [[nodiscard]] Example judged(const Problem& problem, const GradedAttempt& attempt, LossKind kind) const;
  // A right and a wrong attempt of the same problem, one `margin` item.
  [[nodiscard]] Example margin_pair(const Problem& problem, const Attempt& right, const Attempt& wrong) const;
  // The same as solutions, one `contrastive` item over their log-probabilities.
  [[nodiscard]] Example contrastive_pair(const Problem& problem, const Attempt& right, const Attempt& wrong) const;

 private:
  std::vector<TokenId> with_bos(std::vector<TokenId> tokens) const;
  int add_completion(Example& example, const std::vector<TokenId>& prompt, std::vector<TokenId> completion) const;
  std::array<int, 2> add_verdicts(Example& example, std::string_view problem, std::string_view solution) const;

  const Tokenizer& tokenizer_;
  PromptTemplates prompts_;
};

// Adds documents, spans and items of `more` to `example`, whose id it keeps: for joint losses (a pair and the
// solution).
void append(Example& example, const Example& more);

// "problem 'gsm8k-17', solution 2": how messages name an example.
[[nodiscard]] std::string describe_solution(const Problem& problem, std::size_t index);
[[nodiscard]] std::string describe_attempts(const Problem& problem, const Attempt& one, const Attempt* other = nullptr);

struct LengthLimit {
  std::int64_t max_length = 512;        // tokens of one document
  std::int64_t tokens_per_lane = 2048;  // tokens of one example, all its documents
  TooLong too_long = TooLong::drop;
};

class ExampleSet {
 public:
  explicit ExampleSet(LengthLimit limit);

  // Takes the example, or applies the policy. Throws UserError when the policy is to refuse; `what` names the example.
  void add(Example example, std::string_view what);

  [[nodiscard]] const std::vector<Example>& examples() const { return examples_; }
  [[nodiscard]] std::vector<Example> take() { return std::move(examples_); }
  [[nodiscard]] const ExampleTallies& tallies() const { return tallies_; }
  // For what a recipe counts beside: ExampleTallies::of_recipe.
  [[nodiscard]] std::int64_t& of_recipe(std::size_t i) { return tallies_.of_recipe.at(i); }

 private:
  LengthLimit limit_;
  std::vector<Example> examples_;
  ExampleTallies tallies_;
};

}  // namespace ft
