#include <fmt/format.h>

#include "framework/report/report.h"
#include "framework/report/text_table.h"

namespace ft::report {
namespace {

using rerank::Estimate;
using rerank::RankingTable;
using rerank::StrategyRow;

std::string solver_cell(const RankingTable& table, const std::string& name) {
  const StrategyRow* row = table.find(name);
  return row != nullptr && row->solver ? percent(row->solver->mean, row->solver->standard_error) : "-";
}

std::string headline(const ReportInput& input) {
  TextTable table({"attempts", "problems", "N", "Pass@1", "Maj1@N", "Pass@N", "right", "unreadable", "unknown"});
  for (const StageTable& stage : input.stages) {
    const RankingTable& t = stage.table;
    table.add({stage.stage, std::to_string(t.num_problems), std::to_string(t.num_attempts), solver_cell(t, "Pass@1"),
               solver_cell(t, "Maj1"), solver_cell(t, fmt::format("Pass@{}", t.num_attempts)), percent(t.right),
               percent(t.unreadable), percent(t.unknown)});
  }
  return "Accuracy in per cent, +- one standard error over problems\n" + table.to_string();
}

std::string strategies(const StageTable& stage) {
  TextTable table({"strategy", "verifier", "to Maj1", "by mean log p", "by sum log p", "cost"});
  for (const StrategyRow& row : stage.table.rows) {
    const auto cell = [](const std::optional<Estimate>& value) {
      return value ? percent(value->mean, value->standard_error) : std::string();
    };
    const auto& first = row.solver ? row.solver : row.verifier;
    table.add({row.name, cell(first), first ? signed_percent(first->difference, first->difference_error) : "",
               cell(row.mean_log_prob), cell(row.sum_log_prob), fmt::format("{:.2f}", row.cost)});
  }
  std::string text = fmt::format("\n{}{}{}\n{}", stage.stage, stage.description.empty() ? "" : ": ", stage.description,
                                 table.to_string());
  if (stage.table.verifier && stage.table.verifier->auc_pooled) {
    text += fmt::format("  verifier AUC {:.3f} over all attempts", *stage.table.verifier->auc_pooled);
    if (stage.table.verifier->auc_within_problem) {
      text += fmt::format(", {:.3f} within a problem ({} problems)", stage.table.verifier->auc_within_problem->mean,
                          stage.table.verifier->problems_with_both);
    }
    text += "\n";
  }
  return text;
}

std::string attempt_curves(const RankingTable& table) {
  const auto* pass = table.find_curve("pass@k");
  const auto* maj = table.find_curve("maj@k");
  if (pass == nullptr || maj == nullptr) return {};
  std::vector<std::string> header{"k"};
  std::vector<std::string> pass_row{"pass@k"};
  std::vector<std::string> maj_row{"maj@k"};
  for (std::size_t i = 0; i < pass->at.size(); ++i) {
    header.push_back(std::to_string(pass->at[i]));
    pass_row.push_back(percent(pass->values[i].mean));
    maj_row.push_back(percent(maj->values[i].mean));
  }
  TextTable lines(header);
  lines.add(pass_row);
  lines.add(maj_row);
  return "\n" + lines.to_string();
}

}  // namespace

std::string text_report(const ReportInput& input) {
  std::string text = input.title + "\n" + std::string(display_width(input.title), '=') + "\n";
  if (!input.summary.empty()) text += input.summary + "\n";
  text += "\n";
  if (!input.stages.empty()) text += headline(input);
  for (const StageTable& stage : input.stages) text += strategies(stage) + attempt_curves(stage.table);
  if (!input.losses.empty()) {
    TextTable table({"training", "steps", "first loss", "last loss", "last validation"});
    for (const LossCurve& curve : input.losses) {
      if (curve.points.empty()) continue;
      table.add({curve.stage, fmt::format("{:.0f}", curve.points.back().first),
                 fmt::format("{:.4f}", curve.points.front().second), fmt::format("{:.4f}", curve.points.back().second),
                 curve.validation.empty() ? "-" : fmt::format("{:.4f}", curve.validation.back().second)});
    }
    text += "\n" + table.to_string();
  }
  return text;
}

}  // namespace ft::report
