#include "framework/recipe/evaluation.h"

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>

#include "framework/problem/jsonl.h"
#include "framework/problem/records.h"
#include "framework/rerank/cluster.h"
#include "framework/rerank/strategies.h"

namespace ft {
namespace {

using Json = nlohmann::ordered_json;

rerank::Candidate candidate_of(const Attempt& attempt, const std::map<int, LabelLogProbs>* scores) {
  rerank::Candidate candidate;
  candidate.answer = attempt.answer;
  candidate.answer_found = attempt.answer_found;
  candidate.right = attempt.verdict == Verdict::equal;
  candidate.unknown = attempt.verdict == Verdict::unknown;
  candidate.log_prob = attempt.log_prob;
  candidate.num_tokens = attempt.num_tokens;
  candidate.text = attempt.text;
  if (scores != nullptr) {
    if (const auto found = scores->find(attempt.index); found != scores->end()) candidate.score = found->second.log_score();
  }
  return candidate;
}

double summed_score(const rerank::RankedProblem& problem, const rerank::Cluster& cluster) {
  double sum = 0;
  for (const int member : cluster.members) sum += std::exp(problem.candidates[static_cast<std::size_t>(member)].score);
  return sum;
}

report::Example example_of(const rerank::RankedProblem& problem, const std::vector<rerank::Cluster>& clusters, const std::string& title) {
  report::Example example{.title = fmt::format("{}: {}", problem.id, title)};
  example.entries.push_back({"problem", problem.problem_text});
  example.entries.push_back({"reference answer", problem.reference_answer});
  for (std::size_t c = 0; c < std::min<std::size_t>(clusters.size(), 5); ++c) {
    const rerank::Cluster& cluster = clusters[c];
    const int best = *std::max_element(cluster.members.begin(), cluster.members.end(), [&](int a, int b) {
      return problem.candidates[static_cast<std::size_t>(a)].score < problem.candidates[static_cast<std::size_t>(b)].score;
    });
    const rerank::Candidate& candidate = problem.candidates[static_cast<std::size_t>(best)];
    example.entries.push_back({fmt::format("answer {} ({}): {} votes, summed score {:.3f}", cluster.answer, cluster.right > 0 ? "right" : "wrong",
                                           cluster.size(), summed_score(problem, cluster)),
                               fmt::format("{}\n[best attempt, score {:.3f}]", candidate.text, std::exp(candidate.score))});
  }
  return example;
}

}  // namespace

std::vector<rerank::RankedProblem> load_ranked(const std::filesystem::path& attempts, const Scores& scores) {
  std::vector<rerank::RankedProblem> ranked;
  std::map<std::string, std::size_t, std::less<>> place_of;
  for (const Problem& problem : read_problems(attempts / "problems.jsonl")) {
    place_of[problem.id] = ranked.size();
    rerank::RankedProblem entry;
    entry.id = problem.id;
    entry.level = problem.level;
    entry.subject = problem.subject;
    entry.problem_text = problem.text;
    entry.reference_answer = problem.answer;
    ranked.push_back(std::move(entry));
  }
  for (const Attempt& attempt : read_attempts(attempts / "attempts.jsonl")) {
    const auto of_problem = scores.find(attempt.problem);
    rerank::Candidate candidate = candidate_of(attempt, of_problem == scores.end() ? nullptr : &of_problem->second);
    rerank::RankedProblem& problem = ranked.at(place_of.at(attempt.problem));
    if (attempt.index == Attempt::kGreedy) {
      problem.greedy = std::move(candidate);
    } else {
      problem.candidates.push_back(std::move(candidate));
    }
  }
  return ranked;
}

Scores read_scores_file(const std::filesystem::path& path) {
  Scores scores;
  JsonlReader reader(path, EmptyFile::allow);
  while (const auto record = reader.next()) {
    scores[record->text("problem")][static_cast<int>(record->integer("index"))] = {record->number("log_p_correct"), record->number("log_p_incorrect")};
  }
  return scores;
}

std::string scores_file(const Scores& scores) {
  std::string text;
  for (const auto& [problem, of_problem] : scores) {
    for (const auto& [index, score] : of_problem) {
      text += Json{{"problem", problem}, {"index", index}, {"log_p_correct", score.correct}, {"log_p_incorrect", score.incorrect}, {"log_score", score.log_score()}}.dump() + "\n";
    }
  }
  return text;
}

std::vector<report::Example> ranking_examples(std::span<const rerank::RankedProblem> problems, int count) {
  std::vector<report::Example> saved, lost;
  for (const rerank::RankedProblem& problem : problems) {
    const auto clusters = rerank::cluster_answers(problem.candidates);
    const rerank::Ballot ballot = rerank::make_ballot(problem.candidates, clusters, rerank::ScoreKind::verifier);
    const double vote = rerank::majority(ballot), ranked = rerank::weighted(ballot);
    if (vote == 0 && ranked == 1 && std::ssize(saved) < count) saved.push_back(example_of(problem, clusters, "the vote is wrong, weighted ranking is right"));
    if (vote == 1 && ranked == 0 && std::ssize(lost) < count) lost.push_back(example_of(problem, clusters, "the vote is right, weighted ranking is wrong"));
  }
  saved.insert(saved.end(), lost.begin(), lost.end());
  return saved;
}

}  // namespace ft
