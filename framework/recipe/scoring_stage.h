// The verifier's scores for the attempts of a stage: made once per different text, dealt to the ranks while they work
// (deal.h), some of a problem's attempts at a time, in pieces that survive interruptions.
//
//   const StoredScores scores = score_attempts(stage, "verifier", stage.inputs.open("answers"), settings);
//   scores.add_to(place, attempts);                        // of the problem at that place
//   stage.output.seal_pieces([&] { return body; }, [&](FolderWriter& folder) { scores.write_share(folder, rank, ranks); });
//
// A rank holds where each problem's scores lie, 48 bytes a record, and reads them when they are asked for.
#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "framework/base/compute.h"
#include "framework/problem/attempt.h"
#include "framework/recipe/sealed_inputs.h"
#include "framework/recipe/stage_context.h"
#include "framework/rerank/cluster.h"
#include "framework/sample/scorer.h"
#include "framework/store/append_log.h"

namespace ft {

struct ScoringSettings {
  std::int64_t tokens_per_micro_batch = 4096;
  Compute compute = Compute::float32;  // what products with weights are computed from
};

// A problem's attempts fall into parts, as many for each problem, which are scored and kept one by one or some together.
class StoredScores {
 public:
  // A record: the scores of parts `first` to `end` of a problem. Of plain bytes.
  struct Kept {
    std::int64_t problem = 0;
    std::int32_t first = 0, end = 0;
    RecordPlace record;
  };
  StoredScores(RecordFiles files, std::vector<Kept> kept, std::int64_t num_problems, int parts_each);

  [[nodiscard]] std::int64_t num_problems() const { return num_problems_; }
  [[nodiscard]] int parts_each() const { return parts_each_; }
  [[nodiscard]] bool has(std::int64_t place, int part) const { return is_there_[bit(place, part)]; }
  // To the attempts at the problem at that place. Throws as RecordFiles.
  void add_to(std::int64_t place, std::vector<GradedAttempt>& attempts) const;
  // This rank's part of the sealed files, scores-00000.jsonl, ..., in the order of the problems; the same files on any number
  // of ranks.
  void write_share(FolderWriter& folder, int rank, int ranks) const;
  [[nodiscard]] std::int64_t problems_per_file() const;

 private:
  [[nodiscard]] std::size_t bit(std::int64_t place, int part) const {
    return static_cast<std::size_t>(place * parts_each_ + part);
  }
  [[nodiscard]] std::map<int, LabelLogProbs> scores_at(std::int64_t place) const;

  RecordFiles files_;
  std::vector<Kept> kept_;  // by problem
  std::int64_t num_problems_;
  int parts_each_;
  std::vector<bool> is_there_;
};

// Which attempts are worth a score, where not all are: those that ranking within the K largest clusters looks at. Which these
// are is a matter of answers and of how they are compared, so scores that were made under another grading are not looked for.
struct ScoredClusters {
  GradedFolders folders;
  int top = 0;  // K
  rerank::AnswerEquality equality;
  std::string grading;  // what decides the clusters, as text
};
// The indices of a problem's attempts that lie in a cluster which may be among the K largest, ties included.
[[nodiscard]] std::set<int> in_top_clusters(const std::vector<GradedAttempt>& attempts, const ScoredClusters& of);

// Collective. Only sampled attempts are scored (not the greedy one). Texts that occur several times are scored once. The
// model `verifier` is loaded where a score is missing: what was scored is scored, however it is graded. Throws StopRequested
// when asked to stop; BrokenFolder on all ranks.
[[nodiscard]] StoredScores score_attempts(StageContext& stage, const std::string& verifier,
                                          const SealedFolder& attempts, const ScoringSettings& settings,
                                          const std::optional<ScoredClusters>& clusters = {});

}  // namespace ft
