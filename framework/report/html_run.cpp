#include <fmt/format.h>

#include <algorithm>

#include "framework/report/html_parts.h"
#include "framework/report/html_sections.h"

namespace ft::report {

std::string training_curves(const ReportInput& input) {
  std::string out;
  for (std::size_t i = 0; i < input.losses.size(); ++i) {
    const LossCurve& curve = input.losses[i];
    Chart loss{curve.stage + ": loss", "optimiser step", curve.unit.empty() ? "loss" : "loss a " + curve.unit, {}};
    loss.id = fmt::format("loss-{}", i);
    loss.series.push_back({"training", curve.points});
    if (!curve.validation.empty()) loss.series.push_back({"validation", curve.validation});
    Chart rate{curve.stage + ": learning rate", "optimiser step", "learning rate", {}, false, false, true};
    rate.id = fmt::format("rate-{}", i);
    rate.series.push_back({"learning rate", curve.learning_rate});
    out += "<div class=\"charts\">" + figure(loss) + figure(rate) + "</div>";
  }
  return out;
}

std::string overlap_section(const ReportInput& input) {
  if (input.overlaps.empty()) return {};
  HtmlTable table(
      "Equal: the same words, case and punctuation aside. Near: at least 80 % of the runs of three words in common, "
      "unless "
      "another threshold was asked for; templates with other numbers are near, too.",
      {"problems of", "also in", "checked", "against", "equal", "near"});
  table.title("Problems that sets share, and problems that stand in a set twice");
  std::string examples;
  for (const OverlapFinding& one : input.overlaps) {
    const bool own = one.first == one.second;
    table.add({escape(one.second), own ? "itself" : escape(one.first), std::to_string(one.overlap.second_size),
               own ? "" : std::to_string(one.overlap.first_size), std::to_string(one.overlap.exact),
               std::to_string(one.overlap.near)});
    if (one.examples.empty()) continue;
    examples += fmt::format("<details><summary>{} and {}: the nearest pairs</summary>", escape(one.second),
                            own ? "itself" : escape(one.first));
    for (const OverlapFinding::Pair& pair : one.examples) {
      examples +=
          fmt::format("<h3>{} &middot; {} <span class=\"tag\">{:.0f} % alike</span></h3><pre>{}</pre>",
                      escape(pair.second_id), escape(pair.first_id), 100 * pair.similarity, escape(pair.second_text));
      if (pair.first_text != pair.second_text) examples += "<pre>" + escape(pair.first_text) + "</pre>";
    }
    examples += "</details>";
  }
  return table.to_string() + examples;
}

std::string example_section(const ReportInput& input) {
  std::string out;
  for (const Example& example : input.examples) {
    out += fmt::format("<details{}><summary>{}: {}</summary>", out.empty() ? " open" : "", escape(example.problem),
                       example.saved ? "the vote is wrong, weighted ranking is right"
                                     : "the vote is right, weighted ranking is wrong");
    if (!example.statement.empty()) out += "<pre>" + escape(example.statement) + "</pre>";
    if (!example.reference.empty()) out += "<p>Reference answer: <b>" + escape(example.reference) + "</b></p>";
    for (const ExampleCluster& cluster : example.clusters) {
      std::string tags;
      for (const std::string& strategy : cluster.chosen_by)
        tags += "<span class=\"tag\">" + escape(strategy) + "</span>";
      out += fmt::format(
          "<div class=\"cluster{}\"><h3>Answer {} ({}) {}</h3><p class=\"soft\">{} {}, scores sum to {:.2f}, the best "
          "is "
          "{:.3f}:</p><pre>{}</pre></div>",
          cluster.right ? " right" : "", escape(cluster.answer), cluster.right ? "right" : "wrong", tags, cluster.votes,
          cluster.votes == 1 ? "vote" : "votes", cluster.summed_score, cluster.best_score, escape(cluster.best_text));
    }
    if (example.other_clusters > 0)
      out += fmt::format("<p class=\"soft\">and {} smaller clusters</p>", example.other_clusters);
    out += "</details>";
  }
  if (out.empty()) return out;
  return "<p>Problems where weighting the votes by the verifier changed the outcome, for better and for worse: the "
         "clusters "
         "of equal answers, which strategy picks them, and the attempt in each that the verifier likes best.</p>" +
         out;
}

std::string time_section(const ReportInput& input) {
  if (input.times.empty()) return {};
  double all = 0;
  for (const StageTime& one : input.times) all += one.seconds;
  HtmlTable table(
      fmt::format("Wall clock of each stage, its finished starts together; {:.0f} s in all. Times are no results: they "
                  "differ from run to run.",
                  all),
      {"stage", "recipe", "of the whole", "seconds", "starts", "done", "speed"});
  table.title("Where the time went");
  table.text_column(1);
  HtmlTable ranks("Pieces that each rank kept: how evenly the work was spread.", {"stage", "rank", "share", "done"});
  ranks.title("By rank");
  bool any_ranks = false;
  for (const StageTime& one : input.times) {
    table.add({escape(one.stage), escape(one.recipe), bar(all > 0 ? one.seconds / all : 0, 0),
               fmt::format("{:.1f}", one.seconds), std::to_string(one.starts), escape(one.done),
               one.rate > 0 ? fmt::format("{:.0f} {}", one.rate, escape(one.unit)) : ""});
    for (const StageTime::OfRank& rank : one.ranks) {
      any_ranks = true;
      ranks.add({escape(one.stage), std::to_string(rank.rank), bar(rank.share, 1), escape(rank.done)});
    }
  }
  return table.to_string() + (any_ranks ? ranks.to_string() : "");
}

std::string setting_sections(const std::vector<Section>& all) {
  std::string out;
  for (const Section& section : all) {
    HtmlTable table(escape(section.title), {"key", "value"});
    table.text_column(1);
    for (const Entry& entry : section.entries) table.add({escape(entry.key), escape(entry.value)});
    out += fmt::format("<details><summary>{}</summary>{}</details>", escape(section.title), table.to_string());
  }
  return out;
}

}  // namespace ft::report
