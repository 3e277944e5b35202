// rerank: a verifier scores the attempts of a stage; every strategy of the method is computed from votes and scores.
//
//   ranking: {recipe: rerank, attempts: answers, verifier: verifier, top_clusters: 8}
//
// The verifier may be any model of the run: one that was trained on another generator's attempts, too (cross-model ranking).
// Without a verifier the table has the votes and the log-probability baselines.

#include <optional>

#include "framework/recipe/evaluation.h"
#include "framework/recipe/graded_attempts.h"
#include "framework/recipe/recipe.h"
#include "framework/recipe/scoring_stage.h"
#include "framework/recipe/verifier_check.h"
#include "framework/report/report.h"

namespace ft {
namespace {

enum class Scored { all, top_clusters };
constexpr auto names_of(Scored) { return std::to_array<std::string_view>({"all", "top_clusters"}); }

class Rerank final : public Recipe {
 public:
  void describe(Binder& b) override {
    b.required_input("attempts", attempts_, kGradedInput, "the attempts to rank");
    b.input("verifier", verifier_, "model", "the model that judges them; empty = votes alone");
    b.identity("top_clusters", top_clusters_, "K: ranking looks at the K largest clusters", Range::at_least(1));
    b.identity("top_n", top_n_, "N of Maj1.TopN: the vote among the N best-scored attempts", Range::at_least(1));
    b.identity("bootstrap", options_.bootstrap, "resamples of the 95 % intervals; 0 = none", Range::at_least(0));
    b.identity("tokens_per_micro_batch", scoring_.tokens_per_micro_batch, "tokens scored together", Range::at_least(1));
    b.choice_unless(ScoringSettings().compute, "compute", scoring_.compute,
                    "what matrix products with the verifier's weights are computed from");
    b.choice_unless(
        Scored::all, "score", score_,
        "which attempts the verifier judges: all, or those in the top_clusters largest clusters, which is cheaper, "
        "and enough to rank within these");
    if (!verifier_.empty()) return;
    for (const char* key : {"tokens_per_micro_batch", "compute", "score"}) b.idle(key, "there is no verifier");
  }

  ArtifactKind output() const override { return ArtifactKind::ranking; }
  PlannedWork work() const override {
    return RankingWork{.verifier = verifier_,
                       .tokens_per_micro_batch = scoring_.tokens_per_micro_batch,
                       .compute = scoring_.compute,
                       .bootstrap = static_cast<int>(options_.bootstrap),
                       .top_clusters = top_clusters_,
                       .top_n = top_n_,
                       .scores_top_clusters = score_ == Scored::top_clusters};
  }
  bool verdicts_extend() const override { return true; }  // scores know nothing of them
  bool uses_seed() const override { return false; }

  void check_inputs(StageCheck& check) const override {
    require_sampled(check, "attempts", attempts_);
    if (!verifier_.empty() && check.knows(verifier_)) check_verifier_prompts(check, verifier_, attempts_);
  }

  void run(StageContext& stage) override {
    const GradedAttempts graded = graded_attempts(stage, attempts_);
    std::optional<GradedFolders> folders;
    GradingSettings grading;
    std::int64_t problems = 0;
    stage.together("the attempts and their verdicts", [&] {
      folders = graded.open();
      problems = count_problems(folders->attempts);
      grading = graded.grading();
    });
    options_.top_clusters = {top_clusters_};
    options_.top_n = {top_n_};
    options_.equality = rerank::equality_of(make_judge(grading));
    std::optional<ScoredClusters> clusters;
    if (score_ == Scored::top_clusters && !verifier_.empty()) {
      options_.scored_clusters = top_clusters_;
      clusters = {*folders, top_clusters_, options_.equality, graded.verdicts->identity + graded.verdicts->extent};
    }
    std::optional<StoredScores> scores;
    if (!verifier_.empty()) scores = score_attempts(stage, verifier_, folders->attempts, scoring_, clusters);
    const auto read = [&](const WantedProblems& wanted, const UseGraded& use) {
      std::int64_t place = 0;
      const auto noted = [&](std::int64_t problem) { return wanted(place = problem); };
      for_each_graded(*folders, noted, [&](const Problem& problem, std::vector<GradedAttempt> attempts) {
        if (scores) scores->add_to(place, attempts);
        use(problem, std::move(attempts));
      });
    };
    report::ReportInput input{.title = stage.plan.name};
    input.stages.push_back({.stage = stage.plan.name,
                            .description = description(),
                            .table = evaluate_together(stage, problems, read, scores.has_value(), options_),
                            .grading = to_text(grading)});
    nlohmann::ordered_json body{
        {"attempts", attempts_},
        {"verifier", verifier_},
        {"description", description()},
        {"options", {{"top_clusters", top_clusters_}, {"top_n", top_n_}, {"bootstrap", options_.bootstrap}}},
        {"grading", to_json(grading)}};
    if (options_.scored_clusters > 0) body["scored_clusters"] = options_.scored_clusters;
    if (scores) body[kProblemsPerFile] = scores->problems_per_file();
    const Communicator& world = stage.groups.world;
    stage.output.seal_pieces([&] { return body; },
                             [&](FolderWriter& folder) {
                               if (scores) scores->write_share(folder, world.rank(), world.size());
                               if (world.rank() != 0) return;
                               folder.write("ranking.txt", report::text_report(input));
                               folder.write("ranking.json",
                                            [&](const auto& out) { report::write_json_report(input, out); });
                             });
  }

 private:
  std::string description() const {
    return verifier_.empty() ? fmt::format("{}, votes alone", attempts_)
                             : fmt::format("{} ranked by {}", attempts_, verifier_);
  }

  std::string attempts_, verifier_;
  int top_clusters_ = 8, top_n_ = 16;
  Scored score_ = Scored::all;
  rerank::RankingOptions options_;
  ScoringSettings scoring_;
};

}  // namespace
}  // namespace ft

// Version 2 left attempts without a score where they lie in more than one file.
FT_RECIPE(ft::Rerank, "rerank", "3")
