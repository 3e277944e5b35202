#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "framework/report/html_parts.h"
#include "framework/report/html_sections.h"
#include "framework/report/method_tables.h"

namespace ft::report {
namespace {

using rerank::Curve;
using rerank::Estimate;
using rerank::RankingTable;
using rerank::StrategyRow;

Series series_of(const std::string& name, const Curve& curve, const std::vector<Estimate>& values) {
  Series series{name, {}};
  const bool bands = std::any_of(values.begin(), values.end(), [](const Estimate& one) { return one.low < one.high; });
  for (std::size_t i = 0; i < values.size(); ++i) {
    series.points.emplace_back(curve.at[i], values[i].mean);
    if (bands) series.band.emplace_back(values[i].low, values[i].high);
  }
  return series;
}

std::string tile(const std::string& name, const std::optional<Estimate>& value) {
  if (!value) return {};
  const std::string interval = value->low < value->high
                                   ? fmt::format("<small>{:.1f} to {:.1f}</small>", 100 * value->low, 100 * value->high)
                                   : "";
  return fmt::format("<div class=\"tile\"><dt>{}</dt><dd>{:.1f} %{}</dd></div>", escape(name), 100 * value->mean,
                     interval);
}

// Numbers of one figure as a table that opens on demand: for those who cannot see it, or want to copy.
std::string numbers(const std::string& caption, const std::vector<const Curve*>& curves, const std::string& axis) {
  std::vector<std::string> header{axis};
  std::size_t length = 0;
  for (const Curve* curve : curves) {
    header.push_back(curve->name);
    length = std::max(length, curve->at.size());
  }
  const bool cost = !curves.front()->cost.empty();
  if (cost) header.emplace_back("share scored");
  HtmlTable table(caption, header);
  for (std::size_t i = 0; i < length; ++i) {
    std::vector<std::string> cells{std::to_string(i + 1)};
    for (const Curve* curve : curves)
      cells.push_back(i < curve->values.size() ? accuracy(curve->values[i]) : std::string());
    if (cost) cells.push_back(i < curves.front()->cost.size() ? fmt::format("{:.2f}", curves.front()->cost[i]) : "");
    table.add(cells);
  }
  return "<details><summary>Numbers: " + caption + "</summary>" + table.to_string() + "</details>";
}

}  // namespace

std::string tiles(const ReportInput& input) {
  if (input.stages.empty()) return {};
  const auto scored = std::find_if(input.stages.begin(), input.stages.end(),
                                   [](const StageTable& stage) { return stage.table.has_scores; });
  const StageTable& stage = scored == input.stages.end() ? input.stages.front() : *scored;
  const RankingTable& t = stage.table;
  const auto value = [&](const std::string& name) -> std::optional<Estimate> {
    const StrategyRow* row = t.find(name);
    if (row == nullptr) return std::nullopt;
    return row->verifier ? row->verifier : row->solver;
  };
  std::string out;
  out += tile("one sampled attempt", value("Pass@1 (sampled)"));
  if (value("Pass@1")) out += tile("one greedy attempt", value("Pass@1"));
  out += tile(fmt::format("majority of {}", t.num_attempts), value("Maj1"));
  if (t.has_scores) {
    out += tile("votes weighted by the verifier", value("W.RR"));
    out += tile("the verifier's best attempt", value("RR.All"));
  }
  out += tile(fmt::format("oracle: any of {} right", t.num_attempts), value(fmt::format("Pass@{}", t.num_attempts)));
  return fmt::format("<p class=\"soft\">{}: problems solved, with 95 % intervals.</p><dl class=\"tiles\">{}</dl>",
                     escape(stage.description.empty() ? stage.stage : stage.description), out);
}

std::string paper_tables(const ReportInput& input) {
  std::string out;
  for (const MethodTable& one : method_tables(input)) {
    HtmlTable table(escape(one.caption), one.header);
    table.title(fmt::format("As in table {}: {}", one.number, escape(one.title)));
    for (std::size_t i = 1; i < one.text_columns; ++i) table.text_column(i);
    for (const auto& row : one.rows) {
      std::vector<std::string> cells;
      for (const MethodCell& cell : row) {
        std::string text = escape(cell.text);
        if (cell.value) text = accuracy(cell.value);
        if (cell.difference) text = change(cell.difference->mean, cell.difference->low, cell.difference->high);
        if (!cell.note.empty()) text += "<span class=\"error\">at " + escape(cell.note) + "</span>";
        cells.push_back(text.empty() ? "<span class=\"error\">&ndash;</span>" : text);
      }
      table.add(cells);
    }
    out += table.to_string();
  }
  if (out.empty()) return out;
  return "<p>In the form of <i>Improving Large Language Model Fine-tuning for Solving Math Problems</i> (Liu et al., "
         "arXiv "
         "2310.10047), with this run's numbers. Accuracy in per cent with its 95 % interval over problems.</p>" +
         out;
}

std::string figure_one(const StageTable& stage, std::size_t index) {
  const RankingTable& table = stage.table;
  const auto id = [&](const char* name) { return fmt::format("{}-{}", name, index); };
  Chart clusters{"Within the K largest clusters", "K", "accuracy", {}, false, true};
  clusters.id = id("clusters");
  Chart top{"Voting among the N best-scored", "N", "accuracy", {}, false, true};
  top.id = id("top");
  Chart cost{"What it costs: share of attempts to score", "K", "share", {}, false, true, true};
  cost.id = id("cost");
  std::vector<const Curve*> by_k;
  for (const char* name : {"W.RR.MajK", "RR.MajK"}) {
    const Curve* curve = table.find_curve(name);
    if (curve == nullptr) continue;
    clusters.series.push_back(series_of(name, *curve, curve->values));
    by_k.push_back(curve);
  }
  if (by_k.empty()) return {};
  if (!by_k.back()->baseline.empty())
    clusters.series.push_back(series_of("RR by log p", *by_k.back(), by_k.back()->baseline));
  Series share{"scored", {}};
  for (std::size_t i = 0; i < by_k.front()->cost.size(); ++i)
    share.points.emplace_back(by_k.front()->at[i], by_k.front()->cost[i]);
  cost.series.push_back(std::move(share));
  Chart oracle{"Oracle over the K largest clusters (MajK)", "K", "accuracy", {}, false, true};
  oracle.id = id("oracle");
  if (const Curve* curve = table.find_curve("MajK")) oracle.series.push_back(series_of("MajK", *curve, curve->values));
  const Curve* votes = table.find_curve("Maj1.TopN");
  if (votes != nullptr) {
    top.series.push_back(series_of("Maj1.TopN", *votes, votes->values));
    if (!votes->baseline.empty()) top.series.push_back(series_of("by log p", *votes, votes->baseline));
  }
  std::string out = fmt::format(
      "<h3>{}</h3><p>As in figure 1 of the paper: accuracy against the number K of largest clusters that the verifier "
      "looks at, and against the number N of best-scored attempts that vote; bands are 95 % intervals. K = 1 is the "
      "plain "
      "vote; at the right end W.RR.MajK is W.RR and RR.MajK is RR.All.</p>",
      escape(stage.description.empty() ? stage.stage : stage.description));
  out += "<div class=\"charts\">" + figure(clusters) + figure(top) + figure(oracle) + figure(cost) + "</div>";
  out += numbers("accuracy by K", by_k, "K");
  if (votes != nullptr) out += numbers("accuracy by N", {votes}, "N");
  return out;
}

std::string more_attempts(const ReportInput& input) {
  std::string charts, tables;
  Chart all{"Majority vote, all generators", "attempts k", "maj@k", {}, true, true, true};
  all.id = "k-all";
  std::set<std::string> seen;
  for (std::size_t i = 0; i < input.stages.size(); ++i) {
    const StageTable& stage = input.stages[i];
    const Curve* pass = stage.table.find_curve("pass@k");
    const Curve* maj = stage.table.find_curve("maj@k");
    if (pass == nullptr || maj == nullptr || pass->at.size() < 2) continue;
    if (!stage.generator.empty() && !seen.insert(stage.generator + "\n" + stage.problems).second) continue;
    const std::string name = stage.generator.empty() ? stage.stage : stage.generator;
    Chart chart{name,       "attempts k",
                "accuracy", {series_of("pass@k", *pass, pass->values), series_of("maj@k", *maj, maj->values)},
                true,       true,
                true};
    chart.id = fmt::format("k-{}", i);
    charts += figure(chart);
    all.series.push_back(series_of(name, *maj, maj->values));
    all.series.back().band.clear();
    tables += numbers(escape(name) + ", accuracy by k", {pass, maj}, "k");
  }
  if (charts.empty()) return {};
  if (all.series.size() > 1) charts += figure(all);
  return "<p>What k attempts are worth instead of N. pass@k: a right one is among them (unbiased); maj@k: their "
         "majority "
         "is right, the exact mean over all ways to draw k of the N attempts. Bands are 95 % intervals over "
         "problems.</p>"
         "<div class=\"charts\">" +
         charts + "</div>" + tables;
}

}  // namespace ft::report
