// Problems worth reading: those where ranking by the verifier changed the outcome of the vote.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "framework/rerank/candidate.h"
#include "framework/rerank/cluster.h"

namespace ft::report {

// Attempts that agree on an answer.
struct ExampleCluster {
  std::string answer;
  bool right = false;
  int votes = 0;
  double summed_score = 0;             // of S
  double best_score = 0;               // the highest S
  std::string best_text;               // the attempt with it
  std::vector<std::string> chosen_by;  // "Maj1", "W.RR", "RR.All": every strategy that might pick it
};

struct Example {
  std::string problem;  // its id
  bool saved = false;   // the vote is wrong and weighted ranking right; else the other way round
  std::string statement;
  std::string reference;
  std::vector<ExampleCluster> clusters;  // the largest, and any that is chosen or right
  int other_clusters = 0;                // how many more there are
};

// Up to `count` of each kind, in the order of the problems. None without scores.
[[nodiscard]] std::vector<Example> ranking_examples(std::span<const rerank::RankedProblem> problems, int count,
                                                    const rerank::AnswerEquality& equality = rerank::grader_equality());

}  // namespace ft::report
