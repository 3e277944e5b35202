// One sampled solution of a problem, with its verdict: what `sample` writes, and verifier training and ranking read.
//
// Attempts are kept as JSON lines so that any other grader can judge them again. An attempt is a function of
// (seed, problem, index) alone: asking for more attempts later adds to the old ones.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace ft {

// Answer equal to the reference, different from it, or not decidable. `unknown` never counts as right.
enum class Verdict : std::uint8_t { different, equal, unknown };

struct Attempt {
  static constexpr int kGreedy = -1;

  std::string problem;        // Problem::id
  int index = 0;              // 0, 1, ... for sampled attempts; kGreedy for the one greedy attempt
  std::string text;           // the completion without the end token
  std::string answer;         // extracted final answer; empty when none was found
  bool answer_found = false;  // false: the attempt never votes and is never right
  bool finished = false;      // ended by the end token, not by the length limit
  int num_tokens = 0;         // sampled tokens, the end token included
  double log_prob = 0;        // sum over those tokens of log p at temperature 1 without top-p, natural logarithm
  Verdict verdict = Verdict::unknown;
  std::string reason;  // why the verdict is what it is ("identical text", "rational", "no answer found", ...)
};

[[nodiscard]] std::string_view to_string(Verdict verdict);

}  // namespace ft
