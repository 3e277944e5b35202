#include "framework/report/verifier_remarks.h"

#include <fmt/format.h>

namespace ft::report {
namespace {

// Of the largest S of a problem: weights that differ by less hardly ever change a vote that is not tied.
constexpr double kAlike = 1e-3;

std::string name_of(const StageTable& stage) { return stage.evaluator.empty() ? "the verifier" : stage.evaluator; }

}  // namespace

std::vector<std::string> verifier_remarks(const StageTable& stage) {
  const rerank::RankingTable& table = stage.table;
  if (!table.has_scores || !table.verifier || table.num_attempts < 2) return {};
  const rerank::VerifierQuality& quality = *table.verifier;
  std::vector<std::string> remarks;
  if (quality.mean_spread && *quality.mean_spread < kAlike) {
    std::string remark = fmt::format(
        "Caution: {} gives all attempts of a problem next to the same score (they differ by {:.2g} of it on average): "
        "it chooses "
        "at random.",
        name_of(stage), *quality.mean_spread);
    const rerank::StrategyRow* weighted = table.find("W.RR");
    if (weighted != nullptr && weighted->verifier && weighted->verifier->difference > 0) {
      remark += fmt::format(" The {:+.1f} points of W.RR over the plain vote are the breaking of ties, no judgement.",
                            100 * weighted->verifier->difference);
    }
    remarks.push_back(remark +
                      " Train it again with a longer warmup, a smaller learning_rate, or cross-entropy beside the "
                      "margin (loss: both).");
  }
  if (!quality.auc_within_problem) return remarks;
  const rerank::Estimate& area = *quality.auc_within_problem;
  const bool interval = area.low < area.high;
  if ((interval ? area.low : area.mean) > 0.5) return remarks;
  remarks.push_back(fmt::format(
      "Caution: {} is not shown to tell right from wrong: within a problem a right attempt scores above a wrong one in "
      "{:.1f} %{} of "
      "{} problems, and chance is 50 %.",
      name_of(stage), 100 * area.mean,
      interval ? fmt::format(" [{:.1f}, {:.1f}]", 100 * area.low, 100 * area.high) : "", quality.problems_with_both));
  return remarks;
}

}  // namespace ft::report
