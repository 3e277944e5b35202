#include "framework/grade/denial.h"

#include <algorithm>
#include <array>
#include <utility>

#include "framework/grade/ascii.h"
#include "framework/grade/chunk.h"
#include "framework/grade/clauses.h"
#include "framework/grade/phrase_set.h"

namespace ft::grade {
namespace {

template <typename Words>
bool starts_with_any(std::string_view text, const Words& words) {
  return std::any_of(words.begin(), words.end(), [&](std::string_view word) { return text.starts_with(word); });
}

constexpr auto kDenials = std::to_array<std::string_view>({" is not a ",
                                                           " is not the ",
                                                           " is not correct",
                                                           " are not solutions",
                                                           " is not valid",
                                                           " is not possible",
                                                           " is not true",
                                                           " is not an ",
                                                           " cannot be determined",
                                                           " can't be determined",
                                                           " cannot be known",
                                                           " cannot be found",
                                                           " cannot be solved",
                                                           " cannot equal",
                                                           " are not the ",
                                                           " cannot determine",
                                                           " can't determine",
                                                           " cannot conclude",
                                                           " can't conclude",
                                                           " cannot say",
                                                           " can't say",
                                                           " cannot tell",
                                                           " can't tell",
                                                           " cannot answer",
                                                           " can't answer",
                                                           " is impossible",
                                                           " are impossible",
                                                           " is wrong",
                                                           " is incorrect",
                                                           " is false",
                                                           " is extraneous",
                                                           " is invalid",
                                                           " an invalid ",
                                                           " an extraneous ",
                                                           " an incorrect ",
                                                           " it is wrong to ",
                                                           "not enough information",
                                                           "more information",
                                                           "insufficient information",
                                                           " don't know",
                                                           " do not know",
                                                           " not sure",
                                                           " unsure ",
                                                           " cannot find",
                                                           " can't find",
                                                           " cannot solve",
                                                           "unable to",
                                                           " is unclear",
                                                           " is unknown",
                                                           " no way to",
                                                           " does not work",
                                                           " doesn't work",
                                                           " do not work",
                                                           " does not satisfy",
                                                           " doesn't satisfy",
                                                           " do not satisfy",
                                                           " does not hold",
                                                           " doesn't hold",
                                                           " does not exist",
                                                           " doesn't exist",
                                                           " fails for ",
                                                           " fails when ",
                                                           " contradict",
                                                           " reject ",
                                                           " rejected",
                                                           " different from ",
                                                           " differs from ",
                                                           " differ from ",
                                                           " is discarded",
                                                           " discard ",
                                                           " no such ",
                                                           " no solution for ",
                                                           " no solutions for ",
                                                           " cannot be $",
                                                           " not equal",
                                                           "n't equal",
                                                           " rule out ",
                                                           " rules out ",
                                                           " ruled out ",
                                                           " exclude ",
                                                           " excludes ",
                                                           " be discarded",
                                                           " may or may not ",
                                                           " more data",
                                                           " enough information",
                                                           " enough data",
                                                           " not give ",
                                                           "n't give ",
                                                           " not yield ",
                                                           "n't yield ",
                                                           "answer is not",
                                                           "answer isn't",
                                                           "answer wasn't",
                                                           "cannot both be",
                                                           "sorry, ",
                                                           " isn't a ",
                                                           " isn't the ",
                                                           " never equals ",
                                                           " never equal "});

constexpr auto kConjunctions = std::to_array<std::string_view>(
    {"so ", "so, ", "thus ", "thus, ", "now ", "now, ", "then ", "then, ", "hence ", "next, ", "first, ", "and ",
     "but ", "therefore, ", "therefore ", "also, ", "also "});
constexpr auto kGiven =
    std::to_array<std::string_view>({"suppose ", "assume ", "consider ", "recall ", "remember ", "let us assume",
                                     "let us suppose", "we suppose ", "we assume ", "we recall ", "given "});
constexpr auto kTasks = std::to_array<std::string_view>(
    {"find ", "determine ", "substitute ", "plug ", "replace ", "check ", "we are asked ", "we need to find ",
     "we want to find ", "we have to find ", "we have to check ", "we need to check ", "we must find ",
     "we must check ", "we are given ", "see ", "refer to "});

}  // namespace

// Between, at least, up to, ...: what follows only bounds the answer.
bool is_bounded(std::string_view lower, std::size_t begin) {
  std::string_view before = lower.substr(0, begin);
  while (before.ends_with(' ') || before.ends_with('$')) before.remove_suffix(1);
  static constexpr auto kBounds = std::to_array<std::string_view>(
      {"between",    "at least",     "at most",      "less than",   "more than",    "greater than",
       "fewer than", "no more than", "no less than", "larger than", "smaller than", "not",
       "n't",        "never",        "higher than",  "lower than",  "rather than",  "instead of",
       "other than", "except",       "exceeds",      "exceed",      "exceeding",    "beyond"});
  return std::any_of(kBounds.begin(), kBounds.end(), [&](std::string_view word) {
    return before.ends_with(word) &&
           (before.size() == word.size() || word == "n't" || !is_letter(before[before.size() - word.size() - 1]));
  });
}

// "x = 14 is not a solution", "we cannot determine": says that something is not the answer.
bool denies(std::string_view lower) {
  static const PhraseSet kAny(kDenials);
  if (kAny.any_in(lower)) return true;
  // Followed by a number: "x cannot be 8", "neither 5 nor 6 works"; but "the root cannot be simplified".
  for (const std::string_view none : {" cannot be ", " can not be ", " can't be ", " can never be ", " could not be ",
                                      " couldn't be ", " cannot have ", " can't have ", " neither "}) {
    const std::size_t at = lower.find(none);
    if (at == std::string_view::npos || at + none.size() >= lower.size()) continue;
    const char next = lower[at + none.size()];
    if ((next >= '0' && next <= '9') || next == '$' || next == '\\' || next == '-') return true;
  }
  // "There is no number below 5 that works"; "there are no apples left" counts to zero.
  for (const std::string_view none : {" there is no ", " there are no ", " there's no ", " there exists no "}) {
    const std::size_t at = lower.find(none);
    if (at != std::string_view::npos && lower.find_first_of("0123456789", at) != std::string_view::npos) return true;
  }
  return false;
}

// "Let x = 8.", "Suppose that n = 8.", "Recall that 8 = 2^3.", "Find x when y = 8.", "If x = 8, then y is odd."
bool supposes(std::string_view lower) {
  std::string_view opening = lower;
  for (bool again = true; again;) {
    again = false;
    for (const std::string_view word : kConjunctions) {
      if (!opening.starts_with(word)) continue;
      opening.remove_prefix(word.size());
      again = true;
    }
  }
  if (starts_with_any(opening, kGiven)) {
    const std::size_t comma = opening.rfind(", ");  // "Assume 365 days, then they save 5 * 365 = 1825"
    return comma == std::string_view::npos || chunks_in(opening.substr(comma)).empty();
  }
  if (opening.starts_with("let ") && !opening.starts_with("let me ") && !opening.starts_with("let us ")) return true;
  // What is asked for or still to be done, unless it is done on the spot.
  std::size_t given = lower.size();
  for (const std::string_view word : {" when ", " if ", " where ", " given "})
    given = std::min(given, lower.find(word));
  const bool done = lower.find('=') < given || lower.find(" to get ") != std::string_view::npos ||
                    lower.find(" gives ") != std::string_view::npos ||
                    lower.find(" giving ") != std::string_view::npos || lower.find(" is ") != std::string_view::npos ||
                    lower.find(": ") != std::string_view::npos;
  if (starts_with_any(opening, kTasks)) {
    const bool question = opening.starts_with("find ") || opening.starts_with("determine ");
    return !done || (question &&
                     (lower.find(" when ") != std::string_view::npos || lower.find(" if ") != std::string_view::npos ||
                      lower.find(" whether ") != std::string_view::npos));
  }
  // "Now we calculate f(20)."
  for (const std::string_view verb :
       {"we calculate ", "we compute ", "we evaluate ", "calculate ", "compute ", "evaluate "}) {
    const std::string_view rest = opening.substr(std::min(verb.size(), opening.size()));
    if (opening.starts_with(verb) && rest.size() > 3 && is_letter(rest[0]) && rest[1] == '(' && !done) return true;
  }
  // "Set x = 20.", "Try n = 20.", "Let's say y = 20."
  if (opening.starts_with("let's ")) opening.remove_prefix(6);
  for (const std::string_view verb : {"say ", "define ", "set ", "put ", "try ", "take ", "call ", "choose ", "fix "}) {
    if (!opening.starts_with(verb) || opening.size() < verb.size() + 3) continue;
    const std::string_view rest = opening.substr(verb.size());
    const bool letter = is_letter(rest[0]) && !is_letter(rest[1]);
    if (letter && (rest.substr(1).starts_with(" =") || rest[1] == '=' || rest.substr(1).starts_with(" to be")) &&
        clause_starts(opening).size() == 1)
      return true;
  }
  if (opening.starts_with("if ")) {
    const std::size_t comma = opening.rfind(", ");
    return comma == std::string_view::npos || chunks_in(opening.substr(comma)).empty();
  }
  return false;
}

}  // namespace ft::grade
