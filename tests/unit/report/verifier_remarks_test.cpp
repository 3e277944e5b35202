// A verifier that does not judge is marked as such, and one that does is not.

#include "framework/report/verifier_remarks.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>

#include "framework/report/method_tables.h"

using namespace ft::report;

namespace {

// 30 problems, each with 4 attempts: answers 1, 1, 2, 2, of which 1 is right. `score` of (right, problem, attempt).
template <class Score>
StageTable table_of(Score score) {
  std::vector<ft::rerank::RankedProblem> problems;
  for (int p = 0; p < 30; ++p) {
    ft::rerank::RankedProblem problem;
    problem.id = std::to_string(p);
    for (int i = 0; i < 4; ++i) {
      ft::rerank::Candidate candidate;
      candidate.answer_found = true;
      candidate.right = i < 2;
      candidate.answer = candidate.right ? "1" : "2";
      candidate.num_tokens = 5;
      candidate.score = score(candidate.right, p, i);
      problem.candidates.push_back(candidate);
    }
    problems.push_back(problem);
  }
  return {.stage = "ranking", .description = "", .table = ft::rerank::evaluate(problems, {}), .evaluator = "verifier"};
}

}  // namespace

TEST_CASE("a verifier that works gets no remark, nor do attempts without scores") {
  CHECK(verifier_remarks(table_of([](bool right, int, int i) { return (right ? -0.1 : -2.0) - 0.01 * i; })).empty());
  CHECK(verifier_remarks(table_of([](bool, int, int) { return NAN; })).empty());
}

TEST_CASE("equal scores break ties and judge nothing, even where that gains") {
  // Right attempts score a millionth higher: a tied vote is won by them every time.
  const auto remarks =
      verifier_remarks(table_of([](bool right, int p, int) { return right && p % 2 == 0 ? -1e-6 : -2e-6; }));
  REQUIRE(remarks.size() == 1);
  CHECK(remarks[0].find("verifier gives all attempts of a problem next to the same score") != std::string::npos);
  CHECK(remarks[0].find("The +25.0 points of W.RR over the plain vote are the breaking of ties") != std::string::npos);
  CHECK(remarks[0].find("longer warmup") != std::string::npos);
}

TEST_CASE(
    "scores that differ and mean nothing are marked by their area, not where it is above chance beyond its interval") {
  const auto remarks = verifier_remarks(
      table_of([](bool right, int p, int i) { return (right == (p % 2 == 0) ? -0.5 : -1.0) - 0.01 * i; }));
  REQUIRE(remarks.size() == 1);
  CHECK(remarks[0].find("is not shown to tell right from wrong: within a problem a right attempt scores above a wrong "
                        "one in 50.0 %") != std::string::npos);
  CHECK(remarks[0].find("of 30 problems") != std::string::npos);
  const auto backwards =
      verifier_remarks(table_of([](bool right, int, int i) { return (right ? -2.0 : -0.1) - 0.01 * i; }));
  CHECK(backwards.size() == 1);
}

TEST_CASE("remarks stand among what the run found") {
  ReportInput input;
  input.stages.push_back(table_of([](bool, int, int) { return -1e-6; }));
  const auto found = findings(input);
  CHECK(std::ranges::any_of(
      found, [](const std::string& one) { return one.starts_with("Caution: verifier gives all attempts"); }));
}
