// Attempts as this program seals them, texts beside their problems: graded while they are read, for ranking outside of
// a run and by any conventions.
//
//   if (const auto folder = own_attempts_folder("runs/x/stages/answers-.../output-...")) {
//     const LabelledAttempts read = read_own_attempts(lines_of(files_of(*folder, kProblemsPrefix)),
//                                                     lines_of(files_of(*folder, kAttemptsPrefix)),
//                                                     Judge({.units = Conventions::Units::required}));
//   }
#pragma once

#include <filesystem>
#include <optional>

#include "framework/grade/judge.h"
#include "framework/problem/attempt_reader.h"
#include "framework/rerank/candidate.h"
#include "framework/rerank/labelled_file.h"

namespace ft::rerank {

// A problem without attempts yet; an attempt with its score, if it has one, and with its log-probability, if its tokens are
// known: what was not sampled here has none.
[[nodiscard]] RankedProblem ranked_problem(const Problem& problem);
[[nodiscard]] Candidate candidate_of(const GradedAttempt& attempt);

// The folder where `path` is one with attempts and problems, or a file of attempts in one. Nothing for everything else: also
// where a file is named in whose lines an older program wrote verdicts, since it is labelled. Throws Unreadable.
[[nodiscard]] std::optional<std::filesystem::path> own_attempts_folder(const std::filesystem::path& path);

// Lines of the two files of such a folder. Throws as problem/attempt_reader.h.
[[nodiscard]] LabelledAttempts read_own_attempts(const NextLine& problems, const NextLine& attempts,
                                                 const grade::Judge& judge);

}  // namespace ft::rerank
