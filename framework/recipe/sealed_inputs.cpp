#include "framework/recipe/sealed_inputs.h"

namespace ft {
namespace {

std::int64_t problems_per_file(const SealedFolder& folder) {
  return folder.manifest().body.value(kProblemsPerFile, std::int64_t{0});
}

// The files of one sort, of which only those are read that hold a wanted problem; all, where it is not known what they hold.
class Pieces {
 public:
  Pieces(const SealedFolder& folder, std::string_view prefix)
      : lines_(folder, pieces_of(folder, prefix)), each_(problems_per_file(folder)) {
    if (each_ > 0) lines_.only(kNone);
  }
  [[nodiscard]] SealedLines& lines() { return lines_; }
  [[nodiscard]] ProblemLines by_problem() {
    return {lines_of(lines_), each_, [this](std::int64_t file) { lines_.only(static_cast<std::size_t>(file)); }};
  }

 private:
  static constexpr std::size_t kNone = 1'000'000'000'000;
  SealedLines lines_;
  std::int64_t each_;
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

void for_each_problem(const SealedFolder& attempts, const WantedProblems& wanted, const UseAttempts& use) {
  SealedLines problems(attempts, pieces_of(attempts, kProblemsPrefix));
  Pieces texts(attempts, kAttemptsPrefix);
  const auto read = [&] { for_each_problem(lines_of(problems), texts.by_problem(), wanted, use); };
  checked(problems, [&] { checked(texts.lines(), read); });
}

void check_graded(const GradedFolders& folders, const WantedProblems& wanted,
                  const std::function<void()>& before_each) {
  const auto check = [&](const SealedFolder& folder, std::string_view prefix, const WantedProblems& of) {
    const std::int64_t each = problems_per_file(folder);
    std::int64_t file = 0;
    for (const std::string& name : pieces_of(folder, prefix)) {
      bool holds = each == 0;
      for (std::int64_t problem = file * each; !holds && problem < (file + 1) * each; ++problem) holds = of(problem);
      ++file;
      if (!holds) continue;
      before_each();
      folder.check(name);
    }
  };
  check(folders.attempts, kProblemsPrefix, all_problems);
  check(folders.attempts, kAttemptsPrefix, wanted);
  check(folders.verdicts, kVerdictsOfAttempts, wanted);
}

void for_each_graded(const GradedFolders& folders, const WantedProblems& wanted, const UseGraded& use) {
  SealedLines problems(folders.attempts, pieces_of(folders.attempts, kProblemsPrefix));
  Pieces attempts(folders.attempts, kAttemptsPrefix), verdicts(folders.verdicts, kVerdictsOfAttempts);
  Pieces scores(folders.ranking ? *folders.ranking : folders.verdicts, kScoresPrefix);  // verdicts have no scores
  const auto read = [&] {
    for_each_graded(lines_of(problems), attempts.by_problem(), verdicts.by_problem(), scores.by_problem(), wanted, use);
  };
  checked(problems, [&] {
    checked(attempts.lines(), [&] { checked(verdicts.lines(), [&] { checked(scores.lines(), read); }); });
  });
}

}  // namespace ft
