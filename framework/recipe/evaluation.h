// From stored attempts and scores to what is ranked: what the ranking and report recipes share.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "framework/recipe/scoring_stage.h"
#include "framework/report/report.h"
#include "framework/rerank/candidate.h"

namespace ft {

// The attempts of a sealed attempts folder, in the order of its problems; `scores` may be empty (no verifier).
[[nodiscard]] std::vector<rerank::RankedProblem> load_ranked(const std::filesystem::path& attempts, const Scores& scores);

// scores.jsonl of a sealed ranking folder, and back.
[[nodiscard]] Scores read_scores_file(const std::filesystem::path& path);
[[nodiscard]] std::string scores_file(const Scores& scores);

}  // namespace ft
