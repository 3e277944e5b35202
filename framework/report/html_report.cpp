#include <fmt/format.h>

#include <algorithm>

#include "framework/report/html_parts.h"
#include "framework/report/html_style.h"
#include "framework/report/report.h"
#include "framework/report/svg.h"

namespace ft::report {
namespace {

using rerank::Curve;
using rerank::Estimate;
using rerank::RankingTable;
using rerank::StrategyRow;

std::string accuracy(const std::optional<Estimate>& value) {
  if (!value) return "<span class=\"error\">&ndash;</span>";
  return fmt::format("{:.1f} <span class=\"error\">&plusmn;{:.1f}</span>", 100 * value->mean,
                     100 * value->standard_error);
}

std::optional<Estimate> solver_value(const RankingTable& table, const std::string& name) {
  const StrategyRow* row = table.find(name);
  return row != nullptr ? row->solver : std::nullopt;
}

std::string headline(const ReportInput& input) {
  HtmlTable table(
      "Accuracy in per cent with one standard error over problems. Unreadable and undecided attempts are never right.",
      {"attempts", "problems", "N", "Pass@1", "Maj1@N", "Pass@N", "right attempts", "unreadable", "undecided"});
  for (const StageTable& stage : input.stages) {
    const RankingTable& t = stage.table;
    table.add({escape(stage.stage), std::to_string(t.num_problems), std::to_string(t.num_attempts),
               accuracy(solver_value(t, "Pass@1")), accuracy(solver_value(t, "Maj1")),
               accuracy(solver_value(t, fmt::format("Pass@{}", t.num_attempts))),
               fmt::format("{:.1f} %", 100 * t.right), fmt::format("{:.1f} %", 100 * t.unreadable),
               fmt::format("{:.1f} %", 100 * t.unknown)});
  }
  return table.to_string();
}

std::string strategies(const RankingTable& ranking) {
  HtmlTable table(
      "Strategies: accuracy in per cent, the paired difference to Maj1 with its standard error and 95 % bootstrap "
      "interval; "
      "the same ranking by the solver's own log-probability as a baseline; and the share of attempts that must be "
      "scored.",
      {"strategy", "accuracy", "to Maj1", "95 % interval", "by mean log p", "by sum log p", "cost", "meaning"});
  table.text_column(7);
  double best = -1;
  for (const StrategyRow& row : ranking.rows) {
    if (row.verifier) best = std::max(best, row.verifier->mean);
  }
  for (const StrategyRow& row : ranking.rows) {
    const auto& value = row.solver ? row.solver : row.verifier;
    const bool is_maj1 = row.name.starts_with("Maj1@");
    std::string difference;
    std::string interval;
    if (value && !is_maj1) {
      difference = fmt::format("{:+.1f} <span class=\"error\">&plusmn;{:.1f}</span>", 100 * value->difference,
                               100 * value->difference_error);
      interval = fmt::format("{:+.1f} to {:+.1f}", 100 * value->difference_low, 100 * value->difference_high);
    }
    table.add(
        {escape(row.name), accuracy(value), difference, interval, row.mean_log_prob ? accuracy(row.mean_log_prob) : "",
         row.sum_log_prob ? accuracy(row.sum_log_prob) : "", fmt::format("{:.2f}", row.cost), escape(row.meaning)},
        row.verifier && row.verifier->mean == best);
  }
  return table.to_string();
}

Series series_of(const std::string& name, const Curve& curve, const std::vector<Estimate>& values) {
  Series series{name, {}};
  for (std::size_t i = 0; i < values.size(); ++i) series.points.emplace_back(curve.at[i], values[i].mean);
  return series;
}

std::string charts(const RankingTable& table) {
  Chart attempts{"More attempts", "attempts drawn, k", "accuracy", {}, true, true, true};
  Chart clusters{"Ranking within the K largest clusters", "K", "accuracy", {}, false, true, false};
  Chart top{"Voting among the N best-scored", "N", "accuracy", {}, false, true, false};
  Chart cost{"Cost of ranking within K clusters", "K", "share scored", {}, false, true, true};
  for (const char* name : {"pass@k", "maj@k"}) {
    if (const Curve* curve = table.find_curve(name)) attempts.series.push_back(series_of(name, *curve, curve->values));
  }
  for (const char* name : {"RR.MajK", "W.RR.MajK"}) {
    const Curve* curve = table.find_curve(name);
    if (curve == nullptr) continue;
    if (!curve->values.empty()) clusters.series.push_back(series_of(name, *curve, curve->values));
    clusters.series.push_back(series_of(std::string(name) + " by mean log p", *curve, curve->baseline));
  }
  if (const Curve* curve = table.find_curve("RR.MajK")) {
    Series share{"RR.MajK and W.RR.MajK", {}};
    for (std::size_t i = 0; i < curve->cost.size(); ++i) share.points.emplace_back(curve->at[i], curve->cost[i]);
    cost.series.push_back(std::move(share));
  }
  if (const Curve* curve = table.find_curve("Maj1.TopN")) {
    if (!curve->values.empty()) top.series.push_back(series_of("Maj1.TopN", *curve, curve->values));
    top.series.push_back(series_of("Maj1.TopN by mean log p", *curve, curve->baseline));
  }
  return "<div class=\"charts\">" + figure(attempts) + figure(clusters) + figure(top) + figure(cost) + "</div>";
}

// The best K or N is picked after the fact, on the very problems it is measured on: said beside the number.
std::string best_points(const RankingTable& table) {
  std::string text;
  for (const char* name : {"RR.MajK", "W.RR.MajK", "Maj1.TopN"}) {
    const Curve* curve = table.find_curve(name);
    if (curve == nullptr || curve->values.empty()) continue;
    const auto best = std::max_element(curve->values.begin(), curve->values.end(),
                                       [](const Estimate& a, const Estimate& b) { return a.mean < b.mean; });
    text += fmt::format("{}{} {:.1f} at {} = {}", text.empty() ? "" : ", ", name, 100 * best->mean, curve->axis,
                        curve->at[static_cast<std::size_t>(best - curve->values.begin())]);
  }
  return text.empty()
             ? ""
             : "<p class=\"soft\">Best points of the curves, picked after the fact and so optimistic: " + text +
                   ".</p>";
}

std::string quality(const RankingTable& table) {
  HtmlTable rows("How well right attempts are told from wrong ones: area under the curve, 0.5 is chance.",
                 {"score", "all attempts", "within a problem", "problems with both"});
  const auto cell = [](const std::optional<double>& value) {
    return value ? fmt::format("{:.3f}", *value) : std::string("&ndash;");
  };
  const auto add = [&](const char* name, const rerank::VerifierQuality& q) {
    rows.add({name, cell(q.auc_pooled),
              cell(q.auc_within_problem ? std::optional(q.auc_within_problem->mean) : std::nullopt),
              std::to_string(q.problems_with_both)});
  };
  if (table.verifier) add("verifier", *table.verifier);
  if (table.mean_log_prob) add("mean log-probability", *table.mean_log_prob);
  return rows.to_string();
}

std::string groups(const RankingTable& table) {
  if (table.groups.empty()) return {};
  std::vector<std::string> header{"group", "problems"};
  for (const auto& [name, estimate] : table.groups.front().values) header.push_back(name);
  HtmlTable rows("By level and subject, in per cent with one standard error.", header);
  for (const auto& group : table.groups) {
    std::vector<std::string> cells{escape(group.group), std::to_string(group.num_problems)};
    for (const auto& [name, estimate] : group.values) cells.push_back(accuracy(estimate));
    rows.add(cells);
  }
  return rows.to_string();
}

std::string stage_section(const StageTable& stage, std::size_t index) {
  const RankingTable& table = stage.table;
  std::string out = heading(fmt::format("stage-{}", index), stage.stage);
  if (!stage.description.empty()) out += "<p>" + escape(stage.description) + "</p>";
  out += fmt::format(
      "<p class=\"soft\">{} problems, up to {} attempts each, {:.1f} clusters a problem on average.{}</p>",
      table.num_problems, table.num_attempts, table.mean_clusters,
      table.unscored > 0
          ? fmt::format(" {} readable attempts have no verifier score and lose to every one that has.", table.unscored)
          : "");
  out += strategies(table) + best_points(table) + charts(table);
  if (table.num_attempts > 0) out += quality(table) + groups(table);
  return out;
}

std::string losses(const ReportInput& input) {
  std::string out = heading("losses", "Training losses") + "<div class=\"charts\">";
  for (const LossCurve& curve : input.losses) {
    Chart chart{curve.stage, "optimiser step", curve.unit.empty() ? "loss" : "loss a " + curve.unit, {}, false, false,
                false};
    chart.series.push_back({"training", curve.points});
    if (!curve.validation.empty()) chart.series.push_back({"validation", curve.validation});
    out += figure(chart);
  }
  return out + "</div>";
}

std::string sections(const std::vector<Section>& all) {
  std::string out;
  for (const Section& section : all) {
    HtmlTable table(escape(section.title), {"key", "value"});
    table.text_column(1);
    for (const Entry& entry : section.entries) table.add({escape(entry.key), escape(entry.value)});
    out += table.to_string();
  }
  return out;
}

std::string examples(const ReportInput& input) {
  std::string out = heading("examples", "Examples");
  for (const Example& example : input.examples) {
    out += "<details><summary>" + escape(example.title) + "</summary>";
    for (const Entry& entry : example.entries)
      out += "<h3>" + escape(entry.key) + "</h3><pre>" + escape(entry.value) + "</pre>";
    out += "</details>";
  }
  return out;
}

std::string navigation(const ReportInput& input) {
  std::string out = "<nav aria-label=\"Sections\"><ul>";
  const auto link = [&](const std::string& id, const std::string& text) {
    out += fmt::format("<li><a href=\"#{}\">{}</a></li>", id, escape(text));
  };
  if (!input.stages.empty()) link("headline", "Headline");
  for (std::size_t i = 0; i < input.stages.size(); ++i) link(fmt::format("stage-{}", i), input.stages[i].stage);
  if (!input.losses.empty()) link("losses", "Training losses");
  if (!input.examples.empty()) link("examples", "Examples");
  if (!input.settings.empty()) link("settings", "Settings");
  if (!input.execution.empty()) link("execution", "Execution");
  return out + "</ul></nav>";
}

}  // namespace

std::string html_report(const ReportInput& input) {
  std::string out = "<!doctype html>\n<html lang=\"en\">\n<head><meta charset=\"utf-8\">";
  out += "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">";
  out += "<title>" + escape(input.title) + "</title><style>" + std::string(kStyle) +
         "</style></head>\n<body>\n<header><h1>" + escape(input.title) + "</h1>";
  if (!input.summary.empty()) out += "<p>" + escape(input.summary) + "</p>";
  out += navigation(input) + "</header>\n<main>\n";
  if (!input.stages.empty()) out += heading("headline", "Headline") + headline(input) + "\n";
  for (std::size_t i = 0; i < input.stages.size(); ++i) out += stage_section(input.stages[i], i) + "\n";
  if (!input.losses.empty()) out += losses(input) + "\n";
  if (!input.examples.empty()) out += examples(input) + "\n";
  if (!input.settings.empty()) out += heading("settings", "Settings and digests") + sections(input.settings) + "\n";
  if (!input.execution.empty()) out += heading("execution", "Execution") + sections(input.execution) + "\n";
  return out + "</main>\n</body>\n</html>\n";
}

}  // namespace ft::report
