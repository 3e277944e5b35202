// What a start would do with a stage, as far as that shows without hashing anything: for `ftrun plan`.
//
//   const StageState state = state_of(plan, stage, find_superseded(plan));
//   fmt::print("{}: {}\n", to_string(state.will), state.why);
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "framework/recipe/run_plan.h"
#include "framework/recipe/superseded.h"

namespace ft {

// again: what is there is damaged, is set aside and made again. stop, refuse: the run would end there, with exit code 1 or 2.
// unknown: it depends on files that were not read.
enum class Will { skip, add, go_on, run, again, stop, refuse, unknown };
[[nodiscard]] std::string_view to_string(Will will);

struct StageState {
  Will will = Will::run;
  std::string why;      // a few words
  std::string details;  // a sentence about damage, or what cannot be read; empty: nothing
  [[nodiscard]] bool is_skipped() const { return will == Will::skip; }
};

[[nodiscard]] StageState state_of(const RunPlan& plan, const StagePlan& stage,
                                  const std::vector<Superseded>& superseded);

}  // namespace ft
