// From stored attempts and scores to tables and examples: what the ranking and report recipes share.
//
//   const auto read = read_of(graded.open());
//   const RankingTable table = evaluate_together(stage, problems, read, with_scores, options);      // all ranks
//
// Each rank votes on its own problems, which follow each other, and keeps numbers of them only, in files of the stage's
// work folder, which go afterwards (rerank/table_share.h). No rank holds more than one problem's attempts.
#pragma once

#include <functional>
#include <vector>

#include "framework/recipe/sealed_inputs.h"
#include "framework/recipe/stage_context.h"
#include "framework/report/examples.h"
#include "framework/rerank/candidate.h"
#include "framework/rerank/ranking.h"

namespace ft {

// Hands over the wanted problems with their attempts, as for_each_graded(); local.
using ReadGraded = std::function<void(const WantedProblems& wanted, const UseGraded& use)>;
[[nodiscard]] inline ReadGraded read_of(GradedFolders folders) {
  return [folders = std::move(folders)](const WantedProblems& wanted, const UseGraded& use) {
    for_each_graded(folders, wanted, use);
  };
}

// Collective: the table of all `problems`, on rank 0; an empty one elsewhere. The same bits on any number of ranks.
// `read` is called once, within together(). Throws BrokenFolder on all ranks where a byte is another one than at sealing.
[[nodiscard]] rerank::RankingTable evaluate_together(StageContext& stage, std::int64_t problems, const ReadGraded& read,
                                                     bool with_scores, const rerank::RankingOptions& options);

// Up to `count` problems of each kind where ranking changed the outcome of the vote, by the table of a ranking: read again.
[[nodiscard]] std::vector<report::Example> examples_of(const rerank::RankingTable& table, const ReadGraded& read,
                                                       int count, const rerank::AnswerEquality& equality);

}  // namespace ft
