#include "framework/report/method_tables.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <set>

#include "framework/report/verifier_remarks.h"

namespace ft::report {
namespace {

using rerank::Bootstrap;
using rerank::Estimate;
using rerank::ProblemRow;
using rerank::RankingTable;
using rerank::StrategyRow;

constexpr const char* kSampled = "Pass@1 (sampled)";

MethodCell name_cell(std::string text) { return {std::move(text), {}, {}, {}}; }

MethodCell value_cell(const RankingTable& table, const std::string& row) {
  const StrategyRow* found = table.find(row);
  if (found == nullptr) return {};
  return {{}, found->verifier ? found->verifier : found->solver, {}, {}};
}

// The row of RR.MajK that the table shows (its first K).
std::string top_name(const RankingTable& table) {
  for (const StrategyRow& row : table.rows)
    if (row.name.starts_with("RR.Top-")) return row.name;
  return "RR.Top-8";
}

// One table for each generator and problem set: the attempts themselves where the run shows them, else a ranking of
// them.
std::vector<const StageTable*> generators(const ReportInput& input) {
  std::vector<const StageTable*> found;
  std::set<std::pair<std::string, std::string>> seen;
  for (const bool ranked : {false, true}) {
    for (const StageTable& stage : input.stages) {
      if (stage.evaluator.empty() == ranked || stage.generator.empty()) continue;
      if (seen.emplace(stage.generator, stage.problems).second) found.push_back(&stage);
    }
  }
  return found;
}

std::vector<const StageTable*> rankings(const ReportInput& input) {
  std::vector<const StageTable*> found;
  for (const StageTable& stage : input.stages)
    if (!stage.evaluator.empty() && stage.table.has_scores) found.push_back(&stage);
  return found;
}

// The mean of value(a) - value(b) over the problems that both have, with its paired interval.
template <typename Value>
std::optional<Estimate> paired(const RankingTable& a, const RankingTable& b, const Value& value) {
  std::map<std::string, const ProblemRow*> of_b;
  for (const ProblemRow& row : b.problems) of_b[row.id] = &row;
  std::vector<double> ours, theirs;
  for (const ProblemRow& row : a.problems) {
    const auto found = of_b.find(row.id);
    if (found == of_b.end()) continue;
    const std::optional<double> x = value(row), y = value(*found->second);
    if (!x || !y) continue;
    ours.push_back(*x);
    theirs.push_back(*y);
  }
  if (ours.empty()) return std::nullopt;
  const Estimate both = rerank::estimate(ours, theirs, Bootstrap(ours.size(), a.bootstrap, 1));
  Estimate difference;
  difference.mean = both.difference;
  difference.standard_error = both.difference_error;
  difference.low = both.difference_low;
  difference.high = both.difference_high;
  return difference;
}

std::optional<double> sampled_of(const ProblemRow& row) { return row.sampled; }
std::optional<double> greedy_of(const ProblemRow& row) { return row.greedy; }
std::optional<double> majority_of(const ProblemRow& row) { return row.majority; }

MethodTable data_table(const std::vector<DataRow>& rows) {
  MethodTable table{1, "Data", "", {"trained", "on", "as", "examples", "tokens", "tokens each", "left out"}, 3, {}};
  table.caption =
      "What each model was trained and validated on: examples and their tokens, prompts included, and how many were "
      "left out as "
      "too long.";
  for (const DataRow& row : rows) {
    const double each = row.examples > 0 ? static_cast<double>(row.tokens) / static_cast<double>(row.examples) : 0;
    table.rows.push_back({name_cell(row.stage), name_cell(row.of), name_cell(row.role),
                          name_cell(std::to_string(row.examples)), name_cell(std::to_string(row.tokens)),
                          name_cell(fmt::format("{:.1f}", each)), name_cell(std::to_string(row.too_long))});
  }
  return table;
}

MethodTable generator_table(const std::vector<const StageTable*>& stages) {
  MethodTable table{2,  "Generators",
                    "", {"generator", "trained by", "problems", "N", "sampled", "greedy", "Maj1@N", "Pass@N"},
                    3,  {}};
  table.caption =
      "The models that make the attempts, without any ranking: one sampled attempt (the mean over all N), one greedy "
      "attempt, the majority of the N sampled ones, and the oracle that takes a right attempt wherever there is one.";
  for (const StageTable* stage : stages) {
    const RankingTable& t = stage->table;
    table.rows.push_back({name_cell(stage->generator), name_cell(stage->training), name_cell(stage->problems),
                          name_cell(std::to_string(t.num_attempts)), value_cell(t, kSampled), value_cell(t, "Pass@1"),
                          value_cell(t, "Maj1"), value_cell(t, fmt::format("Pass@{}", t.num_attempts))});
  }
  return table;
}

// Rows: the plain generator, and those that were trained further. The first is the baseline of the differences.
MethodTable sequence_table(const std::vector<const StageTable*>& stages) {
  MethodTable table{
      4,  "The generator after the verifier's training",
      "", {"generator", "trained by", "sampled", "change", "greedy", "change", "Maj1@N", "change", "Pass@N"},
      2,  {}};
  const StageTable& base = *stages.front();
  table.caption = fmt::format(
      "What further training does to the generator, on the same problems. Changes are to {}, in points with the 95 % "
      "interval of the paired difference. A row that was trained as long without the verifier's step is the control.",
      base.generator);
  for (const StageTable* stage : stages) {
    if (stage->problems != base.problems) continue;
    const RankingTable& t = stage->table;
    const bool first = stage == &base;
    const auto change = [&](const auto& value) {
      return MethodCell{{}, {}, first ? std::nullopt : paired(t, base.table, value), {}};
    };
    table.rows.push_back({name_cell(stage->generator), name_cell(stage->training), value_cell(t, kSampled),
                          change(sampled_of), value_cell(t, "Pass@1"), change(greedy_of), value_cell(t, "Maj1"),
                          change(majority_of), value_cell(t, fmt::format("Pass@{}", t.num_attempts))});
  }
  return table;
}

MethodTable ranking_table(const std::vector<const StageTable*>& stages, int number) {
  const std::string top = top_name(stages.front()->table);
  MethodTable table{number, "", "", {"verifier", "generator", "loss", "Pass@1", "Maj1@N", "RR.All", top, "W.RR"},
                    3,      {}};
  if (number == 3) {
    table.title = "Re-ranking by a verifier of the generator's own attempts";
    table.caption = "Does ranking beat the vote? RR.All takes the best-scored attempt of all, " + top +
                    " the best-scored of the largest clusters, W.RR the cluster with the largest sum of scores.";
  } else {
    table.title = "Verifiers across generators";
    table.caption =
        "The same for every pair of verifier and generator in this run: does a verifier rank the attempts of "
        "a model that it was not trained on?";
  }
  for (const StageTable* stage : stages) {
    const RankingTable& t = stage->table;
    table.rows.push_back({name_cell(stage->evaluator), name_cell(stage->generator), name_cell(stage->evaluator_loss),
                          value_cell(t, "Pass@1"), value_cell(t, "Maj1"), value_cell(t, "RR.All"), value_cell(t, top),
                          value_cell(t, "W.RR")});
  }
  return table;
}

MethodTable best_table(const std::vector<const StageTable*>& stages) {
  MethodTable table{7,
                    "The best K and N",
                    "K and N are picked after the fact, on the very problems that they are measured on: optimistic by "
                    "construction, an upper bound of what tuning them could bring.",
                    {"verifier", "generator", "RR.All", "RR.MajK", "W.RR", "W.RR.MajK", "Maj1@N", "Maj1.TopN"},
                    2,
                    {}};
  for (const StageTable* stage : stages) {
    const RankingTable& t = stage->table;
    const auto best = [&](const char* curve) {
      const auto point = best_point(t, curve);
      if (!point) return MethodCell{};
      return MethodCell{{}, point->value, {}, fmt::format("{} = {}", t.find_curve(curve)->axis, point->at)};
    };
    table.rows.push_back({name_cell(stage->evaluator), name_cell(stage->generator), value_cell(t, "RR.All"),
                          best("RR.MajK"), value_cell(t, "W.RR"), best("W.RR.MajK"), value_cell(t, "Maj1"),
                          best("Maj1.TopN")});
  }
  return table;
}

std::string said(const Estimate& e) { return fmt::format("{:.1f} %", 100 * e.mean); }

// Over problems alone: what another seed would show is not in it, so it is called no gain and no loss.
std::string compared(double mean, double low, double high) {
  const char* verdict = low > 0 ? "more, with this seed" : high < 0 ? "less, with this seed" : "no difference shown";
  return fmt::format("{:+.1f} points ({:+.1f} to {:+.1f}: {})", 100 * mean, 100 * low, 100 * high, verdict);
}

// Further apart than their errors together let one expect.
bool part_ways(const Estimate& a, const Estimate& b) {
  const double error = std::hypot(a.standard_error, b.standard_error);
  return error > 0 && std::abs(a.mean - b.mean) > 3 * error;
}

}  // namespace

std::optional<BestPoint> best_point(const RankingTable& table, const std::string& name) {
  const rerank::Curve* curve = table.find_curve(name);
  if (curve == nullptr || curve->values.empty()) return std::nullopt;
  const auto best = std::max_element(curve->values.begin(), curve->values.end(),
                                     [](const Estimate& a, const Estimate& b) { return a.mean < b.mean; });
  return BestPoint{curve->at[static_cast<std::size_t>(best - curve->values.begin())], *best};
}

std::vector<MethodTable> method_tables(const ReportInput& input) {
  std::vector<MethodTable> tables;
  if (!input.data.empty()) tables.push_back(data_table(input.data));
  const auto models = generators(input);
  if (!models.empty()) tables.push_back(generator_table(models));
  const auto ranked = rankings(input);
  std::vector<const StageTable*> own;
  std::set<std::pair<std::string, std::string>> pairs;
  for (const StageTable* stage : ranked) {
    if (stage->evaluator_of.empty() || stage->evaluator_of == stage->generator) own.push_back(stage);
    pairs.emplace(stage->evaluator, stage->generator);
  }
  if (!own.empty()) tables.push_back(ranking_table(own, 3));
  const bool sequential = std::any_of(models.begin(), models.end(), [](const StageTable* stage) {
    return stage->training.find("verifier_sft") != std::string::npos;
  });
  if (models.size() > 1 && sequential) tables.push_back(sequence_table(models));
  if (pairs.size() > 1) tables.push_back(ranking_table(ranked, 6));
  if (!ranked.empty()) tables.push_back(best_table(ranked));
  return tables;
}

std::vector<std::string> findings(const ReportInput& input) {
  std::vector<std::string> found;
  const auto models = generators(input);
  const auto ranked = rankings(input);
  for (const StageTable* stage : models) {
    const RankingTable& t = stage->table;
    if (stage != models.front() || t.find("Maj1") == nullptr) continue;
    const StrategyRow* greedy = t.find("Pass@1");
    std::string first = fmt::format("{} with one sampled attempt, ", said(*t.find(kSampled)->solver));
    if (greedy != nullptr) first += fmt::format("{} with one greedy attempt and ", said(*greedy->solver));
    found.push_back(fmt::format(
        "Of {} problems, {} solves {}{} by the majority of {} attempts; for {:.1f} % at least one attempt is right.",
        t.num_problems, stage->generator, first, said(*t.find("Maj1")->solver), t.num_attempts, 100 * t.oracle));
  }
  for (const StageTable* stage : ranked) {
    for (const std::string& name : {std::string("W.RR"), top_name(stage->table)}) {
      const StrategyRow* row = stage->table.find(name);
      if (row == nullptr || !row->verifier) continue;
      const Estimate& e = *row->verifier;
      const std::string how = name == "W.RR" ? "Votes weighted by" : "The best attempt of the largest clusters by";
      found.push_back(fmt::format("{} {} ({}) solve{} {} for {}: against the plain vote {}.", how, stage->evaluator,
                                  name, name == "W.RR" ? "" : "s", said(e), stage->generator,
                                  compared(e.difference, e.difference_low, e.difference_high)));
    }
  }
  for (const StageTable& stage : input.stages) {
    for (std::string& remark : verifier_remarks(stage)) found.push_back(std::move(remark));
  }
  for (const StageTable* stage : models) {
    if (stage == models.front() || stage->problems != models.front()->problems) continue;
    const auto sampled = paired(stage->table, models.front()->table, sampled_of);
    const auto greedy = paired(stage->table, models.front()->table, greedy_of);
    const auto vote = paired(stage->table, models.front()->table, majority_of);
    const std::string pair =
        fmt::format("{} ({}) against {}", stage->generator, stage->training, models.front()->generator);
    std::string text;
    if (sampled) text += fmt::format("one sampled attempt {}; ", compared(sampled->mean, sampled->low, sampled->high));
    if (greedy) text += fmt::format("the greedy one {}; ", compared(greedy->mean, greedy->low, greedy->high));
    if (vote) text += fmt::format("Maj1 {}", compared(vote->mean, vote->low, vote->high));
    if (!text.empty()) found.push_back(fmt::format("{}: {}.", pair, text));
    if (sampled && greedy && part_ways(*sampled, *greedy)) {
      found.push_back(
          fmt::format("Caution: {} and {} differ otherwise by their greedy attempts than by their sampled ones. Greedy "
                      "decoding takes one "
                      "way of writing solutions for all problems, and may change it; what a model has learnt shows in "
                      "what it samples.",
                      stage->generator, models.front()->generator));
    }
  }
  for (const OverlapFinding& one : input.overlaps) {
    if (one.first == one.second || one.overlap.exact + one.overlap.near == 0) continue;
    found.push_back(
        fmt::format("Caution: of {} problems in {}, {} are also in {} and {} more are nearly the same as one there.",
                    one.overlap.second_size, one.second, one.overlap.exact, one.first, one.overlap.near));
  }
  return found;
}

}  // namespace ft::report
