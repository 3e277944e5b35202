// A difference that somebody wants to know: of two stages, or of two ways to choose an answer.
//
//   compare: ["answers_again - answers_control", "ranking W.RR - Maj1", "ranking RR.All - RR.All by mean log p"]
//
// A side is STAGE [STRATEGY] [by SCORE]. What the right side leaves away is as on the left; a left side without a strategy is
// the sampled accuracy. Strategies go by the names of the tables' rows, and `greedy` and `sampled`; SCORE is verifier, mean
// log p or sum log p.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "framework/rerank/strategies.h"

namespace ft::report {

struct ComparedSide {
  std::string stage;
  std::string strategy;                 // "sampled", "greedy", or the beginning of a row's name: "Maj1", "W.RR"
  std::optional<rerank::ScoreKind> by;  // only where it was given

  // Whether it chooses by a score.
  [[nodiscard]] bool ranks() const;
};

struct Comparison {
  std::string text;  // as it was written
  ComparedSide left, right;
};

// Throws UserError: no " - ", no such stage (with the nearest one), no such strategy.
[[nodiscard]] Comparison read_comparison(std::string_view text, std::span<const std::string> stages);

}  // namespace ft::report
