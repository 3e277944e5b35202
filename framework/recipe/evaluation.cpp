#include "framework/recipe/evaluation.h"

#include <nlohmann/json.hpp>

#include "framework/records/record.h"
#include "framework/rerank/own_attempts.h"

namespace ft {
namespace {

using Json = nlohmann::ordered_json;

rerank::Candidate scored(const GradedAttempt& attempt, const std::map<int, LabelLogProbs>* scores) {
  rerank::Candidate candidate = rerank::candidate_of(attempt);
  if (scores != nullptr) {
    if (const auto found = scores->find(attempt.index); found != scores->end())
      candidate.score = found->second.log_score();
  }
  return candidate;
}

}  // namespace

std::vector<rerank::RankedProblem> load_ranked(const GradedFolders& folders, const Scores& scores) {
  std::vector<rerank::RankedProblem> ranked;
  for_each_graded(folders, all_problems, [&](const Problem& problem, const std::vector<GradedAttempt>& attempts) {
    rerank::RankedProblem entry = rerank::ranked_problem(problem);
    const auto of_problem = scores.find(problem.id);
    for (const GradedAttempt& attempt : attempts) {
      rerank::Candidate candidate = scored(attempt, of_problem == scores.end() ? nullptr : &of_problem->second);
      if (attempt.index == Attempt::kGreedy) {
        entry.greedy = std::move(candidate);
      } else {
        entry.candidates.push_back(std::move(candidate));
      }
    }
    ranked.push_back(std::move(entry));
  });
  return ranked;
}

Scores read_scores(const SealedFolder& ranking) {
  Scores scores;
  read_lines(ranking, "scores.jsonl", [&](std::string_view line, const Place& place) {
    const JsonRecord record = JsonRecord::parse(line, place);
    scores[record.text("problem")][static_cast<int>(record.integer("index"))] = {record.number("log_p_correct"),
                                                                                 record.number("log_p_incorrect")};
  });
  return scores;
}

std::string scores_file(const Scores& scores) {
  std::string text;
  for (const auto& [problem, of_problem] : scores) {
    for (const auto& [index, score] : of_problem) {
      text += Json{{"problem", problem},
                   {"index", index},
                   {"log_p_correct", score.correct},
                   {"log_p_incorrect", score.incorrect},
                   {"log_score", score.log_score()}}
                  .dump() +
              "\n";
    }
  }
  return text;
}

}  // namespace ft
