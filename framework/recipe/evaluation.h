// From stored attempts and scores to tables and readable examples: what the ranking and report recipes share.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "framework/recipe/scoring_stage.h"
#include "framework/report/report.h"
#include "framework/rerank/candidate.h"
#include "framework/rerank/ranking.h"

namespace ft {

// The attempts of a sealed attempts folder, in the order of its problems; `scores` may be empty (no verifier).
[[nodiscard]] std::vector<rerank::RankedProblem> load_ranked(const std::filesystem::path& attempts, const Scores& scores);

// scores.jsonl of a sealed ranking folder, and back.
[[nodiscard]] Scores read_scores_file(const std::filesystem::path& path);
[[nodiscard]] std::string scores_file(const Scores& scores);

// Up to `count` problems each where W.RR was right and Maj1 wrong, and the other way round: statement, clusters with their
// votes and scores, and the chosen attempts.
[[nodiscard]] std::vector<report::Example> ranking_examples(std::span<const rerank::RankedProblem> problems, int count);

}  // namespace ft
