#include "framework/report/comparison.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <utility>
#include <vector>

#include "framework/base/error.h"

namespace ft::report {
namespace {

using rerank::ScoreKind;

constexpr std::string_view kMinus = " - ";
constexpr auto kScores =
    std::to_array<std::pair<std::string_view, ScoreKind>>({{"verifier", ScoreKind::verifier},
                                                           {"mean log p", ScoreKind::mean_log_prob},
                                                           {"sum log p", ScoreKind::sum_log_prob}});
// With a number behind them.
constexpr auto kNumbered = std::to_array<std::string_view>({"RR.Top-", "W.RR.Top-", "Maj1.Top-", "Maj1@", "Pass@"});
constexpr auto kPlain = std::to_array<std::string_view>({"sampled", "greedy", "Maj1", "RR.All", "W.RR"});

std::string_view trimmed(std::string_view text) {
  while (text.starts_with(' ')) text.remove_prefix(1);
  while (text.ends_with(' ')) text.remove_suffix(1);
  return text;
}

bool is_strategy(std::string_view name) {
  if (std::ranges::find(kPlain, name) != kPlain.end()) return true;
  return std::ranges::any_of(kNumbered, [&](std::string_view start) {
    return name.starts_with(start) && name.size() > start.size() &&
           name.find_first_not_of("0123456789", start.size()) == std::string_view::npos;
  });
}

// The stage whose name stands at the beginning of `text`, as a word; the longest one.
std::string_view stage_at(std::string_view text, std::span<const std::string> stages) {
  std::string_view found;
  for (const std::string& stage : stages) {
    const bool begins = text.starts_with(stage) && (text.size() == stage.size() || text[stage.size()] == ' ');
    if (begins && stage.size() > found.size()) found = stage;
  }
  return found;
}

ComparedSide read_side(std::string_view text, std::span<const std::string> stages, std::string_view whole) {
  ComparedSide side;
  if (const std::size_t by = text.rfind(" by "); by != std::string_view::npos) {
    const std::string_view score = trimmed(text.substr(by + 4));
    const auto known = std::ranges::find(kScores, score, [](const auto& entry) { return entry.first; });
    if (known == kScores.end())
      fail_user(fmt::format("'{}': '{}' is no score; there are verifier, mean log p and sum log p", whole, score));
    side.by = known->second;
    text = trimmed(text.substr(0, by));
  }
  side.stage = stage_at(text, stages);
  side.strategy = trimmed(text.substr(side.stage.size()));
  if (side.strategy.empty() || is_strategy(side.strategy)) return side;
  if (!side.stage.empty())
    fail_user(fmt::format("'{}': '{}' is no strategy; there are {}, RR.Top-K, W.RR.Top-K and Maj1.Top-N", whole,
                          side.strategy, fmt::join(kPlain, ", ")));
  const std::string word = side.strategy.substr(0, side.strategy.find(' '));
  const auto near = nearest(word, {stages.begin(), stages.end()});
  fail_user(fmt::format("'{}': '{}' is no stage that is shown here{}; there {} {}", whole, word,
                        near ? fmt::format(" (did you mean '{}'?)", *near) : "", stages.size() == 1 ? "is" : "are",
                        fmt::join(stages, ", ")));
}

}  // namespace

bool ComparedSide::ranks() const {
  return strategy.starts_with("RR") || strategy.starts_with("W.RR") || strategy.starts_with("Maj1.Top");
}

Comparison read_comparison(std::string_view text, std::span<const std::string> stages) {
  const std::size_t minus = text.find(kMinus);
  if (minus == std::string_view::npos)
    fail_user(fmt::format("'{}' is no difference: write STAGE - STAGE, or STAGE STRATEGY - STRATEGY", text));
  Comparison read{.text = std::string(text),
                  .left = read_side(trimmed(text.substr(0, minus)), stages, text),
                  .right = read_side(trimmed(text.substr(minus + kMinus.size())), stages, text)};
  if (read.left.stage.empty()) fail_user(fmt::format("'{}': the left side names no stage", text));
  if (read.left.strategy.empty()) read.left.strategy = "sampled";
  if (read.right.stage.empty()) read.right.stage = read.left.stage;
  if (read.right.strategy.empty()) read.right.strategy = read.left.strategy;
  const auto same = [](const ComparedSide& a, const ComparedSide& b) {
    return a.stage == b.stage && a.strategy == b.strategy && a.by == b.by;
  };
  if (same(read.left, read.right)) fail_user(fmt::format("'{}': both sides are the same", text));
  for (const ComparedSide* side : {&read.left, &read.right}) {
    if (side->by && !side->ranks()) fail_user(fmt::format("'{}': {} chooses by no score", text, side->strategy));
  }
  return read;
}

}  // namespace ft::report
