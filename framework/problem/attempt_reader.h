// Attempts a problem at a time, with their verdicts where these are asked for: nobody needs to hold all of them. A rank may
// leave out problems that are not its own; their lines are passed over without being parsed.
//
//   for_each_problem(lines_of(files_of(folder, kProblemsPrefix)), lines_of(files_of(folder, kAttemptsPrefix)),
//                    [&](std::int64_t problem) { return problem % ranks == rank; },
//                    [&](const Problem& problem, std::vector<Attempt> attempts) { ... });
//
// Where the lines come from is the caller's: of plain files by lines_of(), of sealed folders by recipe/sealed_inputs.h, which
// has the same functions for them. All lines stand in the order of the problems; where they do not, or do not belong
// together, that is an Error that names the line.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "framework/base/error.h"
#include "framework/problem/attempt.h"
#include "framework/problem/problem.h"

namespace ft {

// A folder of attempts holds them in files of some problems each, "attempts-00000.jsonl" beside "problems-00000.jsonl", ...,
// in the order of the problems; or, as older versions wrote it, in one file of either kind, "attempts.jsonl".
inline constexpr std::string_view kAttemptsPrefix = "attempts", kProblemsPrefix = "problems";
[[nodiscard]] std::string attempts_name(std::int64_t number);
[[nodiscard]] std::string problems_name(std::int64_t number);
// "attempts-00012.jsonl" and "attempts.jsonl" are of "attempts", "attempts-old.jsonl" is not.
[[nodiscard]] bool is_piece_of(std::string_view name, std::string_view prefix);
// The pieces in a plain folder, in their order. Throws Unreadable.
[[nodiscard]] std::vector<std::filesystem::path> files_of(const std::filesystem::path& folder, std::string_view prefix);

// Gives the next line and its place; false at the end. Empty lines are none.
using NextLine = std::function<bool(std::string& line, Place& place)>;

// Asked with a problem's place among the problems, counted from 0.
using WantedProblems = std::function<bool(std::int64_t problem)>;
[[nodiscard]] inline bool all_problems(std::int64_t) { return true; }

// Lines of one sort. Where they lie in files of some problems each, none is opened but for a problem that is wanted.
struct ProblemLines {
  ProblemLines(NextLine lines) : next(std::move(lines)) {}
  ProblemLines(NextLine lines, std::int64_t problems_per_file, std::function<void(std::int64_t file)> open_file)
      : next(std::move(lines)), per_file(problems_per_file), open(std::move(open_file)) {}
  NextLine next;              // may be empty: there are none
  std::int64_t per_file = 0;  // 0: the lines come as if of one file that is open
  std::function<void(std::int64_t file)>
      open;  // what `next` gives is from then on of that file, or nothing where it ends
};

// Of plain files, one after the other. Throws Error where one is not there; the lines throw Unreadable.
[[nodiscard]] NextLine lines_of(std::vector<std::filesystem::path> files);

using UseAttempts = std::function<void(const Problem& problem, std::vector<Attempt> attempts)>;
using UseGraded = std::function<void(const Problem& problem, std::vector<GradedAttempt> attempts)>;

// In the order of the problems. `wanted` is asked once about each of them, when it is reached, so that it may be decided while
// others are in use. Reads the lines of each file that is opened to the end.
void for_each_problem(const NextLine& problems, const ProblemLines& attempts, const WantedProblems& wanted,
                      const UseAttempts& use);
// `scores` may be empty.
void for_each_graded(const NextLine& problems, const ProblemLines& attempts, const ProblemLines& verdicts,
                     const ProblemLines& scores, const WantedProblems& wanted, const UseGraded& use);

}  // namespace ft
