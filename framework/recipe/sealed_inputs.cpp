#include "framework/recipe/sealed_inputs.h"

namespace ft {
namespace {

// The files of one sort that hold a wanted problem.
class WantedFiles {
 public:
  WantedFiles(const SealedFolder& folder, std::string_view prefix, const WantedProblems& wanted)
      : names_(pieces_of(folder, prefix)), each_(folder.manifest().body.value(kProblemsPerFile, std::int64_t{0})) {
    if (each_ == 0) return;
    std::vector<std::string> kept;
    for (std::int64_t file = 0; file < std::ssize(names_); ++file) {
      bool holds = false;
      for (std::int64_t problem = file * each_; !holds && problem < (file + 1) * each_; ++problem)
        holds = wanted(problem);
      holds_.push_back(holds);
      if (holds) kept.push_back(names_[static_cast<std::size_t>(file)]);
    }
    names_ = std::move(kept);
  }
  [[nodiscard]] const std::vector<std::string>& names() const { return names_; }
  [[nodiscard]] ProblemLines of(SealedLines& lines) const {
    if (each_ == 0) return lines_of(lines);
    return {lines_of(lines), [holds = holds_, each = each_](std::int64_t problem) {
              const auto file = static_cast<std::size_t>(problem / each);
              return file < holds.size() && holds[file];
            }};
  }

 private:
  std::vector<std::string> names_;
  std::int64_t each_ = 0;    // 0: not known, so all are read
  std::vector<bool> holds_;  // of all files
};

}  // namespace

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

void for_each_problem(const SealedFolder& attempts, const WantedProblems& wanted, const UseAttempts& use,
                      FilesRead files_read) {
  const WantedFiles files(attempts, kAttemptsPrefix,
                          files_read == FilesRead::all ? WantedProblems(all_problems) : wanted);
  SealedLines problems(attempts, pieces_of(attempts, kProblemsPrefix)), lines(attempts, files.names());
  checked(problems,
          [&] { checked(lines, [&] { for_each_problem(lines_of(problems), files.of(lines), wanted, use); }); });
}

void check_graded(const GradedFolders& folders, const WantedProblems& wanted,
                  const std::function<void()>& before_each) {
  const auto check = [&](const SealedFolder& folder, std::string_view prefix, const WantedProblems& of) {
    const WantedFiles files(folder, prefix, of);
    for (const std::string& name : files.names()) {
      before_each();
      folder.check(name);
    }
  };
  check(folders.attempts, kProblemsPrefix, all_problems);
  check(folders.attempts, kAttemptsPrefix, wanted);
  check(folders.verdicts, kVerdictsOfAttempts, wanted);
}

void for_each_graded(const GradedFolders& folders, const WantedProblems& wanted, const UseGraded& use,
                     FilesRead files_read) {
  const WantedProblems opened = files_read == FilesRead::all ? WantedProblems(all_problems) : wanted;
  const SealedFolder& ranking = folders.ranking ? *folders.ranking : folders.verdicts;  // these have no scores
  const WantedFiles texts(folders.attempts, kAttemptsPrefix, opened);
  const WantedFiles grades(folders.verdicts, kVerdictsOfAttempts, opened), scored(ranking, kScoresPrefix, opened);
  SealedLines problems(folders.attempts, pieces_of(folders.attempts, kProblemsPrefix));
  SealedLines attempts(folders.attempts, texts.names()), verdicts(folders.verdicts, grades.names());
  SealedLines scores(ranking, scored.names());
  const auto read = [&] {
    for_each_graded(lines_of(problems), texts.of(attempts), grades.of(verdicts), scored.of(scores), wanted, use);
  };
  checked(problems, [&] { checked(attempts, [&] { checked(verdicts, [&] { checked(scores, read); }); }); });
}

}  // namespace ft
