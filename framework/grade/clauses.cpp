#include "framework/grade/clauses.h"

#include <algorithm>
#include <array>
#include <utility>

#include "framework/grade/ascii.h"
#include "framework/grade/chunk.h"
#include "framework/grade/phrase_set.h"
#include "framework/grade/units.h"

namespace ft::grade {
namespace {

template <typename Words>
bool starts_with_any(std::string_view text, const Words& words) {
  return std::any_of(words.begin(), words.end(), [&](std::string_view word) { return text.starts_with(word); });
}

}  // namespace

// Behind ", so", "; ", "then": what the sentence comes to stands in its last clause.
std::vector<std::size_t> clause_starts(std::string_view lower) {
  static constexpr auto kJoints = std::to_array<std::string_view>({", so ",
                                                                   " so that ",
                                                                   "; ",
                                                                   ", then ",
                                                                   ", and so ",
                                                                   ", thus ",
                                                                   ", hence ",
                                                                   ", therefore ",
                                                                   " therefore ",
                                                                   ", leaving ",
                                                                   ", for a total of ",
                                                                   ", total ",
                                                                   " so ",
                                                                   ", which ",
                                                                   ", giving ",
                                                                   ", remaining ",
                                                                   ", earning ",
                                                                   ", making ",
                                                                   ", costing ",
                                                                   ", totaling ",
                                                                   ", totalling ",
                                                                   ", it's ",
                                                                   ", it is ",
                                                                   ", meaning ",
                                                                   ", and then ",
                                                                   " which equals ",
                                                                   " which is ",
                                                                   " \\rightarrow ",
                                                                   "\\to ",
                                                                   " implies ",
                                                                   "\\implies ",
                                                                   " => ",
                                                                   "\\leftrightarrow ",
                                                                   " hence ",
                                                                   " and has ",
                                                                   " and have ",
                                                                   ", for a sum of ",
                                                                   " and take ",
                                                                   " and accept ",
                                                                   " and keep "});
  std::vector<std::size_t> starts{0};
  static const PhraseSet kAll(kJoints);
  kAll.scan(lower, [&](std::string_view joint, std::size_t at) {
    const bool remains = joint == " and has " || joint == " and have ";
    if (remains && lower.find(" left", at) == std::string_view::npos) return false;
    if (!(joint == "; " && at > 0 && lower[at - 1] == '\\')) {  // a space in a formula
      const bool which = joint.find("which") != std::string_view::npos || joint == ", leaving " ||
                         joint == ", giving " || joint == ", earning " || joint == ", making " ||
                         joint == ", costing " || joint == ", totaling " || joint == ", totalling " ||
                         joint == ", remaining " || joint == ", meaning " || joint == ", for a sum of " || remains ||
                         joint == ", for a total of ";
      starts.push_back(which ? at + 1 : at + joint.size());
    }
    return false;
  });
  std::sort(starts.begin(), starts.end());
  return starts;
}

// Where a clause begins that only gives the reason (or the circumstances: behind them the sentence may still say "is").
std::size_t reason_start(std::string_view lower, bool circumstances) {
  static constexpr auto kReasons = std::to_array<std::string_view>(
      {" since ",       " because ",       " whereas ",      " compared to ", " instead of ", " rather than ",
       ", not ",        " (not ",          " unless ",       ", i.e.",        " (i.e.",       " attained ",
       " achieved at ", " achieved when ", " achieved for ", " occurring ",   " reached at ", " reached when ",
       " obtained at ", " obtained when ", " obtained for "});
  static constexpr auto kCircumstances = std::to_array<std::string_view>(
      {" as ", " when ", " after ", " before ", " while ", " than ", " if ", " given ", " in order to ", " to ensure",
       " so that ", " by adding ", " by subtracting ", " by multiplying ", " by dividing "});
  static const PhraseSet kHard(kReasons);
  static const PhraseSet kSoft(kCircumstances);
  // A word near the start of the clause opens it.
  constexpr std::size_t kOpening = 3;
  std::size_t first = lower.size();
  const auto note = [&](std::string_view, std::size_t at) {
    if (at <= kOpening) return false;
    first = std::min(first, at);
    return true;
  };
  kHard.scan(lower, note);
  if (circumstances) kSoft.scan(lower, note);
  return first;
}

namespace {

// "in 5 hours he reads 25 pages", "at 60 mph for 2 hours the train covers 120 miles": where the subject stands; 0 where
// no such opening with a number of its own stands before it.
std::size_t subject_behind_opening(std::string_view lower) {
  static constexpr auto kOpenings =
      std::to_array<std::string_view>({"in ", "after ", "over ", "for ", "during ", "at ", "with ", "within ", "every ",
                                       "on ", "by ", "since ", "until "});
  if (!starts_with_any(lower, kOpenings)) return 0;
  static constexpr auto kSubjects =
      std::to_array<std::string_view>({" he ", " she ", " it ", " they ", " we ", " you ", " i ", " the ", " there "});
  static const PhraseSet kAll(kSubjects);
  constexpr std::size_t kFar = 50;
  // "after 2 hours 18 remain"
  const auto numbers = chunks_in(lower.substr(0, kFar));
  if (numbers.size() > 1 && numbers[1].begin > numbers[0].end) {
    const std::string_view between = trim(lower.substr(numbers[0].end, numbers[1].begin - numbers[0].end));
    if (!between.empty() && std::all_of(between.begin(), between.end(), is_letter) &&
        unit_of(between).dimension == "time")
      return numbers[1].begin;
  }
  std::size_t subject = 0;
  kAll.scan(lower.substr(0, kFar), [&](std::string_view word, std::size_t at) {
    const std::string_view opening = lower.substr(0, at);
    const auto chunks = chunks_in(opening);
    if (chunks.empty()) return false;
    // "in 5 of the 7 days": the article belongs to the opening.
    if (word == " the " && (opening.ends_with(" of") || opening.ends_with(" in") || opening.ends_with(" for") ||
                            opening.ends_with(" to") || opening.ends_with(" from") || opening.ends_with(" by") ||
                            opening.ends_with(" and") || opening.ends_with(" at") || opening.ends_with(" on")))
      return false;
    subject = at + 1;
    return true;
  });
  return subject > 0 && holds_chunk(lower.substr(subject)) ? subject : 0;
}

}  // namespace

// "So in 10 hours, ...": what the clause before the comma counts is not the answer.
std::size_t main_clause_start(std::string_view lower) {
  static constexpr auto kOpenings = std::to_array<std::string_view>(
      {"in ",      "after ",    "over ",  "for ",    "during ", "on ",  "at ",      "with ",      "if ",    "since ",
       "because ", "as ",       "when ",  "of ",     "given ",  "by ",  "from ",    "out of ",    "while ", "to ",
       "once ",    "starting ", "using ", "adding ", "before ", "per ", "without ", "converting "});
  static constexpr auto kConjunctions = std::to_array<std::string_view>(
      {"so ", "so, ", "therefore, ", "thus, ", "hence, ", "therefore ", "thus ", "hence ", "then ", "then, ", "and ",
       "finally, ", "now, ", "this means that ", "this means ", "that means "});
  static constexpr auto kLong =
      std::to_array<std::string_view>({"if ", "when ", "since ", "because ", "after ", "as ", "given ", "with "});
  static constexpr auto kSubjects =
      std::to_array<std::string_view>({"he ", "she ", "it ", "they ", "we ", "you ", "i ", "the ", "there ", "her ",
                                       "his ", "their ", "this ", "that ", "each ", "its "});
  std::size_t at = 0;
  for (int clauses = 0; clauses < 4; ++clauses) {
    std::string_view rest = lower.substr(at);
    for (const std::string_view word : kConjunctions) {
      if (!rest.starts_with(word)) continue;
      at += word.size();
      rest = lower.substr(at);
    }
    const std::size_t comma = rest.find(", ");
    if (comma == std::string_view::npos) {
      at += subject_behind_opening(rest);
      break;
    }
    const std::string_view clause = rest.substr(0, comma);
    // "if Tom sells 12 pots, 9 cups and 17 mugs, he makes $88": behind the last comma that a subject follows.
    if (starts_with_any(clause, kLong)) {
      std::size_t last = 0;
      for (std::size_t at_comma = comma; at_comma != std::string_view::npos; at_comma = rest.find(", ", at_comma + 1)) {
        if (starts_with_any(rest.substr(at_comma + 2), kSubjects) && holds_chunk(rest.substr(at_comma)))
          last = at_comma + 2;
      }
      if (last > 0) {
        at += last;
        continue;
      }
    }
    const bool opening = clause.find(' ') == std::string_view::npos || starts_with_any(clause, kOpenings);
    if (!opening || !holds_chunk(rest.substr(comma))) break;
    at += comma + 2;
  }
  return at;
}

bool is_imperative(std::string_view lower) {
  static constexpr auto kCalculating = std::to_array<std::string_view>({"add ",
                                                                        "subtract ",
                                                                        "multiply ",
                                                                        "divide ",
                                                                        "compute ",
                                                                        "calculate ",
                                                                        "sum ",
                                                                        "then add",
                                                                        "then subtract",
                                                                        "then multiply",
                                                                        "then divide",
                                                                        "combine ",
                                                                        "convert ",
                                                                        "adding ",
                                                                        "subtracting ",
                                                                        "multiplying ",
                                                                        "dividing ",
                                                                        "take ",
                                                                        "now add",
                                                                        "now subtract",
                                                                        "next, ",
                                                                        "finally, add",
                                                                        "finally add",
                                                                        "use ",
                                                                        "double ",
                                                                        "triple ",
                                                                        "finally, subtract",
                                                                        "finally, multiply",
                                                                        "finally, divide"});
  std::string_view opening = lower.substr(main_clause_start(lower));
  for (const std::string_view subject : {"we ", "you ", "i ", "now ", "next ", "first ", "just "}) {
    if (opening.starts_with(subject)) opening.remove_prefix(subject.size());
  }
  return starts_with_any(opening, kCalculating) || starts_with_any(lower, kCalculating);
}

std::string without_brackets(std::string_view sentence) {
  std::string out;
  for (std::size_t i = 0; i < sentence.size(); ++i) {
    if (sentence[i] == '(' && i > 0 && sentence[i - 1] == ' ') {
      const std::size_t close = sentence.find(')', i);
      std::size_t letters = 0;
      bool words = false;
      bool formula = false;
      for (std::size_t j = i; j < close && j < sentence.size(); ++j) {
        letters = is_word_byte(sentence[j]) ? letters + 1 : 0;
        words = words || letters >= 3;
        formula = formula || sentence[j] == '$' || sentence[j] == '\\' || sentence[j] == '=';
      }
      if (close != std::string_view::npos && words && !formula) {
        i = close;
        continue;
      }
    }
    out.push_back(sentence[i]);
  }
  return out;
}

}  // namespace ft::grade
