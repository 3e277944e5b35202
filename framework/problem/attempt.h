// One sampled solution of a problem: what `sample` writes; and what a grader says of it: what `grade` writes. Verifier training
// and ranking read both (attempt_reader.h).
//
// They are kept apart, as JSON lines, so that any other grader can judge the same attempts. An attempt is a function of
// (seed, problem, index) alone: asking for more attempts later adds to the old ones.
#pragma once

#include <cstdint>
#include <limits>
#include <string>
#include <string_view>

namespace ft {

// Answer equal to the reference, different from it, or not decidable. `unknown` never counts as right.
enum class Verdict : std::uint8_t { different, equal, unknown };

struct Attempt {
  static constexpr int kGreedy = -1;

  std::string problem;    // Problem::id
  int index = 0;          // 0, 1, ... for sampled attempts; kGreedy for the one greedy attempt
  std::string text;       // the completion without the end token
  bool finished = false;  // ended by the end token, not by the length limit
  int num_tokens = 0;     // sampled tokens, the end token included
  double log_prob = 0;    // sum over those tokens of log p at temperature 1 without top-p, natural logarithm
};

struct Grade {
  std::string answer;         // extracted final answer; empty when none was found
  bool answer_found = false;  // false: the attempt never votes and is never right
  Verdict verdict = Verdict::unknown;
  std::string reason;  // why the verdict is what it is ("identical text", "rational", "no answer found", ...)
  std::string form;  // how the text states its answer ("boxed", "# Answer", "####", "answer is", ...); empty: not known
};

struct GradedAttempt : Attempt, Grade {
  double log_score = std::numeric_limits<double>::quiet_NaN();  // a verifier's log S; NaN where it was not scored
};

[[nodiscard]] std::string_view to_string(Verdict verdict);

}  // namespace ft
