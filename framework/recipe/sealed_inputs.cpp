#include "framework/recipe/sealed_inputs.h"

#include "framework/problem/records.h"

namespace ft {

void read_lines(const SealedFolder& folder, std::string_view name,
                const std::function<void(std::string_view line, const Place& place)>& use) {
  SealedLines lines(folder, {std::string(name)});
  checked(lines, [&] {
    std::string line;
    for (Place place; lines.next(line, place);) use(line, place);
  });
}

std::vector<Attempt> read_attempts(const SealedFolder& attempts) {
  std::vector<Attempt> found;
  read_lines(attempts, kAttemptsFile,
             [&](std::string_view line, const Place& place) { found.push_back(attempt_from_json(line, place)); });
  return found;
}

std::vector<Problem> read_problems(const SealedFolder& attempts) {
  std::vector<Problem> found;
  read_lines(attempts, kProblemsFile,
             [&](std::string_view line, const Place& place) { found.push_back(problem_from_json(line, place)); });
  return found;
}

std::int64_t count_problems(const SealedFolder& attempts) {
  std::int64_t count = 0;
  read_lines(attempts, kProblemsFile, [&](std::string_view, const Place&) { ++count; });
  return count;
}

void for_each_problem(const SealedFolder& attempts, const WantedProblems& wanted, const UseAttempts& use) {
  read_sealed(attempts,
              [&](const NextLine& problems, const NextLine& lines) { for_each_problem(problems, lines, wanted, use); });
}

void for_each_graded(const GradedFolders& folders, const WantedProblems& wanted, const UseGraded& use) {
  std::vector<std::string> pieces;
  for (const FileRecord& file : folders.verdicts.manifest().files) pieces.push_back(file.name);  // sorted
  SealedLines verdicts(folders.verdicts, std::move(pieces));
  checked(verdicts, [&] {
    read_sealed(folders.attempts, [&](const NextLine& problems, const NextLine& attempts) {
      for_each_graded(problems, attempts, lines_of(verdicts), wanted, use);
    });
  });
}

}  // namespace ft
