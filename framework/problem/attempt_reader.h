// Attempts a problem at a time, with their verdicts where these are asked for: nobody needs to hold all of them. A rank may
// leave out problems that are not its own; their lines are passed over without being parsed.
//
//   for_each_problem(lines_of(folder / kProblemsFile), lines_of(folder / kAttemptsFile),
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
#include <vector>

#include "framework/base/error.h"
#include "framework/problem/attempt.h"
#include "framework/problem/problem.h"

namespace ft {

inline constexpr const char* kAttemptsFile = "attempts.jsonl";
inline constexpr const char* kProblemsFile = "problems.jsonl";

// Gives the next line and its place; false at the end. Empty lines are none.
using NextLine = std::function<bool(std::string& line, Place& place)>;

// Of a plain file. Throws Error where there is none; the lines throw Unreadable.
[[nodiscard]] NextLine lines_of(const std::filesystem::path& file);

// Asked with a problem's place among the problems, counted from 0.
using WantedProblems = std::function<bool(std::int64_t problem)>;
[[nodiscard]] inline bool all_problems(std::int64_t) { return true; }

using UseAttempts = std::function<void(const Problem& problem, std::vector<Attempt> attempts)>;
using UseGraded = std::function<void(const Problem& problem, std::vector<GradedAttempt> attempts)>;

// In the order of the problems; reads all lines to their ends.
void for_each_problem(const NextLine& problems, const NextLine& attempts, const WantedProblems& wanted,
                      const UseAttempts& use);
void for_each_graded(const NextLine& problems, const NextLine& attempts, const NextLine& verdicts,
                     const WantedProblems& wanted, const UseGraded& use);

}  // namespace ft
