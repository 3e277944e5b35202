// Groups the answers of one problem into clusters of equal answers, the same whatever the order of the attempts.
//
// Answers with the same canonical key are equal; the few distinct keys are then compared pairwise, and clusters are the
// connected components of that relation. Equality of answers need not be transitive (5 cm = 5 = 5 m), and components
// are the reading of it that depends on no order.
//
//   const std::vector<Cluster> clusters = cluster_answers(problem.candidates);
//   clusters.front().members.size();       // votes of a largest cluster
#pragma once

#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "framework/grade/judge.h"
#include "framework/rerank/candidate.h"

namespace ft::rerank {

struct Cluster {
  std::vector<int> members;  // indices into the candidates, ascending
  int right = 0;             // how many of them are right: all or none, save where equality is not transitive
  std::string answer;        // one way to write it: the member's with the smallest key and text

  [[nodiscard]] int size() const { return static_cast<int>(members.size()); }
  // The chance that a member drawn at random is right.
  [[nodiscard]] double share_right() const { return static_cast<double>(right) / static_cast<double>(members.size()); }
};

// How two answers are compared; the default is the grader with its default conventions.
struct AnswerEquality {
  std::function<std::string(std::string_view)> key;               // equal keys mean equal answers
  std::function<bool(std::string_view, std::string_view)> equal;  // symmetric
  std::function<bool(const std::string&, const std::string&)>
      keys_differ;  // true where different keys prove inequality
};
[[nodiscard]] AnswerEquality grader_equality();
// By the conventions of the verdicts, so that a vote and its labels speak of the same equality.
[[nodiscard]] AnswerEquality equality_of(std::shared_ptr<const grade::Judge> judge);

// Largest first; clusters of equal size in order of their answers' keys. Unreadable candidates are in no cluster.
[[nodiscard]] std::vector<Cluster> cluster_answers(std::span<const Candidate> candidates,
                                                   const AnswerEquality& equality = grader_equality());

}  // namespace ft::rerank
