// What a report says beyond its tables: differences with intervals over problems and seeds (rerank/two_level.h), and every
// strategy's accuracy over the seeds. Only of these is anything called a gain or a loss.
#pragma once

#include <string>

#include "framework/rerank/two_level.h"

namespace ft::report {

struct Effect {
  std::string text;       // "answers_again sampled - answers_control sampled"
  bool asked = false;     // by the run file: the others are what any reader asks
  double adjusted_p = 1;  // Holm, among those that were asked for; else p
  rerank::TwoLevel value;
};

// "a gain", "a loss" (p below 5 %, adjusted where it was asked for), "not told apart"; with one seed what that seed shows.
[[nodiscard]] std::string verdict_of(const Effect& effect);

struct SeedRow {
  std::string stage, strategy;
  rerank::TwoLevel value;
};

}  // namespace ft::report
