#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "framework/report/forms.h"
#include "framework/report/method_tables.h"
#include "framework/report/report.h"
#include "framework/report/text_table.h"

namespace ft::report {
namespace {

using rerank::Curve;
using rerank::Estimate;
using rerank::RankingTable;
using rerank::StrategyRow;

std::string cell(const std::optional<Estimate>& value) {
  return value ? percent_in(value->mean, value->low, value->high) : std::string();
}

std::string solver_cell(const RankingTable& table, const std::string& name) {
  const StrategyRow* row = table.find(name);
  return row != nullptr && row->solver ? cell(row->solver) : "-";
}

std::string headline(const ReportInput& input) {
  TextTable table({"attempts", "problems", "N", "Pass@1", "Maj1@N", "Pass@N", "right", "unreadable", "unknown"});
  for (const StageTable& stage : input.stages) {
    const RankingTable& t = stage.table;
    table.add({stage.stage, std::to_string(t.num_problems), std::to_string(t.num_attempts), solver_cell(t, "Pass@1"),
               solver_cell(t, "Maj1"), solver_cell(t, fmt::format("Pass@{}", t.num_attempts)), percent(t.right),
               percent(t.unreadable), percent(t.unknown)});
  }
  return "Accuracy in per cent with its 95 % interval (bootstrap over problems, BCa)\n" + table.to_string();
}

std::string quality(const RankingTable& table) {
  if (!table.verifier || !table.verifier->auc_pooled) return {};
  const rerank::VerifierQuality& q = *table.verifier;
  std::string text = fmt::format("  verifier AUC {:.3f} [{:.3f}, {:.3f}] over all attempts", *q.auc_pooled,
                                 q.auc_pooled_interval.low, q.auc_pooled_interval.high);
  if (q.auc_within_problem) {
    text += fmt::format(", {:.3f} [{:.3f}, {:.3f}] within a problem ({} problems)", q.auc_within_problem->mean,
                        q.auc_within_problem->low, q.auc_within_problem->high, q.problems_with_both);
  }
  text += "\n";
  if (q.calibration) {
    text += fmt::format("  verifier calibration: expected error {:.3f}, Brier {:.3f} (base rate {:.3f})\n",
                        q.calibration->ece, q.calibration->brier, q.calibration->brier_base);
  }
  return text;
}

std::string unscored(const RankingTable& table) {
  if (table.unscored == 0) return {};
  return fmt::format("  {} readable attempts have no score: they lose to every one that has\n", table.unscored);
}

std::string strategies(const StageTable& stage) {
  const RankingTable& t = stage.table;
  std::vector<std::string> header{"strategy", t.has_scores ? "verifier" : "accuracy", "to Maj1", "to oracle"};
  if (t.has_log_probs) header.insert(header.end(), {"by mean log p", "by sum log p"});
  header.emplace_back("cost");
  TextTable table(header);
  for (const StrategyRow& row : t.rows) {
    const auto& first = row.solver ? row.solver : row.verifier;
    std::vector<std::string> cells{
        row.name, cell(first),
        first ? signed_percent_in(first->difference, first->difference_low, first->difference_high) : "",
        first ? percent(t.oracle - first->mean) : ""};
    if (t.has_log_probs) {
      for (const auto* value : {&row.mean_log_prob, &row.sum_log_prob})
        cells.push_back(*value ? percent((*value)->mean) : "");
    }
    cells.push_back(fmt::format("{:.2f}", row.cost));
    table.add(cells);
  }
  return fmt::format("\n{}{}{}{}\n{}{}", stage.stage, stage.description.empty() ? "" : ": ", stage.description,
                     stage.grading.empty() ? "" : fmt::format(" ({})", stage.grading), table.to_string(),
                     unscored(t) + quality(t));
}

// pass@k and maj@k at powers of two; every k stands in report.json.
std::string attempt_curves(const RankingTable& table) {
  const Curve* pass = table.find_curve("pass@k");
  const Curve* maj = table.find_curve("maj@k");
  if (pass == nullptr || maj == nullptr) return {};
  std::vector<std::string> header{"k"};
  std::vector<std::string> pass_row{"pass@k"};
  std::vector<std::string> maj_row{"maj@k"};
  for (std::size_t i = 0; i < pass->at.size(); ++i) {
    const int k = pass->at[i];
    if ((k & (k - 1)) != 0 && i + 1 != pass->at.size()) continue;
    header.push_back(std::to_string(k));
    pass_row.push_back(percent(pass->values[i].mean));
    maj_row.push_back(percent(maj->values[i].mean));
  }
  TextTable lines(header);
  lines.add(pass_row);
  lines.add(maj_row);
  std::string text = "\n" + lines.to_string();
  if (table.fewest_attempts < table.num_attempts) {
    text += fmt::format("  problems have {} to {} attempts; one with fewer than k counts with all it has\n",
                        table.fewest_attempts, table.num_attempts);
  }
  if (!maj->resampling_error.empty()) {
    text += fmt::format("  maj@k by seeded draws, standard error at most {:.2f} points\n",
                        100 * *std::max_element(maj->resampling_error.begin(), maj->resampling_error.end()));
  }
  return text;
}

std::string groups(const RankingTable& t) {
  if (t.groups.empty()) return {};
  std::vector<std::string> header{"group", "problems"};
  for (const auto& [name, estimate] : t.groups.front().values) header.push_back(name);
  TextTable table(header);
  for (const auto& group : t.groups) {
    std::vector<std::string> cells{group.group, std::to_string(group.num_problems)};
    for (const auto& [name, estimate] : group.values) cells.push_back(cell(estimate));
    table.add(cells);
  }
  return "\n" + table.to_string();
}

std::string forms(const RankingTable& t) {
  const FormTable forms = form_table(t);
  if (forms.rows.empty()) return {};
  TextTable table(forms.header);
  for (const auto& row : forms.rows) table.add(row);
  return "\n" + table.to_string();
}

std::string losses(const ReportInput& input) {
  if (input.losses.empty()) return {};
  TextTable table({"training", "steps", "first loss", "last loss", "last validation"});
  for (const LossCurve& curve : input.losses) {
    if (curve.points.empty()) continue;
    table.add({curve.stage, fmt::format("{:.0f}", curve.points.back().first),
               fmt::format("{:.4f}", curve.points.front().second), fmt::format("{:.4f}", curve.points.back().second),
               curve.validation.empty() ? "-" : fmt::format("{:.4f}", curve.validation.back().second)});
  }
  return "\n" + table.to_string();
}

// "0.031", "<0.001"
std::string p_text(double p) { return p < 0.001 ? "<0.001" : fmt::format("{:.3f}", p); }

std::string differences(const ReportInput& input) {
  const std::vector<Effect>& all = input.effects;
  if (all.empty()) return {};
  TextTable table({"difference", "points", "p", "Holm p", "seeds", ""});
  for (const Effect& effect : all) {
    table.add({effect.text, signed_percent_in(effect.value.mean, effect.value.low, effect.value.high),
               p_text(effect.value.p), effect.asked ? p_text(effect.adjusted_p) : "",
               std::to_string(effect.value.seeds), verdict_of(effect)});
  }
  return fmt::format("\nDifferences in points with their 95 % interval over problems{}\n{}",
                     input.other_seeds.empty() ? "; of another seed they say nothing" : " and seeds",
                     table.to_string());
}

std::string over_seeds(const ReportInput& input) {
  const std::vector<SeedRow>& rows = input.over_seeds;
  if (rows.empty()) return {};
  TextTable table({"stage", "strategy", "accuracy", "between seeds", "seeds"});
  for (const SeedRow& row : rows) {
    std::vector<std::string> each;
    for (const double mean : row.value.of_seeds) each.push_back(percent(mean));
    table.add({row.stage, row.strategy, percent_in(row.value.mean, row.value.low, row.value.high),
               percent(row.value.between_seeds), fmt::format("{}", fmt::join(each, " "))});
  }
  return "\nAccuracy in per cent with its 95 % interval over problems and seeds; what follows is of the first seed\n" +
         table.to_string();
}

std::string overlaps(const ReportInput& input) {
  if (input.overlaps.empty()) return {};
  TextTable table({"problems of", "also in", "checked", "against", "equal", "near"});
  for (const OverlapFinding& one : input.overlaps) {
    const bool own = one.first == one.second;
    table.add({one.second, own ? "itself" : one.first, std::to_string(one.overlap.second_size),
               own ? "" : std::to_string(one.overlap.first_size), std::to_string(one.overlap.exact),
               std::to_string(one.overlap.near)});
  }
  return "\n" + table.to_string();
}

}  // namespace

std::string text_report(const ReportInput& input) {
  std::string text = input.title + "\n" + std::string(display_width(input.title), '=') + "\n";
  if (!input.summary.empty()) text += input.summary + "\n";
  text += "\n";
  text += over_seeds(input);
  if (!input.stages.empty()) text += headline(input);
  const std::vector<std::string> found = findings(input);
  if (!found.empty()) text += "\n";
  for (const std::string& finding : found) text += "- " + finding + "\n";
  text += differences(input);
  for (const StageTable& stage : input.stages)
    text += strategies(stage) + attempt_curves(stage.table) + groups(stage.table) + forms(stage.table);
  return text + losses(input) + overlaps(input);
}

}  // namespace ft::report
