#include <fmt/format.h>

#include <algorithm>

#include "framework/report/forms.h"
#include "framework/report/html_parts.h"
#include "framework/report/html_sections.h"

namespace ft::report {
namespace {

using rerank::Estimate;
using rerank::RankingTable;
using rerank::StrategyRow;

std::string strategies(const RankingTable& ranking) {
  std::vector<std::string> header{"strategy", "0 to 100 %", "accuracy", "to Maj1", "to oracle"};
  if (ranking.has_scores && ranking.has_log_probs) header.emplace_back("by mean log p");
  if (ranking.has_log_probs) header.emplace_back("by sum log p");
  header.emplace_back("cost");
  HtmlTable table(
      fmt::format(
          "Accuracy in per cent and the paired difference to Maj1 in points, with 95 % intervals; what is missing "
          "to the oracle; {}and the share of attempts that must be scored. The dashed line is Maj1.",
          ranking.has_log_probs ? "the same ranking by the solver's own log-probability; " : ""),
      header);
  table.title("Strategies");
  const StrategyRow* vote = ranking.find("Maj1");
  const double reference = vote == nullptr ? 0 : vote->solver->mean;
  double best = -1;
  for (const StrategyRow& row : ranking.rows)
    if (row.verifier) best = std::max(best, row.verifier->mean);
  for (const StrategyRow& row : ranking.rows) {
    // Without a verifier the solver's own opinion is what ranks.
    const auto& value = row.solver ? row.solver : ranking.has_scores ? row.verifier : row.mean_log_prob;
    if (!value) continue;
    const int colour = row.solver ? 0 : 1;
    const bool is_vote = &row == vote;
    std::vector<std::string> cells{
        fmt::format("{}<small>{}</small>", escape(row.name), escape(row.meaning)),
        whisker({value->mean, value->low, value->high, 0, 1, reference, colour}),
        accuracy(value),
        is_vote ? std::string() : change(value->difference, value->difference_low, value->difference_high),
        fmt::format("{:.1f}", 100 * (ranking.oracle - value->mean)),
    };
    if (ranking.has_scores && ranking.has_log_probs)
      cells.push_back(row.mean_log_prob ? accuracy(row.mean_log_prob) : "");
    if (ranking.has_log_probs) cells.push_back(row.sum_log_prob ? accuracy(row.sum_log_prob) : "");
    cells.push_back(fmt::format("{:.2f}", row.cost));
    table.add(cells, row.verifier && row.verifier->mean == best);
  }
  return table.to_string();
}

std::string area_table(const RankingTable& table) {
  HtmlTable rows(
      "The chance that a right attempt scores above a wrong one; 0.5 is chance. Within a problem: the mean over the "
      "problems that have both kinds.",
      {"score", "all attempts", "within a problem", "problems with both"});
  rows.title("Right above wrong (area under the curve)");
  const auto add = [&](const char* name, const rerank::VerifierQuality& q) {
    const auto cell = [](double mean, double low, double high) {
      if (low == high) return fmt::format("{:.3f}", mean);
      return fmt::format("{:.3f} <span class=\"error\">{:.3f}&ndash;{:.3f}</span>", mean, low, high);
    };
    rows.add(
        {name, q.auc_pooled ? cell(*q.auc_pooled, q.auc_pooled_interval.low, q.auc_pooled_interval.high) : "&ndash;",
         q.auc_within_problem ? cell(q.auc_within_problem->mean, q.auc_within_problem->low, q.auc_within_problem->high)
                              : "&ndash;",
         std::to_string(q.problems_with_both)});
  };
  if (table.verifier) add("verifier", *table.verifier);
  if (table.mean_log_prob) add("mean log-probability", *table.mean_log_prob);
  return table.verifier || table.mean_log_prob ? rows.to_string() : "";
}

std::string calibration(const rerank::Calibration& calibration, std::size_t index) {
  if (calibration.count == 0) return {};
  Chart chart{"Calibration", "the verifier's score S", "right attempts", {}, false, true};
  chart.id = fmt::format("calibration-{}", index);
  chart.percent_x = chart.diagonal = true;
  Series series{"attempts", {}};
  HtmlTable table(
      fmt::format("Expected calibration error {:.3f}; Brier score {:.3f}, of one who always says the share of "
                  "right attempts {:.3f}. Intervals are Wilson's.",
                  calibration.ece, calibration.brier, calibration.brier_base),
      {"score", "share of attempts", "attempts", "mean score", "right"});
  table.title("How honest the scores are");
  for (const rerank::ReliabilityBin& bin : calibration.bins) {
    std::vector<std::string> cells{fmt::format("{:.1f}&ndash;{:.1f}", bin.low, bin.high),
                                   bar(static_cast<double>(bin.count) / calibration.count, 0),
                                   std::to_string(bin.count), "", ""};
    if (bin.count > 0) {
      series.points.emplace_back(bin.mean_score, bin.share_right);
      series.band.emplace_back(bin.interval.low, bin.interval.high);
      cells[3] = fmt::format("{:.3f}", bin.mean_score);
      cells[4] = fmt::format("{:.1f} <span class=\"error\">{:.1f}&ndash;{:.1f}</span>", 100 * bin.share_right,
                             100 * bin.interval.low, 100 * bin.interval.high);
    }
    table.add(cells);
  }
  chart.series.push_back(std::move(series));
  return "<div class=\"charts\">" + figure(chart) + table.to_string() + "</div>";
}

std::string groups(const RankingTable& table) {
  if (table.groups.empty()) return {};
  std::vector<std::string> header{"group", "problems"};
  for (const auto& [name, estimate] : table.groups.front().values) header.push_back(name);
  HtmlTable rows("In per cent with 95 % intervals; \"right\" is the share of right attempts.", header);
  rows.title("By level and subject");
  for (const auto& group : table.groups) {
    std::vector<std::string> cells{escape(group.group), std::to_string(group.num_problems)};
    for (const auto& [name, estimate] : group.values) cells.push_back(accuracy(estimate));
    rows.add(cells);
  }
  return rows.to_string();
}

std::string forms(const RankingTable& table) {
  const FormTable forms = form_table(table);
  if (forms.rows.empty()) return {};
  HtmlTable rows("Of attempts with a readable answer, in per cent; styles of the training solutions show here.",
                 forms.header);
  rows.title("By how the answer is stated");
  for (std::vector<std::string> row : forms.rows) {
    row.front() = escape(row.front());
    rows.add(row);
  }
  return rows.to_string();
}

}  // namespace

std::string stage_details(const StageTable& stage, std::size_t index, bool open) {
  const RankingTable& table = stage.table;
  std::string out = strategies(table);
  if (table.unscored > 0) {
    out +=
        fmt::format("<p class=\"soft\">{} readable attempts have no verifier score and lose to every one that has.</p>",
                    table.unscored);
  }
  if (table.fewest_attempts < table.num_attempts) {
    out += fmt::format(
        "<p class=\"soft\">Problems have {} to {} attempts; pass@k and maj@k take all of a problem that has "
        "fewer than k.</p>",
        table.fewest_attempts, table.num_attempts);
  }
  if (table.num_attempts > 0) out += area_table(table);
  if (table.verifier && table.verifier->calibration) out += calibration(*table.verifier->calibration, index);
  out += groups(table) + forms(table);
  return fmt::format(
      "<details{}><summary>{}{}{}{}{} &middot; {} problems, up to {} attempts, {:.1f} clusters a "
      "problem</summary>{}</details>",
      open ? " open" : "", escape(stage.stage), stage.description.empty() ? "" : ": ", escape(stage.description),
      stage.grading.empty() ? "" : " &middot; ", escape(stage.grading), table.num_problems, table.num_attempts,
      table.mean_clusters, out);
}

}  // namespace ft::report
