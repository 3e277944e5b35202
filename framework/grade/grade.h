// Is this answer right? Extraction finds the final answer in a solution's text; equivalence decides whether two answers
// are equal. Both are total: they never hang, never crash, never execute their input, and say why they decided.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "framework/grade/conventions.h"
#include "framework/problem/attempt.h"

namespace ft::grade {

struct Extracted {
  bool found = false;
  std::string answer;  // as written, surrounding white space and delimiters removed
  std::string how;     // "boxed", "# Answer", "final answer is", "conclusion", ..., or why nothing was found
};

// The final answer of a solution: the last brace-balanced \boxed{...} (several that only "and", "or", a comma or a name
// such as "y =" separates make one list, unless they hold the same value twice; boxed.h), or what follows the last
// "# Answer", "####", "final answer is" or a line that starts with "Answer:": of these the one that stands last in the
// text wins. Without any of them, what follows the last "answer is" or its like, in several languages; a text that is
// nothing but an answer, such as "42"; or what the last sentence comes to (conclusion.h). What stands before "</think>"
// or behind the end of a turn does not count (solution_text.h). Nothing is cut out of a larger expression (chunk.h,
// phrase.h).
//
// MATH's own references keep only the last of several boxes (10 of 7,474 problems); a solution that boxes both answers
// means both, so here it is the list.
[[nodiscard]] Extracted extract(std::string_view solution);

struct Judgement {
  Verdict verdict = Verdict::unknown;
  std::string reason;           // what decided, or why nothing could
  std::string_view rung = "-";  // the dearest rung that was asked: text, number, structure, exact, cas, numeric
  long long steps = 0;          // of GraderOptions::step_budget that were spent
};

// Compares two answers (not solutions) under the default conventions. Symmetric, and reflexive but for one case: an
// empty answer is different from everything, itself too, since a missing reference is never right.
[[nodiscard]] Judgement equal(std::string_view gold, std::string_view candidate);

// A text such that equal keys imply equal() == Verdict::equal; most equal answers share their key, so that clustering
// needs few comparisons.
[[nodiscard]] std::string canonical_key(std::string_view answer);

// An answer that was read once, to be compared often. Cheap to copy. Made by Grader::read.
class Answer {
 public:
  [[nodiscard]] const std::string& text() const;  // without delimiters
 private:
  friend class Grader;
  struct Reading;
  explicit Answer(std::shared_ptr<const Reading> reading) : reading_(std::move(reading)) {}
  std::shared_ptr<const Reading> reading_;
};

// The same with conventions of your own, and with a rung between the exact normal forms and the numeric comparison: a
// prover in a helper process, say (cas_client.h). Immutable and safe to share between threads, if the rung is.
//
//   const Grader grader(cas_prover(), {.conventions = {.percent = Conventions::Percent::fraction}});
//   grader.equal("\\sqrt{7+4\\sqrt3}", "2+\\sqrt3");
//   const Answer gold = grader.read("28\\%");              // where one answer is compared with many
//   for (const std::string& text : candidates) grader.equal(gold, grader.read(text));
class Rung;
struct GraderOptions {
  Conventions conventions;
  // Work for one comparison before it is unknown; a step is about 0.1 microseconds. Reading an answer may take a quarter.
  long long step_budget = 1'200'000;
};
class Grader {
 public:
  explicit Grader(std::shared_ptr<const Rung> prover = nullptr, const GraderOptions& options = {});
  ~Grader();

  [[nodiscard]] Judgement equal(std::string_view gold, std::string_view candidate) const;
  [[nodiscard]] std::string canonical_key(std::string_view answer) const;

  [[nodiscard]] Answer read(std::string_view answer) const;
  [[nodiscard]] Judgement equal(const Answer& gold, const Answer& candidate) const;

 private:
  [[nodiscard]] Judgement compared(const Answer::Reading& a, const Answer::Reading& b) const;

  std::vector<std::shared_ptr<const Rung>> ladder_;
  GraderOptions options_;
};

}  // namespace ft::grade
