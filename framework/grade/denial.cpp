#include "framework/grade/denial.h"

#include <algorithm>
#include <array>
#include <optional>
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

constexpr auto kDenials = std::to_array<std::string_view>(
    {" is not a ", " is not the ", " is not correct", " are not solutions", " is not valid", " is not possible",
     " is not true", " is not an ", " cannot be determined", " can't be determined", " cannot be known",
     " cannot be found", " cannot be solved", " cannot equal", " are not the ", " cannot determine", " can't determine",
     " cannot conclude", " can't conclude", " cannot say", " can't say", " cannot tell", " can't tell",
     " cannot answer", " can't answer", " is impossible", " are impossible", " is wrong", " is incorrect", " is false",
     " is extraneous", " is invalid", " an invalid ", " an extraneous ", " an incorrect ", " too small", " too large",
     " too big", " too high", " too low", " absurd", " was wrong", " doubt that ", " were told ", " problem says ",
     " problem states ", " question says ", " was given that ", " can't be sure", " cannot be sure", " cannot prove ",
     " can't prove ", " keine ", " kein ", " was the input", " be wrong to ", " it is wrong to ", " nobody ",
     " no one ", " none of the ", "not enough information", "more information", "insufficient information",
     " don't know", " do not know", " not sure", " unsure ", " cannot find", " can't find", " cannot solve",
     "unable to", " is unclear", " is unknown", " no way to", " does not work", " doesn't work", " do not work",
     " does not satisfy", " doesn't satisfy", " do not satisfy", " does not hold", " doesn't hold", " does not exist",
     " doesn't exist", " fails for ", " fails when ", " contradict", " reject ", " rejected", " different from ",
     " differs from ", " differ from ", " is discarded", " discard ", " no such ", " no solution for ",
     " no solutions for ", " cannot be $", " not equal", "n't equal", " rule out ", " rules out ", " ruled out",
     " exclude ", " excludes ", " be discarded", " may or may not ", " more data", " enough information",
     " enough data", " not give ", "n't give ", " not yield ", "n't yield ", "answer is not", "answer isn't",
     "answer wasn't", "cannot both be", "sorry, ", " isn't a ", " isn't the ", " never equals ",
     " answer would have been ", " would expect ", " might expect ", " claimed ", " would guess ", " might guess ",
     " be excluded", " is excluded", " are excluded", " be ruled ", " one of the roots", " one of the solutions",
     " is one of the ", " one of the answers", " one possible ", " be eliminated", " it does not.", " it doesn't.",
     " does not.", " is not right", "'s not right", " isn't right", "'s wrong", "'s incorrect", "'s not correct",
     "n't correct", "can't be right", "cannot be right", " is the wrong ", " is a wrong ", " would be wrong",
     " would be the wrong ", " is the incorrect ", " naive guess", " naive answer", " common mistake", " common error",
     " answer has ", " answer contains ", " answer depends ", " answer consists ", " answer involves ",
     // German, French, Spanish, Italian, Portuguese, Dutch
     " ist nicht ", " de\xC4\x9Fil", " kh\xC3\xB4ng ph\xE1\xBA\xA3i", " bukan ", " nie jest ", " \xC3\xA4r inte ",
     " er ikke ",
     "\xD9\x84\xD9\x8A\xD8\xB3",                                                  // ليس
     "\xE0\xB9\x84\xE0\xB8\xA1\xE0\xB9\x88\xE0\xB9\x83\xE0\xB8\x8A\xE0\xB9\x88",  // ไม่ใช่
     "\xE0\xA4\xA8\xE0\xA4\xB9\xE0\xA5\x80\xE0\xA4\x82",                          // नहीं
     " sind nicht ", " nicht bestimmbar", " n'est pas ", " ne sont pas ", " no es ", " no son ", " non \xC3\xA8 ",
     " n\xC3\xA3o \xC3\xA9 ", " is niet ",
     "\xE4\xB8\x8D\xE6\x98\xAF",                                                              // 不是
     "\u9519\u8bef",                                                                          // 错误
     "\u4e0d\u6210\u7acb",                                                                    // 不成立
     "\xE5\xB9\xB6\xE9\x9D\x9E",                                                              // 并非
     "\xE4\xB8\x8D\xE7\xAD\x89\xE4\xBA\x8E",                                                  // 不等于
     "\xE4\xB8\x8D\xE6\xAD\xA3\xE7\xA1\xAE",                                                  // 不正确
     "\xE6\x97\xA0\xE6\xB3\x95\xE7\xA1\xAE\xE5\xAE\x9A",                                      // 无法确定
     "\xE3\x81\xA7\xE3\x81\xAF\xE3\x81\xAA\xE3\x81\x84",                                      // ではない
     "\xE3\x81\xA7\xE3\x81\xAF\xE3\x81\x82\xE3\x82\x8A\xE3\x81\xBE\xE3\x81\x9B\xE3\x82\x93",  // ではありません
     "\xE3\x81\x98\xE3\x82\x83\xE3\x81\xAA\xE3\x81\x84",                                      // じゃない
     "\xEC\x95\x84\xEB\x8B\x88",                                                              // 아니
     "\xEC\x95\x84\xEB\x8B\x99\xEB\x8B\x88\xEB\x8B\xA4",                                      // 아닙니다
     " \xD0\xBD\xD0\xB5 ",                                                                    // не

     " never equal "});

constexpr auto kConjunctions = std::to_array<std::string_view>(
    {"so ", "so, ", "thus ", "thus, ", "now ", "now, ", "then ", "then, ", "hence ", "next, ", "first, ", "and ",
     "but ", "therefore, ", "therefore ", "also, ", "also "});
constexpr auto kGiven = std::to_array<std::string_view>(
    {"given: ", "imagine ", "say ", "pretend ", "let me think", "let me see", "suppose ", "assume ", "consider ",
     "recall ", "remember ", "let us assume", "let us suppose", "we suppose ", "we assume ", "we recall ", "given "});
constexpr auto kTasks = std::to_array<std::string_view>({"find ",
                                                         "determine ",
                                                         "prove ",
                                                         "show that ",
                                                         "verify that ",
                                                         "substitute ",
                                                         "plug ",
                                                         "replace ",
                                                         "check ",
                                                         "we are asked ",
                                                         "we need to find ",
                                                         "we want to find ",
                                                         "we have to find ",
                                                         "we have to check ",
                                                         "we need to check ",
                                                         "we must find ",
                                                         "we must check ",
                                                         "we are given ",
                                                         "see ",
                                                         "refer to "});

// Suppositions in other languages, and what a result behind them starts with.
constexpr auto kGivenElsewhere = std::to_array<std::string_view>({
    "\xE8\xAE\xBE",              // 设
    "\xE5\x81\x87\xE8\xAE\xBE",  // 假设
    "\xE5\x81\x87\xE5\xAE\x9A",  // 假定
    "\xE4\xBB\xA4",              // 令
    "\xE5\xA6\x82\xE6\x9E\x9C",  // 如果
    "\xE8\x8B\xA5",              // 若
    "\xE3\x82\x82\xE3\x81\x97",  // もし
    "\xE4\xBB\xAE\xE3\x81\xAB",  // 仮に
    "angenommen ", "sei ", "supposons ", "soit ", "supongamos ", "sea ",
    "\xD0\xBF\xD1\x83\xD1\x81\xD1\x82\xD1\x8C\x20",  // пусть
});
constexpr auto kResults = std::to_array<std::string_view>({
    "\xE5\x88\x99",                              // 则
    "\xE5\xBE\x97",                              // 得
    "\xE6\x89\x80\xE4\xBB\xA5",                  // 所以
    "\xD1\x82\xD0\xBE\xD0\xB3\xD0\xB4\xD0\xB0",  // тогда
    " dann ",
    " alors ",
    " entonces ",
});

}  // namespace

// "x = 14 is not a solution", "we cannot determine": says that something is not the answer.
bool denies(std::string_view lower) {
  static const PhraseSet kAny(kDenials);
  if (kAny.any_in(lower)) return true;
  static constexpr auto kModals =
      std::to_array<std::string_view>({" cannot be ", " can not be ", " can't be ", " can never be ", " could not be ",
                                       " couldn't be ", " cannot have ", " can't have ", " neither "});
  static constexpr auto kNone =
      std::to_array<std::string_view>({" there is no ", " there are no ", " there's no ", " there exists no "});
  static const PhraseSet kAnyModal(kModals);
  static const PhraseSet kAnyNone(kNone);
  // Followed by a number: "x cannot be 8", "neither 5 nor 6 works"; but "the root cannot be simplified".
  const auto denies_number = [&](std::string_view none) {
    const std::size_t at = lower.find(none);
    if (at == std::string_view::npos || at + none.size() >= lower.size()) return false;
    const char next = lower[at + none.size()];
    return is_digit(next) || next == '$' || next == '\\' || next == '-';
  };
  if (kAnyModal.any_in(lower) && std::any_of(kModals.begin(), kModals.end(), denies_number)) return true;
  // "There is no number below 5 that works"; "there are no apples left" counts to zero.
  const auto excludes_numbers = [&](std::string_view none) {
    const std::size_t at = lower.find(none);
    return at != std::string_view::npos && lower.find_first_of("0123456789", at) != std::string_view::npos;
  };
  return kAnyNone.any_in(lower) && std::any_of(kNone.begin(), kNone.end(), excludes_numbers);
}

bool refuses(std::string_view lower) {
  static constexpr auto kRefusals = std::to_array<std::string_view>({"answer cannot be determined",
                                                                     "answer can't be determined",
                                                                     "cannot determine the answer",
                                                                     "can't determine the answer",
                                                                     "cannot answer",
                                                                     "can't answer",
                                                                     "not enough information",
                                                                     "insufficient information",
                                                                     "without more information",
                                                                     "need more information",
                                                                     "not enough data",
                                                                     "insufficient data",
                                                                     "don't know the answer",
                                                                     "do not know the answer",
                                                                     "cannot find the answer",
                                                                     "unable to determine",
                                                                     "unable to answer",
                                                                     "unable to find",
                                                                     "impossible to determine",
                                                                     "impossible to tell",
                                                                     "impossible to say",
                                                                     "sorry, i can't",
                                                                     "sorry, i cannot",
                                                                     "sorry, but i can",
                                                                     "i can't solve",
                                                                     "i cannot solve"});
  static const PhraseSet kAny(kRefusals);
  return kAny.any_in(lower);
}

namespace {

// What is asked for or still to be done, unless it is done on the spot: "Find x when y = 8.", "Now we calculate f(20)."
// Nothing for sentences that give no task.
std::optional<bool> leaves_undone(std::string_view opening, std::string_view lower) {
  const auto done = [&] {
    std::size_t given = lower.size();
    for (const std::string_view word : {" when ", " if ", " where ", " given "})
      given = std::min(given, lower.find(word));
    return lower.find('=') < given || lower.find(" to get ") != std::string_view::npos ||
           lower.find(" gives ") != std::string_view::npos || lower.find(" giving ") != std::string_view::npos ||
           lower.find(" is ") != std::string_view::npos || lower.find(": ") != std::string_view::npos;
  };
  if (starts_with_any(opening, kTasks)) {
    const bool question = opening.starts_with("find ") || opening.starts_with("determine ");
    const bool proof = opening.starts_with("prove ") || opening.starts_with("show ") || opening.starts_with("verify ");
    return proof || !done() ||
           (question &&
            (lower.find(" when ") != std::string_view::npos || lower.find(" if ") != std::string_view::npos ||
             lower.find(" whether ") != std::string_view::npos));
  }
  for (const std::string_view verb :
       {"we calculate ", "we compute ", "we evaluate ", "calculate ", "compute ", "evaluate "}) {
    const std::string_view rest = opening.substr(std::min(verb.size(), opening.size()));
    if (opening.starts_with(verb) && rest.size() > 3 && is_letter(rest[0]) && rest[1] == '(' && !done()) return true;
  }
  return std::nullopt;
}

}  // namespace

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
    return comma == std::string_view::npos || !holds_chunk(opening.substr(comma));
  }
  for (const std::string_view word : kGivenElsewhere) {  // "设x=24，求y", "如果x=24"
    if (opening.starts_with(word)) {
      std::size_t result = opening.size();
      for (const std::string_view sign : kResults) result = std::min(result, opening.find(sign));
      return !holds_chunk(opening.substr(result));
    }
  }
  if (opening.starts_with("let us ") || opening.starts_with("let's ")) {
    const std::string_view task = opening.substr(opening.find(' ') + 1);
    const std::string_view verb = task.starts_with("us ") ? task.substr(3) : task;
    if (verb.starts_with("check ") || verb.starts_with("see ") || verb.starts_with("test ") ||
        verb.starts_with("verify "))
      return true;
  }
  if (opening.starts_with("let ") && !opening.starts_with("let me ") && !opening.starts_with("let us ")) return true;
  if (const auto left = leaves_undone(opening, lower)) return *left;
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
    return comma == std::string_view::npos || !holds_chunk(opening.substr(comma));
  }
  return false;
}

}  // namespace ft::grade
