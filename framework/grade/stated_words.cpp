#include "framework/grade/stated_words.h"

#include <algorithm>
#include <array>
#include <cctype>

#include "framework/grade/ascii.h"
#include "framework/grade/denial.h"
#include "framework/grade/last_word.h"
#include "framework/grade/standing.h"

namespace ft::grade {

// "So it will be a Thursday.": the one day of the week that is named.
std::optional<std::string> stated_weekday(std::string_view sentence) {
  static constexpr auto kDays =
      std::to_array<std::string_view>({"monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"});
  static constexpr auto kSaying =
      std::to_array<std::string_view>({" is ", " be ", " was ", " is a ", " be a ", " was a ", " is on ", " be on ",
                                       " falls on ", " fall on ", " fell on ", " falls on a "});
  const std::string lower = padded(lower_case(sentence));
  std::size_t found = std::string::npos;
  std::size_t size = 0;
  for (const std::string_view day : kDays) {
    const std::size_t at = lower.find(day);
    if (at == std::string::npos) continue;
    if (found != std::string::npos || lower.find(day, at + 1) != std::string::npos) return std::nullopt;
    found = at;
    size = day.size();
  }
  if (found == std::string::npos || is_letter(lower[found - 1]) || denies(lower)) return std::nullopt;
  const std::string_view behind = std::string_view(lower).substr(found + size);
  const bool last = behind.empty() || std::string_view(".!,;*").find(behind[0]) != std::string_view::npos;
  const std::string_view before = std::string_view(lower).substr(0, found);
  const bool said =
      std::any_of(kSaying.begin(), kSaying.end(), [&](std::string_view word) { return before.ends_with(word); });
  return last && said ? std::optional(std::string(sentence.substr(found - 1, size))) : std::nullopt;
}

namespace {

constexpr auto kConjunctions =
    std::to_array<std::string_view>({"so ", "so, ", "thus ", "thus, ", "hence ", "hence, ", "therefore ", "therefore, ",
                                     "then ", "in conclusion, ", "consequently, ", "finally, "});

std::string_view without_conjunctions(std::string_view lower) {
  for (bool again = true; again;) {
    again = false;
    for (const std::string_view word : kConjunctions) {
      if (!lower.starts_with(word)) continue;
      lower.remove_prefix(word.size());
      again = true;
    }
  }
  return lower;
}

// "Yes, it is.", "No, because 9 is not prime."
std::optional<std::string> yes_or_no(std::string_view opening) {
  for (const std::string_view word : {"yes", "no"}) {
    if (!opening.starts_with(word)) continue;
    const std::string_view behind = opening.substr(word.size());
    // "No, that is wrong", "No, wait" answers a thought.
    for (const std::string_view thought : {", that", ", wait", ", this", ", let", ", we", ", i ", "..."}) {
      if (behind.starts_with(thought)) return std::nullopt;
    }
    if (behind.empty() || std::string_view(",.;:!").find(behind[0]) != std::string_view::npos) return std::string(word);
  }
  return std::nullopt;
}

// "There are no real solutions", "the equation has no solution"
std::optional<std::string> no_solution(std::string_view lower) {
  for (const std::string_view verb : {"there is no ", "there are no ", " has no ", " have no ", "there's no "}) {
    const std::size_t at = lower.find(verb);
    if (at == std::string_view::npos) continue;
    std::string_view rest = lower.substr(at + verb.size());
    std::string kind;
    for (const std::string_view word : {"real ", "integer ", "positive ", "rational "}) {
      if (!rest.starts_with(word)) continue;
      kind = word;
      rest.remove_prefix(word.size());
    }
    if (!rest.starts_with("solution")) continue;
    rest.remove_prefix(rest.starts_with("solutions") ? 9 : 8);
    if (rest.empty() || rest[0] == '.' || rest[0] == '!') return "no " + kind + "solution";
  }
  return std::nullopt;
}

// What mathematics is said to be in one word.
constexpr auto kProperties = std::to_array<std::string_view>(
    {"true",      "false",        "even",      "odd",      "obtuse",     "acute",      "isosceles",  "equilateral",
     "scalene",   "prime",        "composite", "rational", "irrational", "increasing", "decreasing", "convergent",
     "divergent", "right-angled", "converges", "diverges", "infinite",   "finite",     "undefined"});

// "So the function is even.": the word behind the last "is", with nothing behind it.
std::optional<std::string> property(std::string_view lower) {
  while (lower.ends_with('.') || lower.ends_with('!')) lower.remove_suffix(1);
  std::string_view before = lower;
  const std::string_view word = take_last_word(&before);
  if (!among(kProperties, word)) return std::nullopt;
  const bool verb = word == "converges" || word == "diverges";
  const std::string_view copula = take_last_word(&before);
  if (!verb && copula != "is" && copula != "be" && copula != "must be") return std::nullopt;
  return std::string(word);
}

}  // namespace

std::optional<std::string> stated_words(std::string_view sentence) {
  const std::string whole = lower_case(sentence);
  const std::string_view lower = without_conjunctions(whole);
  if (auto said = yes_or_no(lower)) return said;
  if (auto none = no_solution(lower)) return none;
  const bool false_claim = lower.ends_with(" is false") || lower.ends_with(" is false.");  // that is the answer
  if ((denies(padded(lower)) && !(false_claim && lower.find(" not ") == std::string_view::npos)) ||
      mentions_guess(lower) || lower.find(" if ") != std::string_view::npos ||
      lower.find(" or ") != std::string_view::npos)
    return std::nullopt;
  if (lower.find("there are infinitely many") != std::string_view::npos) {
    const std::string_view behind = lower.substr(lower.find("infinitely many") + 15);
    if (behind.empty() || behind[0] == '.' || behind.starts_with(" solutions")) return "infinitely many";
  }
  return property(lower);
}

}  // namespace ft::grade
