// What stages read of the records that earlier stages have sealed, checked against the manifest while it is read: nothing
// is given out before the last byte is known to be one that was sealed.
//
//   const SealedFolder attempts = stage.inputs.open("answers");
//   for_each_problem(attempts, all_problems, [&](const Problem& problem, std::vector<Attempt> attempts) { ... });
//
// All throw BrokenFolder that names the file where a byte is another one, also where the damage made a line that cannot be
// understood; UserError on a sound line that cannot; Unreadable.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string_view>
#include <vector>

#include "framework/base/error.h"
#include "framework/problem/attempt_reader.h"
#include "framework/store/sealed_lines.h"

namespace ft {

// In the manifest of a folder: how many problems each of its files holds, the last one maybe fewer. Folders of older
// versions do not say it.
inline constexpr std::string_view kProblemsPerFile = "problems_per_file";
inline constexpr std::string_view kScoresPrefix = "scores", kVerdictsOfAttempts = "verdicts";

// The names of the folder's files of one sort of records (is_piece_of()), in their order.
[[nodiscard]] std::vector<std::string> pieces_of(const SealedFolder& folder, std::string_view prefix);

// Calls `use` with each line of those files that is not empty, and with its place. What `use` has made of them is
// to be trusted once this has returned.
void for_each_line(const SealedFolder& folder, std::string_view prefix,
                   const std::function<void(std::string_view line, const Place& place)>& use);

[[nodiscard]] inline NextLine lines_of(SealedLines& lines) {
  return [&lines](std::string& line, Place& place) { return lines.next(line, place); };
}

// Of a sealed attempts folder.
[[nodiscard]] std::int64_t count_problems(const SealedFolder& attempts);

// What `read` makes of the lines of problems and attempts, once these are known to be sound.
template <class Read>
auto read_sealed(const SealedFolder& attempts, const Read& read) {
  SealedLines problems(attempts, pieces_of(attempts, kProblemsPrefix));
  SealedLines lines(attempts, pieces_of(attempts, kAttemptsPrefix));
  return checked(problems, [&] { return checked(lines, [&] { return read(lines_of(problems), lines_of(lines)); }); });
}

// As problem/attempt_reader.h, of what was sealed: files of attempts, verdicts and scores without a wanted problem are
// not opened, so that ranks which share the problems share the reading. What `use` has made is to be trusted once this has
// returned.
void for_each_problem(const SealedFolder& attempts, const WantedProblems& wanted, const UseAttempts& use);

struct GradedFolders {
  SealedFolder attempts;
  SealedFolder verdicts;                     // all its files are pieces of them, in the order of their names
  std::optional<SealedFolder> ranking = {};  // with the scores of a verifier; may have none
};
void for_each_graded(const GradedFolders& folders, const WantedProblems& wanted, const UseGraded& use);
// Looks at every byte that for_each_graded() would read, for a set that does not change, and for who cannot take back what it makes of the first lines. Calls
// `before_each` file.
void check_graded(const GradedFolders& folders, const WantedProblems& wanted, const std::function<void()>& before_each);

}  // namespace ft
