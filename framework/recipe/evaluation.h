// From stored attempts and scores to what is ranked: what the ranking and report recipes share.
#pragma once

#include <string>
#include <vector>

#include "framework/recipe/scoring_stage.h"
#include "framework/recipe/sealed_inputs.h"
#include "framework/report/report.h"
#include "framework/rerank/candidate.h"
#include "framework/store/sealed_folder.h"

namespace ft {

// Attempts with their verdicts, in the order of the problems; `scores` may be empty (no verifier). Throws BrokenFolder
// where a byte of them is another one than at sealing.
[[nodiscard]] std::vector<rerank::RankedProblem> load_ranked(const GradedFolders& folders, const Scores& scores);

// scores.jsonl of a sealed ranking folder, and back. Throws the same.
[[nodiscard]] Scores read_scores(const SealedFolder& ranking);
[[nodiscard]] std::string scores_file(const Scores& scores);

}  // namespace ft
