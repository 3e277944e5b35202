// The verifier's scores for the attempts of a stage: made once per different text, a problem at a time, in pieces that
// survive interruptions.
//
//   const StoredScores scores = score_attempts(stage, "verifier", stage.sealed_input("answers"), settings);
//   scores.add_to(place, attempts);                        // of the problem at that place
//   stage.seal_pieces([&] { return body; }, [&](FolderWriter& folder) { scores.write_share(folder, rank, ranks); });
//
// A rank holds where each problem's scores lie, 32 bytes a problem, and reads them when they are asked for.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "framework/problem/attempt.h"
#include "framework/recipe/stage_context.h"
#include "framework/sample/scorer.h"
#include "framework/store/append_log.h"

namespace ft {

struct ScoringSettings {
  std::int64_t tokens_per_micro_batch = 4096;
  std::string compute = "float32";  // what products with weights are computed from: "float32" or "bfloat16"
};

class StoredScores {
 public:
  // `records`: of each problem; of size 0 where it has none.
  StoredScores(RecordFiles files, std::vector<RecordPlace> records)
      : files_(std::move(files)), records_(std::move(records)) {}

  [[nodiscard]] bool has(std::int64_t place) const { return records_[static_cast<std::size_t>(place)].size > 0; }
  // To the attempts at the problem at that place. Throws as RecordFiles.
  void add_to(std::int64_t place, std::vector<GradedAttempt>& attempts) const;
  // This rank's part of the sealed files, scores-00000.jsonl, ..., in the order of the problems; the same files on any number
  // of ranks.
  void write_share(FolderWriter& folder, int rank, int ranks) const;
  [[nodiscard]] std::int64_t problems_per_file() const;

 private:
  RecordFiles files_;
  std::vector<RecordPlace> records_;
};

// Collective. Only sampled attempts are scored (not the greedy one). Texts that occur several times are scored once. The
// model `verifier` is loaded where a score is missing: what was scored is scored, however it is graded. Throws StopRequested
// when asked to stop; BrokenFolder on all ranks.
[[nodiscard]] StoredScores score_attempts(StageContext& stage, const std::string& verifier,
                                          const SealedFolder& attempts, const ScoringSettings& settings);

}  // namespace ft
