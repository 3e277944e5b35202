#include "framework/recipe/sealed_inputs.h"

namespace ft {

std::vector<std::string> pieces_of(const SealedFolder& folder, std::string_view prefix) {
  std::vector<std::string> pieces;
  for (const FileRecord& file : folder.manifest().files) {
    if (is_piece_of(file.name, prefix)) pieces.push_back(file.name);  // sorted
  }
  return pieces;
}

void for_each_line(const SealedFolder& folder, std::string_view prefix,
                   const std::function<void(std::string_view line, const Place& place)>& use) {
  SealedLines lines(folder, pieces_of(folder, prefix));
  checked(lines, [&] {
    std::string line;
    for (Place place; lines.next(line, place);) use(line, place);
  });
}

std::int64_t count_problems(const SealedFolder& attempts) {
  std::int64_t count = 0;
  for_each_line(attempts, kProblemsPrefix, [&](std::string_view, const Place&) { ++count; });
  return count;
}

void for_each_problem(const SealedFolder& attempts, const WantedProblems& wanted, const UseAttempts& use) {
  read_sealed(attempts,
              [&](const NextLine& problems, const NextLine& lines) { for_each_problem(problems, lines, wanted, use); });
}

void for_each_graded(const GradedFolders& folders, const WantedProblems& wanted, const UseGraded& use) {
  SealedLines verdicts(folders.verdicts, pieces_of(folders.verdicts, kVerdictsOfAttempts));
  SealedLines scores(folders.ranking ? *folders.ranking : folders.verdicts,
                     folders.ranking ? pieces_of(*folders.ranking, kScoresPrefix) : std::vector<std::string>());
  checked(verdicts, [&] {
    checked(scores, [&] {
      read_sealed(folders.attempts, [&](const NextLine& problems, const NextLine& attempts) {
        for_each_graded(problems, attempts, lines_of(verdicts), lines_of(scores), wanted, use);
      });
    });
  });
}

}  // namespace ft
