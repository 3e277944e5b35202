#include "framework/report/effects.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <optional>
#include <set>

namespace ft::report {
namespace {

using rerank::ScoreKind;
using ByProblem = std::map<std::string, double>;

const std::string& first_name(const StageTable& table) {
  return table.first_name.empty() ? table.stage : table.first_name;
}

std::optional<double> of_row(const rerank::ProblemRow& row, const std::string& strategy) {
  return strategy == "sampled" ? std::optional(row.sampled) : row.greedy;
}

// What each problem contributes; empty where the table has no such row.
ByProblem values_of(const StageTable& table, const ComparedSide& side) {
  ByProblem values;
  const rerank::RankingTable& t = table.table;
  if (side.strategy == "sampled" || side.strategy == "greedy" || side.strategy == "Pass@1") {
    for (const rerank::ProblemRow& row : t.problems) {
      if (const auto value = of_row(row, side.strategy)) values[row.id] = *value;
    }
    return values;
  }
  const std::optional<ScoreKind> by = side.ranks() ? side.by.value_or(ScoreKind::verifier) : side.by;
  for (const rerank::StrategyValues& kept : t.values) {
    const bool named = kept.strategy == side.strategy || kept.strategy.starts_with(side.strategy + "@");
    if (!named || kept.by != by) continue;
    for (std::size_t i = 0; i < t.problems.size(); ++i) values[t.problems[i].id] = kept.values[i];
    break;
  }
  return values;
}

std::vector<const StageTable*> all_tables(const ReportInput& input) {
  std::vector<const StageTable*> all;
  for (const auto* list : {&input.stages, &input.other_seeds}) {
    for (const StageTable& table : *list) all.push_back(&table);
  }
  return all;
}

// By seed. A stage that does not depend on it has one entry.
std::map<std::int64_t, ByProblem> values_by_seed(const ReportInput& input, const ComparedSide& side) {
  std::map<std::int64_t, ByProblem> by_seed;
  for (const StageTable* table : all_tables(input)) {
    if (first_name(*table) == side.stage) by_seed[table->seed] = values_of(*table, side);
  }
  return by_seed;
}

// The first seed first; then as they come.
std::vector<std::int64_t> seeds_of(const ReportInput& input, const std::map<std::int64_t, ByProblem>& by_seed) {
  std::vector<std::int64_t> seeds;
  for (const StageTable* table : all_tables(input)) {
    if (by_seed.contains(table->seed) && std::ranges::find(seeds, table->seed) == seeds.end())
      seeds.push_back(table->seed);
  }
  return seeds;
}

// Over the problems that all lists have; nothing where there is none.
std::optional<rerank::TwoLevel> over_seeds(const std::vector<ByProblem>& lists) {
  std::vector<std::vector<double>> values(lists.size());
  for (const auto& [id, value] : lists.front()) {
    const bool everywhere = std::ranges::all_of(lists, [&](const ByProblem& list) { return list.contains(id); });
    for (std::size_t i = 0; i < lists.size() && everywhere; ++i) values[i].push_back(lists[i].at(id));
  }
  if (values.front().empty()) return std::nullopt;
  return rerank::two_level(values);
}

std::optional<rerank::TwoLevel> difference(const ReportInput& input, const Comparison& comparison) {
  const auto left = values_by_seed(input, comparison.left), right = values_by_seed(input, comparison.right);
  if (left.empty() || right.empty()) return std::nullopt;
  std::vector<ByProblem> lists;
  for (const std::int64_t seed : seeds_of(input, left.size() >= right.size() ? left : right)) {
    const auto of = [&](const std::map<std::int64_t, ByProblem>& side) -> const ByProblem* {
      if (side.size() == 1) return &side.begin()->second;
      const auto found = side.find(seed);
      return found == side.end() ? nullptr : &found->second;
    };
    const ByProblem *a = of(left), *b = of(right);
    if (a == nullptr || b == nullptr) continue;
    ByProblem& both = lists.emplace_back();
    for (const auto& [id, value] : *a) {
      if (const auto other = b->find(id); other != b->end()) both[id] = value - other->second;
    }
  }
  return lists.empty() ? std::nullopt : over_seeds(lists);
}

std::string side_text(const ComparedSide& side) {
  const std::string by = side.by ? fmt::format(" by {}", *side.by == ScoreKind::verifier        ? "verifier"
                                                         : *side.by == ScoreKind::mean_log_prob ? "mean log p"
                                                                                                : "sum log p")
                                 : "";
  return fmt::format("{} {}{}", side.stage, side.strategy, by);
}

// What any reader of these tables asks.
std::vector<Comparison> usual_comparisons(const ReportInput& input) {
  std::vector<Comparison> usual;
  const auto add = [&](ComparedSide left, ComparedSide right) {
    usual.push_back({fmt::format("{} - {}", side_text(left), side_text(right)), left, right});
  };
  const StageTable* first = nullptr;
  std::set<std::string> seen;
  for (const StageTable& table : input.stages) {
    const std::string& name = first_name(table);
    if (table.table.has_scores) {
      for (const char* strategy : {"RR.All", "W.RR"}) add({name, strategy, {}}, {name, "Maj1", {}});
      if (!table.table.has_log_probs) continue;
      add({name, "RR.All", {}}, {name, "RR.All", ScoreKind::mean_log_prob});
      add({name, "W.RR", {}}, {name, "W.RR", ScoreKind::sum_log_prob});
    } else if (!table.generator.empty() && seen.insert(table.generator + "\n" + table.problems).second) {
      if (first == nullptr) first = &table;
      if (first != &table && first->problems == table.problems)
        add({name, "sampled", {}}, {first_name(*first), "sampled", {}});
    }
  }
  return usual;
}

}  // namespace

std::vector<Effect> effects(const ReportInput& input) {
  std::vector<Effect> found;
  std::set<std::string> texts;
  std::vector<double> asked;
  const auto add = [&](const Comparison& comparison, bool is_asked) {
    const std::string text = fmt::format("{} - {}", side_text(comparison.left), side_text(comparison.right));
    const auto value = difference(input, comparison);
    if (!value || !texts.insert(text).second) return;
    found.push_back({.text = text, .asked = is_asked, .value = *value});
    if (is_asked) asked.push_back(value->p);
  };
  for (const Comparison& comparison : input.comparisons) add(comparison, true);
  for (const Comparison& comparison : usual_comparisons(input)) add(comparison, false);
  const std::vector<double> adjusted = rerank::holm(asked);
  for (std::size_t i = 0; i < found.size(); ++i)
    found[i].adjusted_p = i < adjusted.size() ? adjusted[i] : found[i].value.p;
  return found;
}

std::string verdict_of(const Effect& effect) {
  const bool told = effect.adjusted_p < 0.05;
  if (!told) return "not told apart";
  const bool more = effect.value.mean > 0;
  if (effect.value.seeds > 1) return more ? "a gain" : "a loss";
  return more ? "more, with this seed" : "less, with this seed";
}

std::vector<SeedRow> seed_rows(const ReportInput& input) {
  std::vector<SeedRow> rows;
  if (input.other_seeds.empty()) return rows;
  for (const StageTable& table : input.stages) {
    std::vector<ComparedSide> sides{{table.stage, "sampled", {}}, {table.stage, "greedy", {}}};
    if (table.table.has_scores) sides.clear();  // votes stand at the attempts
    for (const rerank::StrategyValues& kept : table.table.values) {
      if (table.table.has_scores && !kept.by) continue;
      if (kept.strategy == "Pass@1 (sampled)" || (kept.by && *kept.by != ScoreKind::verifier)) continue;
      sides.push_back({table.stage, kept.strategy, kept.by});
    }
    for (const ComparedSide& side : sides) {
      const auto by_seed = values_by_seed(input, side);
      std::vector<ByProblem> lists;
      for (const std::int64_t seed : seeds_of(input, by_seed)) lists.push_back(by_seed.at(seed));
      if (lists.size() < 2) continue;
      auto value = over_seeds(lists);
      if (!value) continue;
      value->low = std::max(0.0, value->low);  // shares: what lies beyond says nothing
      value->high = std::min(1.0, value->high);
      rows.push_back({table.stage, side.strategy, *value});
    }
  }
  return rows;
}

}  // namespace ft::report
