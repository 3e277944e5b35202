#include "framework/recipe/reference_check.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cctype>

#include "framework/grade/grade.h"

namespace ft {
namespace {

constexpr std::size_t kShown = 5;

bool is_digits(std::string_view text) {
  return text.find_first_not_of("0123456789") == std::string_view::npos;  // most answers
}

// A sentence has words, and no mathematics between them.
bool is_sentence(std::string_view text) {
  const auto spaces = std::count(text.begin(), text.end(), ' ');
  return spaces >= 8 && text.find_first_of("\\=$") == std::string_view::npos;
}

}  // namespace

std::optional<std::string> why_ungradable(std::string_view answer) {
  constexpr std::array<std::string_view, 14> kNone{"proof",      "notfound", "not found", "n/a",          "na",
                                                   "none given", "null",     "nan",       "see solution", "[invalid]",
                                                   "?",          "-",        "...",       "no answer"};
  std::string word;
  for (const char c : answer) word += static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  if (std::find(kNone.begin(), kNone.end(), word) != kNone.end()) return "stands for no answer";
  if (is_digits(answer)) return std::nullopt;
  if (is_sentence(answer)) return "is a sentence";
  const grade::Judgement judgement = grade::equal(answer, "0");
  constexpr std::string_view kUnreadable = "unreadable";
  if (judgement.verdict == Verdict::unknown && std::string_view(judgement.reason).starts_with(kUnreadable))
    return judgement.reason;
  return std::nullopt;
}

std::optional<std::string> describe_ungradable(std::span<const Problem> problems) {
  std::size_t count = 0, answered = 0;
  std::string shown;
  for (const Problem& problem : problems) {
    if (problem.answer.empty()) continue;
    ++answered;
    const auto why = why_ungradable(problem.answer);
    if (!why) continue;
    if (count++ >= kShown) continue;
    const bool is_long = problem.answer.size() > 40;
    std::string start = problem.answer.substr(0, is_long ? 37 : problem.answer.size());
    while (is_long && !start.empty() && (static_cast<unsigned char>(start.back()) & 0x80U) != 0)
      start.pop_back();  // not inside a character
    shown +=
        fmt::format("{}'{}' has '{}{}' ({})", shown.empty() ? "" : "; ", problem.id, start, is_long ? "..." : "", *why);
  }
  if (count == 0) return std::nullopt;
  return fmt::format("{} of {} reference answers cannot be graded, so no attempt at them can be right: {}{}", count,
                     answered, shown, count > kShown ? "; ..." : "");
}

}  // namespace ft
