#include <fmt/format.h>

#include <algorithm>

#include "framework/report/html_parts.h"
#include "framework/report/html_sections.h"
#include "framework/report/html_style.h"
#include "framework/report/method_tables.h"
#include "framework/report/report.h"

namespace ft::report {
namespace {

struct PageSection {
  std::string id, title, html;
};

std::string finding_list(const ReportInput& input) {
  std::string out;
  for (const std::string& finding : findings(input)) {
    std::string text = escape(finding);
    for (const char* before : {" -", "(-"}) {
      for (std::size_t at = 0; (at = text.find(before, at)) != std::string::npos; ++at)
        text.replace(at + 1, 1, "&minus;");
    }
    out += "<li>" + text + "</li>";
  }
  return out.empty() ? out : "<ul class=\"findings\">" + out + "</ul>";
}

std::string headline(const ReportInput& input) {
  if (input.stages.empty()) return {};
  HtmlTable table(
      "Accuracy in per cent with its 95 % interval over problems. Unreadable and undecided attempts are never right; "
      "they have columns of their own.",
      {"attempts", "problems", "N", "Pass@1", "Maj1@N", "Pass@N", "right", "unreadable", "undecided"});
  table.title("All attempts");
  for (const StageTable& stage : input.stages) {
    const rerank::RankingTable& t = stage.table;
    const auto value = [&](const std::string& name) {
      const rerank::StrategyRow* row = t.find(name);
      return accuracy(row != nullptr ? row->solver : std::nullopt);
    };
    table.add({escape(stage.stage), std::to_string(t.num_problems), std::to_string(t.num_attempts), value("Pass@1"),
               value("Maj1"), value(fmt::format("Pass@{}", t.num_attempts)), fmt::format("{:.1f}", 100 * t.right),
               fmt::format("{:.1f}", 100 * t.unreadable), fmt::format("{:.1f}", 100 * t.unknown)});
  }
  return table.to_string();
}

std::string seed_table(const ReportInput& input) {
  const std::vector<SeedRow>& rows = input.over_seeds;
  if (rows.empty()) return {};
  HtmlTable table(
      "Accuracy in per cent: the mean over all seeds with its 95 % interval over problems and seeds, the deviation "
      "between "
      "seeds in points, and each seed's own. All further tables are of the first seed.",
      {"stage", "strategy", "accuracy", "between seeds", "seeds"});
  table.title("All seeds");
  table.text_column(1);
  for (const SeedRow& row : rows) {
    rerank::Estimate value;
    value.mean = row.value.mean;
    value.low = row.value.low;
    value.high = row.value.high;
    std::string each;
    for (const double mean : row.value.of_seeds) each += fmt::format("{}{:.1f}", each.empty() ? "" : " ", 100 * mean);
    table.add({escape(row.stage), escape(row.strategy), accuracy(value),
               fmt::format("{:.1f}", 100 * row.value.between_seeds), each});
  }
  return table.to_string();
}

std::string difference_table(const ReportInput& input) {
  const std::vector<Effect>& all = input.effects;
  if (all.empty()) return {};
  HtmlTable table(
      input.other_seeds.empty()
          ? "Paired differences in points with their 95 % interval over problems. There is one seed: what another "
            "training would show is not in these intervals, so nothing here is called a gain or a loss."
          : "Paired differences in points with their 95 % interval over problems and seeds. Holm p: adjusted among "
            "the differences that the run file asks for.",
      {"difference", "points", "p", "Holm p", "seeds", "verdict"});
  table.title("Differences");
  table.text_column(5);
  const auto p_text = [](double p) { return p < 0.001 ? std::string("&lt;0.001") : fmt::format("{:.3f}", p); };
  for (const Effect& effect : all) {
    table.add({escape(effect.text), change(effect.value.mean, effect.value.low, effect.value.high),
               p_text(effect.value.p), effect.asked ? p_text(effect.adjusted_p) : "",
               std::to_string(effect.value.seeds), verdict_of(effect)});
  }
  return table.to_string();
}

std::string all_figures(const ReportInput& input) {
  std::string out;
  for (std::size_t i = 0; i < input.stages.size(); ++i) {
    if (input.stages[i].table.has_scores) out += figure_one(input.stages[i], i);
  }
  return out;
}

std::string all_stages(const ReportInput& input) {
  std::string out;
  const bool any_scores = std::any_of(input.stages.begin(), input.stages.end(),
                                      [](const StageTable& stage) { return stage.table.has_scores; });
  for (std::size_t i = 0; i < input.stages.size(); ++i) {
    const bool open = any_scores ? input.stages[i].table.has_scores : i == 0;
    out += stage_details(input.stages[i], i, open);
  }
  return out;
}

std::vector<PageSection> page_sections(const ReportInput& input) {
  std::vector<PageSection> all{
      {"results", "Results", tiles(input) + finding_list(input) + headline(input)},
      {"seeds", "Seeds", seed_table(input)},
      {"differences", "Differences", difference_table(input)},
      {"tables", "Method's tables", paper_tables(input)},
      {"figure-1", "Ranking", all_figures(input)},
      {"attempts", "More attempts", more_attempts(input)},
      {"strategies", "Strategies", all_stages(input)},
      {"training", "Training", training_curves(input)},
      {"overlap", "Shared problems", overlap_section(input)},
      {"examples", "Examples", example_section(input)},
      {"time", "Time", time_section(input) + setting_sections(input.execution)},
      {"settings", "Settings", setting_sections(input.settings)},
  };
  std::erase_if(all, [](const PageSection& one) { return one.html.empty(); });
  return all;
}

}  // namespace

std::string html_report(const ReportInput& input) {
  const std::vector<PageSection> all = page_sections(input);
  std::string out = "<!doctype html>\n<html lang=\"en\">\n<head><meta charset=\"utf-8\">";
  out += "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">";
  out += "<title>" + escape(input.title) + "</title><style>" + std::string(kStyle) +
         "</style></head>\n<body>\n<a class=\"skip\" href=\"#results\">Skip to the results</a><header><h1>" +
         escape(input.title) + "</h1>";
  if (!input.summary.empty()) out += "<p class=\"soft\">" + escape(input.summary) + "</p>";
  out += "</header>\n<nav aria-label=\"Sections\"><ul>";
  for (const PageSection& one : all) out += fmt::format("<li><a href=\"#{}\">{}</a></li>", one.id, escape(one.title));
  out += "</ul></nav>\n<main>\n";
  for (const PageSection& one : all) {
    out +=
        fmt::format("<section aria-labelledby=\"{}\">{}{}</section>\n", one.id, heading(one.id, one.title), one.html);
  }
  return out +
         "</main>\n<footer>Intervals: 95 %, bias-corrected and accelerated bootstrap over problems; differences are "
         "paired. Ties count by expected value. Every number stands in report.json.</footer>\n</body>\n</html>\n";
}

}  // namespace ft::report
