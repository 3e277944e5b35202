#include "framework/report/examples.h"

#include <algorithm>
#include <cmath>

#include "framework/rerank/cluster.h"
#include "framework/rerank/strategies.h"

namespace ft::report {
namespace {

using rerank::Ballot;
using rerank::Candidate;
using rerank::RankedProblem;

ExampleCluster describe(const RankedProblem& problem, const rerank::Cluster& cluster) {
  ExampleCluster result;
  result.answer = cluster.answer;
  result.right = cluster.right > 0;
  result.votes = cluster.size();
  std::vector<const Candidate*> members;
  for (const int member : cluster.members) members.push_back(&problem.candidates[static_cast<std::size_t>(member)]);
  // In an order of their own, so that neither sum nor pick depends on that of the attempts.
  std::erase_if(members, [](const Candidate* one) { return std::isnan(one->score); });
  std::sort(members.begin(), members.end(), [](const Candidate* a, const Candidate* b) {
    return a->score != b->score ? a->score > b->score : a->text < b->text;
  });
  for (auto member = members.rbegin(); member != members.rend(); ++member)
    result.summed_score += std::exp((*member)->score);
  if (members.empty()) return result;
  result.best_score = std::exp(members.front()->score);
  result.best_text = members.front()->text;
  return result;
}

Example describe(const RankedProblem& problem, const std::vector<rerank::Cluster>& clusters, bool saved) {
  constexpr std::size_t kShown = 4;
  Example example{problem.id, saved, problem.problem_text, problem.reference_answer, {}, 0};
  std::vector<ExampleCluster> all;
  for (const rerank::Cluster& cluster : clusters) all.push_back(describe(problem, cluster));
  double most_votes = 0, most_score = 0, best_score = 0;
  for (const ExampleCluster& one : all) {
    most_votes = std::max(most_votes, static_cast<double>(one.votes));
    most_score = std::max(most_score, one.summed_score);
    best_score = std::max(best_score, one.best_score);
  }
  for (std::size_t c = 0; c < all.size(); ++c) {
    ExampleCluster& one = all[c];
    if (one.votes == most_votes) one.chosen_by.emplace_back("Maj1");
    if (one.summed_score == most_score) one.chosen_by.emplace_back("W.RR");
    if (one.best_score == best_score) one.chosen_by.emplace_back("RR.All");
    if (c < kShown || one.right || !one.chosen_by.empty()) {
      example.clusters.push_back(std::move(one));
    } else {
      ++example.other_clusters;
    }
  }
  return example;
}

}  // namespace

std::vector<Example> ranking_examples(std::span<const RankedProblem> problems, int count,
                                      const rerank::AnswerEquality& equality) {
  std::vector<Example> saved, lost;
  for (const RankedProblem& problem : problems) {
    const bool scored = std::any_of(problem.candidates.begin(), problem.candidates.end(),
                                    [](const Candidate& one) { return !std::isnan(one.score); });
    if (!scored) continue;
    const auto clusters = rerank::cluster_answers(problem.candidates, equality);
    const Ballot ballot = rerank::make_ballot(problem.candidates, clusters, rerank::ScoreKind::verifier);
    const double vote = rerank::majority(ballot), ranked = rerank::weighted(ballot);
    if (vote == 0 && ranked == 1 && std::ssize(saved) < count) saved.push_back(describe(problem, clusters, true));
    if (vote == 1 && ranked == 0 && std::ssize(lost) < count) lost.push_back(describe(problem, clusters, false));
  }
  saved.insert(saved.end(), std::make_move_iterator(lost.begin()), std::make_move_iterator(lost.end()));
  return saved;
}

}  // namespace ft::report
