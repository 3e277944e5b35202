#include "framework/grade/sentence_words.h"

#include <algorithm>
#include <array>
#include <utility>

#include "framework/grade/chunk.h"

namespace ft::grade {
namespace {

bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }
bool is_blank(char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r'; }
bool is_word_byte(char c) { return is_letter(c) || static_cast<unsigned char>(c) >= 0x80; }

template <typename Words>
bool starts_with_any(std::string_view text, const Words& words) {
  return std::any_of(words.begin(), words.end(), [&](std::string_view word) { return text.starts_with(word); });
}

}  // namespace

std::vector<Copula> copulas_in(std::string_view lower, bool imperative) {
  static constexpr auto kStates = std::to_array<std::string_view>({" is",
                                                                   " are",
                                                                   " was",
                                                                   " were",
                                                                   " equals",
                                                                   " equal",
                                                                   " gives",
                                                                   " yields",
                                                                   " totals",
                                                                   " totaling",
                                                                   " totalling",
                                                                   " results in",
                                                                   " resulting in",
                                                                   " becomes",
                                                                   " become",
                                                                   " rounds to",
                                                                   " rounded to",
                                                                   " which is",
                                                                   " comes to",
                                                                   " come to",
                                                                   " amounts to",
                                                                   " comes out to",
                                                                   " adds up to",
                                                                   " will be",
                                                                   " would be",
                                                                   " must be",
                                                                   " should be",
                                                                   " can be",
                                                                   " may be",
                                                                   "=",
                                                                   ": ",
                                                                   " ist",
                                                                   " sind",
                                                                   " est",
                                                                   " sont",
                                                                   " es",
                                                                   " son",
                                                                   " means",
                                                                   "\xE4\xB8\xBA",
                                                                   "\xE6\x98\xAF",
                                                                   "\\approx",
                                                                   "'s",
                                                                   " represents",
                                                                   " simplifies to",
                                                                   " reduces to",
                                                                   " evaluates to",
                                                                   " works out to",
                                                                   " comes down to"});
  static constexpr auto kTells = std::to_array<std::string_view>(
      {" give",     " giving",  " gave",     " gets",       " getting",      " got",
       " yield",    " makes",   " making",   " make",       " leaves",       " leaving",
       " leave",    " left",    " total of", " sum of",     " average of",   " brought",
       " weighing", " reaches", " to find",  " product of", " divided into", " difference of"});
  static constexpr auto kActs = std::to_array<std::string_view>(
      {" has",       " have",      " had",       " need",     " needs",    " needed",  " cost",    " costs",
       " weighs",    " weigh",     " pay",       " pays",     " paid",     " spend",   " spends",  " spent",
       " earn",      " earns",     " earned",    " save",     " saves",    " saved",   " take",    " takes",
       " took",      " travel",    " travels",   " traveled", " contains", " contain", " holds",   " hold",
       " eat",       " eats",      " ate",       " sell",     " sells",    " sold",    " buy",     " buys",
       " bought",    " made",      " drive",     " drives",   " drove",    " runs",    " ran",     " read",
       " reads",     " receives",  " receive",   " received", " uses",     " use",     " used",    " produces",
       " produce",   " collects",  " collected", " walks",    " walked",   " brings",  " bring",   " owes",
       " lost",      " loses",     " gains",     " gained",   " requires", " require", " lasts",   " last",
       " provides",  " provide",   " drinks",    " drank",    " scored",   " scores",  " sees",    " saw",
       " completes", " finishes",  " wins",      " won",      " remain",   " remains", " charges", " charged",
       " own",       " owns",      " owned",     " feeds",    " fit",      " fits",    " lives",   " plants",
       " planted",   " picks",     " picked",    " raises",   " raised",   " keeps",   " kept",    " find",
       " finds",     " double to", " doubles to"});
  // By the letter behind the blank that most of them start with: a sentence has many blanks.
  using Entries = std::vector<std::pair<std::string_view, Surety>>;
  static const std::array<Entries, 256> kByLetter = [] {
    std::array<Entries, 256> table;
    const auto add = [&](std::string_view word, Surety surety) {
      table.at(static_cast<unsigned char>(word[word[0] == ' ' ? 1 : 0])).emplace_back(word, surety);
    };
    for (const std::string_view word : kStates) add(word, Surety::states);
    for (const std::string_view word : kTells) add(word, Surety::tells);
    for (const std::string_view word : kActs) add(word, Surety::acts);
    return table;
  }();
  std::vector<Copula> places;
  const auto note = [&](std::string_view word, Surety surety, std::size_t at) {
    if (!lower.substr(at).starts_with(word)) return;
    const std::size_t end = at + word.size();
    if (is_letter(word.back()) && end < lower.size() && is_word_byte(lower[end])) return;
    if (word == "=" && at > 0 && std::string_view("<>!").find(lower[at - 1]) != std::string_view::npos) return;
    places.push_back({end, surety});
  };
  for (std::size_t at = 0; at < lower.size(); ++at) {
    const bool blank = lower[at] == ' ' && at + 1 < lower.size();
    for (const auto& [word, surety] : kByLetter[static_cast<unsigned char>(lower[blank ? at + 1 : at])]) {
      if ((word[0] == ' ') == blank) note(word, surety, at);
    }
    // "Add 5 and 7 to get 12" calculates; "needs 5 hours to get home" does not.
    if (blank) note(" get", imperative ? Surety::states : Surety::tells, at);
    if (blank && imperative) note(" for", Surety::tells, at);
  }
  std::sort(places.begin(), places.end(), [](const Copula& x, const Copula& y) { return x.end < y.end; });
  return places;
}

// Words between a copula and its value: "is about", "equals exactly", "gets an average of".
std::size_t skip_fillers(std::string_view lower, std::size_t at) {
  static constexpr auto kFillers = std::to_array<std::string_view>({"about ",
                                                                    "approximately ",
                                                                    "exactly ",
                                                                    "a total of ",
                                                                    "an average of ",
                                                                    "a sum of ",
                                                                    "only ",
                                                                    "just ",
                                                                    "around ",
                                                                    "roughly ",
                                                                    "equal to ",
                                                                    "now ",
                                                                    "still ",
                                                                    "also ",
                                                                    "all ",
                                                                    "another ",
                                                                    "in total ",
                                                                    "altogether ",
                                                                    "an ",
                                                                    "a ",
                                                                    "the ",
                                                                    "therefore ",
                                                                    "then ",
                                                                    "thus ",
                                                                    "simply ",
                                                                    "at ",
                                                                    "us ",
                                                                    "you ",
                                                                    "her ",
                                                                    "him ",
                                                                    "them ",
                                                                    "nearly ",
                                                                    "almost ",
                                                                    "to ",
                                                                    "up to ",
                                                                    "of ",
                                                                    "back ",
                                                                    "out ",
                                                                    "total ",
                                                                    "be ",
                                                                    "that ",
                                                                    "each ",
                                                                    "therefore, ",
                                                                    "thus, ",
                                                                    "over ",
                                                                    "the total, ",
                                                                    "the total of ",
                                                                    "a profit of ",
                                                                    "a value of ",
                                                                    "a remainder of ",
                                                                    "a maximum of ",
                                                                    "a minimum of ",
                                                                    "additional ",
                                                                    "an additional ",
                                                                    "his ",
                                                                    "their ",
                                                                    "for ",
                                                                    "not only ",
                                                                    "always ",
                                                                    "ungef\xC3\xA4hr ",
                                                                    "etwa ",
                                                                    "unos ",
                                                                    "de ",
                                                                    "environ "});
  for (int i = 0; i < 5; ++i) {
    while (at < lower.size() && (is_blank(lower[at]) || lower[at] == ':' || lower[at] == '"')) ++at;
    const std::string_view rest = lower.substr(at);
    const auto filler =
        std::find_if(kFillers.begin(), kFillers.end(), [&](std::string_view word) { return rest.starts_with(word); });
    if (filler == kFillers.end()) break;
    // "a hundred"
    if ((*filler == "a " || *filler == "an ") && chunk_at(lower, at)) break;
    at += filler->size();
  }
  return at;
}

// The number is an operand of what goes on: "10 times 21", "150 minutes, minus 45".
bool is_operand(std::string_view lower, std::size_t end) {
  std::size_t at = end;
  for (int words = 0; words < 3; ++words) {
    while (at < lower.size() && (is_blank(lower[at]) || lower[at] == ',')) ++at;
    const std::string_view rest = lower.substr(at);
    static constexpr auto kOperators =
        std::to_array<std::string_view>({"plus ", "minus ", "times ", "divided by", "multiplied by", "added to",
                                         "subtracted from", "\\times", "\\cdot", "\\div", "+ ", "* ", "/ ", "- $"});
    if (starts_with_any(rest, kOperators)) {
      if (rest.starts_with("times ")) {
        const auto next = chunk_at(lower, at + 6);
        return next.has_value();
      }
      return true;
    }
    if (at < lower.size() && lower[at] == '.') return false;
    while (at < lower.size() && is_word_byte(lower[at])) ++at;
  }
  return false;
}

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
  static constexpr auto kDenials = std::to_array<std::string_view>({" is not a ",
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
  const bool denied = std::any_of(kDenials.begin(), kDenials.end(),
                                  [&](std::string_view word) { return lower.find(word) != std::string_view::npos; });
  if (denied) return true;
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
  static constexpr auto kConjunctions = std::to_array<std::string_view>(
      {"so ", "so, ", "thus ", "thus, ", "now ", "now, ", "then ", "then, ", "hence ", "next, ", "first, ", "and ",
       "but ", "therefore, ", "therefore ", "also, ", "also "});
  for (bool again = true; again;) {
    again = false;
    for (const std::string_view word : kConjunctions) {
      if (!opening.starts_with(word)) continue;
      opening.remove_prefix(word.size());
      again = true;
    }
  }
  static constexpr auto kGiven =
      std::to_array<std::string_view>({"suppose ", "assume ", "consider ", "recall ", "remember ", "let us assume",
                                       "let us suppose", "we suppose ", "we assume ", "we recall ", "given "});
  if (starts_with_any(opening, kGiven)) {
    const std::size_t comma = opening.rfind(", ");  // "Assume 365 days, then they save 5 * 365 = 1825"
    return comma == std::string_view::npos || chunks_in(opening.substr(comma)).empty();
  }
  if (opening.starts_with("let ") && !opening.starts_with("let me ") && !opening.starts_with("let us ")) return true;
  // What is asked for or still to be done, unless it is done on the spot.
  static constexpr auto kTasks = std::to_array<std::string_view>(
      {"find ", "determine ", "substitute ", "plug ", "replace ", "check ", "we are asked ", "we need to find ",
       "we want to find ", "we have to find ", "we have to check ", "we need to check ", "we must find ",
       "we must check ", "we are given ", "see ", "refer to "});
  const bool done = lower.find('=') != std::string_view::npos || lower.find(" to get ") != std::string_view::npos ||
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

// Behind ", so", "; ", "then": what the sentence comes to stands in its last clause.
std::vector<std::size_t> clause_starts(std::string_view lower) {
  static constexpr auto kJoints = std::to_array<std::string_view>(
      {", so ",        " so that ",   "; ",          ", then ",           ", and so ",  ", thus ",        ", hence ",
       ", therefore ", " therefore ", ", leaving ",  ", for a total of ", ", total ",   " so ",           ", which ",
       ", giving ",    ", meaning ",  ", and then ", " which equals ",    " which is ", " \\rightarrow ", "\\to ",
       " implies ",    "\\implies ",  " => ",        "\\leftrightarrow ", " hence "});
  std::vector<std::size_t> starts{0};
  for (const std::string_view joint : kJoints) {
    for (std::size_t at = lower.find(joint); at != std::string::npos; at = lower.find(joint, at + 1)) {
      if (joint == "; " && at > 0 && lower[at - 1] == '\\') continue;  // a space in a formula
      const bool which = joint.find("which") != std::string_view::npos || joint == ", leaving " ||
                         joint == ", giving " || joint == ", meaning " || joint == ", for a total of ";
      starts.push_back(which ? at + 1 : at + joint.size());
    }
  }
  std::sort(starts.begin(), starts.end());
  return starts;
}

// Where a clause begins that only gives the reason (or the circumstances: behind them the sentence may still say "is").
std::size_t reason_start(std::string_view lower, bool circumstances) {
  static constexpr auto kReasons =
      std::to_array<std::string_view>({" since ", " because ", " whereas ", " compared to ", " instead of ",
                                       " rather than ", ", not ", " (not ", " unless "});
  static constexpr auto kCircumstances = std::to_array<std::string_view>(
      {" as ", " when ", " after ", " before ", " while ", " than ", " if ", " given ", " in order to ", " to ensure",
       " so that ", " by adding ", " by subtracting ", " by multiplying ", " by dividing "});
  std::size_t first = lower.size();
  const auto note = [&](std::string_view word) {
    const std::size_t at = lower.find(word);
    if (at != std::string::npos && at > 3) first = std::min(first, at);
  };
  for (const std::string_view word : kReasons) note(word);
  if (circumstances) {
    for (const std::string_view word : kCircumstances) note(word);
  }
  return first;
}

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
    if (comma == std::string_view::npos) break;
    const std::string_view clause = rest.substr(0, comma);
    // "if Tom sells 12 pots, 9 cups and 17 mugs, he makes $88": behind the last comma that a subject follows.
    if (starts_with_any(clause, kLong)) {
      std::size_t last = 0;
      for (std::size_t at_comma = comma; at_comma != std::string_view::npos; at_comma = rest.find(", ", at_comma + 1)) {
        if (starts_with_any(rest.substr(at_comma + 2), kSubjects) && !chunks_in(rest.substr(at_comma)).empty())
          last = at_comma + 2;
      }
      if (last > 0) {
        at += last;
        continue;
      }
    }
    const bool opening = clause.find(' ') == std::string_view::npos || starts_with_any(clause, kOpenings);
    if (!opening || chunks_in(rest.substr(comma)).empty()) break;
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

}  // namespace ft::grade
