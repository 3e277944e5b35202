#include "framework/recipe/evaluation.h"

#include <nlohmann/json.hpp>

#include "framework/recipe/sealed_inputs.h"
#include "framework/records/record.h"

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
    if (const auto found = scores->find(attempt.index); found != scores->end())
      candidate.score = found->second.log_score();
  }
  return candidate;
}

}  // namespace

std::vector<rerank::RankedProblem> load_ranked(const SealedFolder& attempts, const Scores& scores) {
  std::vector<rerank::RankedProblem> ranked;
  std::map<std::string, std::size_t, std::less<>> place_of;
  for (const Problem& problem : read_problems(attempts)) {
    place_of[problem.id] = ranked.size();
    rerank::RankedProblem entry;
    entry.id = problem.id;
    entry.level = problem.level;
    entry.subject = problem.subject;
    entry.problem_text = problem.text;
    entry.reference_answer = problem.answer;
    ranked.push_back(std::move(entry));
  }
  for (const Attempt& attempt : read_attempts(attempts)) {
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
