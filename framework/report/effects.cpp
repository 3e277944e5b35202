#include "framework/report/effects.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <optional>
#include <set>
#include <string_view>
#include <unordered_map>

namespace ft::report {
namespace {

using rerank::ScoreKind;
// What each problem contributes, in the order of the table; nothing where it has no such value.
struct Values {
  std::vector<std::string_view> ids;
  std::vector<std::optional<double>> of;
};

const std::string& first_name(const StageTable& table) {
  return table.first_name.empty() ? table.stage : table.first_name;
}

bool is_greedy(const ComparedSide& side) { return side.strategy == "greedy" || side.strategy == "Pass@1"; }

Values values_of(const StageTable& table, const ComparedSide& side) {
  const rerank::RankingTable& t = table.table;
  Values values;
  if (is_greedy(side)) {
    for (const auto& [id, right] : t.greedy) {
      values.ids.emplace_back(id);
      values.of.emplace_back(right);
    }
    return values;
  }
  for (const rerank::ProblemRow& row : t.problems) values.ids.emplace_back(row.id);
  if (side.strategy == "sampled") {
    for (const rerank::ProblemRow& row : t.problems) values.of.emplace_back(row.sampled);
    return values;
  }
  const std::optional<ScoreKind> by = side.ranks() ? side.by.value_or(ScoreKind::verifier) : side.by;
  for (const rerank::StrategyValues& kept : t.values) {
    const bool named = kept.strategy == side.strategy || kept.strategy.starts_with(side.strategy + "@");
    if (!named || kept.by != by) continue;
    values.of.assign(kept.values.begin(), kept.values.end());
    return values;
  }
  return {};
}

// The list brought into the order of another one; most are in it already.
std::vector<std::optional<double>> in_order_of(const Values& other, const Values& values) {
  std::vector<std::optional<double>> result(other.of.size());
  std::unordered_map<std::string_view, std::size_t> places;
  for (std::size_t i = 0; i < result.size(); ++i) {
    if (i < values.of.size() && values.ids[i] == other.ids[i]) {
      result[i] = values.of[i];
      continue;
    }
    if (places.empty()) {
      for (std::size_t j = 0; j < values.of.size(); ++j) places.emplace(values.ids[j], j);
    }
    if (const auto found = places.find(other.ids[i]); found != places.end()) result[i] = values.of[found->second];
  }
  return result;
}

std::vector<const StageTable*> all_tables(const ReportInput& input) {
  std::vector<const StageTable*> all;
  for (const auto* list : {&input.stages, &input.other_seeds}) {
    for (const StageTable& table : *list) all.push_back(&table);
  }
  return all;
}

// By seed. A stage that does not depend on it has one entry.
using BySeed = std::map<std::int64_t, Values>;
BySeed values_by_seed(const ReportInput& input, const ComparedSide& side) {
  BySeed by_seed;
  for (const StageTable* table : all_tables(input)) {
    if (first_name(*table) == side.stage) by_seed[table->seed] = values_of(*table, side);
  }
  return by_seed;
}

// The first seed first; then as they come.
std::vector<std::int64_t> seeds_of(const ReportInput& input, const BySeed& by_seed) {
  std::vector<std::int64_t> seeds;
  for (const StageTable* table : all_tables(input)) {
    if (by_seed.contains(table->seed) && std::ranges::find(seeds, table->seed) == seeds.end())
      seeds.push_back(table->seed);
  }
  return seeds;
}

// Over the problems that all lists have; nothing where there is none.
std::optional<rerank::TwoLevel> over_seeds(const std::vector<Values>& lists) {
  std::vector<std::vector<std::optional<double>>> aligned;
  for (const Values& list : lists) aligned.push_back(in_order_of(lists.front(), list));
  std::vector<std::vector<double>> values(lists.size());
  for (std::size_t p = 0; p < aligned.front().size(); ++p) {
    if (!std::ranges::all_of(aligned, [&](const auto& list) { return list[p].has_value(); })) continue;
    for (std::size_t i = 0; i < aligned.size(); ++i) values[i].push_back(*aligned[i][p]);
  }
  if (values.front().empty()) return std::nullopt;
  return rerank::two_level(values);
}

std::optional<rerank::TwoLevel> difference(const ReportInput& input, const Comparison& comparison) {
  const BySeed left = values_by_seed(input, comparison.left), right = values_by_seed(input, comparison.right);
  if (left.empty() || right.empty()) return std::nullopt;
  std::vector<Values> lists;
  for (const std::int64_t seed : seeds_of(input, left.size() >= right.size() ? left : right)) {
    const auto of = [&](const BySeed& side) -> const Values* {
      if (side.size() == 1) return &side.begin()->second;
      const auto found = side.find(seed);
      return found == side.end() ? nullptr : &found->second;
    };
    const Values *a = of(left), *b = of(right);
    if (a == nullptr || b == nullptr) continue;
    Values both{a->ids, a->of};
    const std::vector<std::optional<double>> other = in_order_of(*a, *b);
    for (std::size_t i = 0; i < both.of.size(); ++i)
      both.of[i] = both.of[i] && other[i] ? std::optional(*both.of[i] - *other[i]) : std::nullopt;
    lists.push_back(std::move(both));
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

std::string text_of(const Comparison& comparison) {
  return fmt::format("{} - {}", side_text(comparison.left), side_text(comparison.right));
}

// What any reader of these tables asks.
std::vector<Comparison> usual_comparisons(const ReportInput& input) {
  std::vector<Comparison> usual;
  const auto add = [&](ComparedSide left, ComparedSide right) { usual.push_back({"", left, right}); };
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

std::vector<Effect> effects_of(const ReportInput& input) {
  std::vector<Effect> found;
  std::set<std::string> texts;
  std::vector<double> asked;
  const auto add = [&](const Comparison& comparison, bool is_asked) {
    const std::string text = text_of(comparison);
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

std::vector<SeedRow> rows_over_seeds(const ReportInput& input) {
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
      std::vector<Values> lists;
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

}  // namespace

std::string verdict_of(const Effect& effect) {
  const bool told = effect.adjusted_p < 0.05;
  if (!told) return "not told apart";
  const bool more = effect.value.mean > 0;
  if (effect.value.seeds > 1) return more ? "a gain" : "a loss";
  return more ? "more, with this seed" : "less, with this seed";
}

std::vector<std::string> add_effects(ReportInput& input) {
  input.effects = effects_of(input);
  input.over_seeds = rows_over_seeds(input);
  std::vector<std::string> missing;
  for (const Comparison& comparison : input.comparisons) {
    const bool is_there = std::ranges::any_of(
        input.effects, [&](const Effect& effect) { return effect.asked && effect.text == text_of(comparison); });
    if (!is_there) missing.push_back(comparison.text);
  }
  return missing;
}

}  // namespace ft::report
