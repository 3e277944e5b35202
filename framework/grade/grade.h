// Is this answer right? Extraction finds the final answer in a solution's text; equivalence decides whether two answers
// are equal. Both are total: they never hang, never crash, never execute their input, and say why they decided.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "framework/problem/attempt.h"

namespace ft::grade {

struct Extracted {
  bool found = false;
  std::string answer;  // as written, surrounding white space and delimiters removed
  std::string how;     // "boxed", "# Answer", "####", "final answer is", or why nothing was found
};

// The final answer of a solution: the last brace-balanced \boxed{...} (several that only "and" or a comma separates
// make one list), or what follows the last "# Answer", "####" or "final answer is": of these the one that stands last in
// the text wins. Without any of them, what follows the last "answer is", "answer:" or their like. A text that is nothing but an answer, such as "42", is that
// answer. What stands before "</think>" does not count.
[[nodiscard]] Extracted extract(std::string_view solution);

struct Judgement {
  Verdict verdict = Verdict::unknown;
  std::string reason;  // the rung of the ladder that decided, or why none could
};

// Compares two answers (not solutions). Symmetric and reflexive. An empty answer is different from everything but
// itself.
[[nodiscard]] Judgement equal(std::string_view gold, std::string_view candidate);

// A text such that equal keys imply equal() == Verdict::equal; most equal answers share their key, so that clustering
// needs few comparisons.
[[nodiscard]] std::string canonical_key(std::string_view answer);

// The same with a rung of your own between the exact normal forms and the numeric comparison: a prover in a helper
// process, say. Immutable and safe to share between threads, if the rung is.
//
//   const Grader grader(std::make_unique<MyRung>());      // see rung.h
//   grader.equal("\\sqrt{7+4\\sqrt3}", "2+\\sqrt3");
class Rung;
class Grader {
 public:
  // `step_budget`: how much work one comparison may take before its verdict is unknown; a step is about a
  // microsecond.
  explicit Grader(std::unique_ptr<const Rung> prover = nullptr, long long step_budget = 400'000);
  ~Grader();

  [[nodiscard]] Judgement equal(std::string_view gold, std::string_view candidate) const;
  [[nodiscard]] std::string canonical_key(std::string_view answer) const;

 private:
  [[nodiscard]] Judgement compared(const std::string& a, const std::string& b) const;

  std::vector<std::unique_ptr<const Rung>> ladder_;
  long long step_budget_;
};

}  // namespace ft::grade
