#include "framework/rerank/own_attempts.h"

#include "framework/base/reading.h"
#include "framework/records/reader.h"

namespace ft::rerank {

RankedProblem ranked_problem(const Problem& problem) {
  RankedProblem ranked;
  ranked.id = problem.id;
  ranked.level = problem.level;
  ranked.subject = problem.subject;
  ranked.problem_text = problem.text;
  ranked.reference_answer = problem.answer;
  return ranked;
}

Candidate candidate_of(const GradedAttempt& attempt) {
  Candidate candidate;
  candidate.answer = attempt.answer;
  candidate.answer_found = attempt.answer_found;
  candidate.right = attempt.verdict == Verdict::equal;
  candidate.unknown = attempt.verdict == Verdict::unknown;
  candidate.score = attempt.log_score;
  if (attempt.num_tokens > 0) candidate.log_prob = attempt.log_prob;
  candidate.num_tokens = attempt.num_tokens;
  candidate.form = attempt.form;
  candidate.text = attempt.text;
  return candidate;
}

std::optional<std::filesystem::path> own_attempts_folder(const std::filesystem::path& path) {
  const bool named = is_piece_of(path.filename().string(), kAttemptsPrefix);
  const auto whole = [](const std::filesystem::path& folder) {
    return !files_of(folder, kAttemptsPrefix).empty() && !files_of(folder, kProblemsPrefix).empty();
  };
  if (!named) return is_folder(path) && whole(path) ? std::optional(path) : std::nullopt;
  if (!whole(path.parent_path())) return std::nullopt;
  RecordReader reader(path, EmptyFile::allow);
  const auto first = reader.next();
  return first && first->has("verdict") ? std::nullopt : std::optional(path.parent_path());
}

LabelledAttempts read_own_attempts(const NextLine& problems, const NextLine& attempts, const grade::Judge& judge) {
  LabelledAttempts read;
  std::size_t without = 0;
  for_each_problem(problems, attempts, all_problems,
                   [&](const Problem& problem, const std::vector<Attempt>& of_problem) {
                     RankedProblem ranked = ranked_problem(problem);
                     without += problem.answer.empty() ? 1 : 0;
                     for (const Attempt& attempt : of_problem) {
                       GradedAttempt graded;
                       static_cast<Attempt&>(graded) = attempt;
                       Grade grade = judge.found(attempt.text);
                       static_cast<Grade&>(graded) =
                           grade.answer_found ? judge.compared(problem.answer, std::move(grade)) : std::move(grade);
                       if (attempt.index == Attempt::kGreedy) {
                         ranked.greedy = candidate_of(graded);
                       } else {
                         ranked.candidates.push_back(candidate_of(graded));
                       }
                     }
                     read.problems.push_back(std::move(ranked));
                   });
  read.notes.push_back(fmt::format(
      "attempts of this program, graded with {}",
      judge.conventions() == grade::Conventions{} ? "the default conventions" : grade::to_text(judge.conventions())));
  if (without > 0)
    read.notes.push_back(fmt::format("{} problems have no reference answer: no attempt at them is right", without));
  return read;
}

}  // namespace ft::rerank
