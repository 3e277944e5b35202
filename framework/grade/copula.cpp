#include "framework/grade/copula.h"

#include <algorithm>
#include <array>
#include <utility>

#include "framework/grade/ascii.h"
#include "framework/grade/chunk.h"
#include "framework/grade/phrase_set.h"

namespace ft::grade {
namespace {

template <typename Words>
bool starts_with_any(std::string_view text, const Words& words) {
  return std::any_of(words.begin(), words.end(), [&](std::string_view word) { return text.starts_with(word); });
}

bool ends_in_total(std::string_view lower) {
  static constexpr auto kEnds = std::to_array<std::string_view>({" in total", " in all", " altogether", " overall"});
  return std::any_of(kEnds.begin(), kEnds.end(), [&](std::string_view end) { return lower.ends_with(end); });
}

constexpr auto kStates = std::to_array<std::string_view>({" is",
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
constexpr auto kTells = std::to_array<std::string_view>(
    {" give",       " giving",       " gave",          " gets",      " getting",      " got",         " yield",
     " makes",      " making",       " make",          " leaves",    " leaving",      " leave",       " left",
     " total of",   " sum of",       " average of",    " brought",   " weighing",     " reaches",     " to find",
     " product of", " divided into", " difference of", " double to", " doubles to",   " triples to",  " grows to",
     " grew to",    " increases to", " increased to",  " rises to",  " rose to",      " drops to",    " dropped to",
     " obtain",     " obtains",      " falls to",      " fell to",   " decreases to", " decreased to"});
constexpr auto kActs = std::to_array<std::string_view>(
    {" has",       " have",     " had",       " need",      " needs",    " needed",     " cost",    " costs",
     " weighs",    " weigh",    " pay",       " pays",      " paid",     " spend",      " spends",  " spent",
     " earn",      " earns",    " earned",    " save",      " saves",    " saved",      " take",    " takes",
     " took",      " travel",   " travels",   " traveled",  " contains", " contain",    " holds",   " hold",
     " eat",       " eats",     " ate",       " sell",      " sells",    " sold",       " buy",     " buys",
     " bought",    " made",     " drive",     " drives",    " drove",    " runs",       " ran",     " read",
     " reads",     " receives", " receive",   " received",  " uses",     " use",        " used",    " produces",
     " produce",   " collects", " collected", " walks",     " walked",   " brings",     " bring",   " owes",
     " lost",      " loses",    " gains",     " gained",    " requires", " require",    " lasts",   " last",
     " provides",  " provide",  " drinks",    " drank",     " scored",   " scores",     " sees",    " saw",
     " completes", " finishes", " wins",      " won",       " remain",   " remains",    " charges", " charged",
     " own",       " owns",     " owned",     " feeds",     " fit",      " fits",       " lives",   " plants",
     " planted",   " picks",    " picked",    " brings in", " bring in", " brought in", " raises",  " raised",
     " keeps",     " kept",     " find",      " finds"});

constexpr auto kFillers = std::to_array<std::string_view>({"about ",
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
                                                           "actually ",
                                                           "really ",
                                                           "in fact ",
                                                           "indeed ",
                                                           "always ",
                                                           "ungef\xC3\xA4hr ",
                                                           "etwa ",
                                                           "unos ",
                                                           "de ",
                                                           "environ "});

}  // namespace

std::vector<Copula> copulas_in(std::string_view lower, bool imperative) {
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
    const std::size_t end = at + word.size();
    if (end > lower.size() || lower[end - 1] != word.back() || !lower.substr(at).starts_with(word)) return;
    if (is_letter(word.back()) && end < lower.size() && is_word_byte(lower[end])) return;
    if (word == "'s") {  // "it's 9"; "Tom's 12" is his
      const std::string_view before = lower.substr(0, at);
      static constexpr auto kSubjects = std::to_array<std::string_view>(
          {"it", "that", "there", "here", "he", "she", "what", "answer", "total", "age"});
      const std::size_t begin = before.find_last_of(' ') + 1;
      if (std::find(kSubjects.begin(), kSubjects.end(), before.substr(begin)) == kSubjects.end()) return;
    }
    if (word == " equal" && !imperative && lower.substr(0, at).ends_with(" to")) return;  // a purpose
    if (word == ": " && ends_in_total(lower.substr(0, at))) return;  // "5 in total: 3 red and 2 blue"
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
  static const PhraseSet kAll(kFillers);
  for (int i = 0; i < 5; ++i) {
    while (at < lower.size() && (is_blank(lower[at]) || lower[at] == ':' || lower[at] == '"')) ++at;
    const std::string_view rest = lower.substr(at);
    const std::string_view filler = kAll.at_start(rest);
    if (filler.empty()) break;
    // "a hundred"
    if ((filler == "a " || filler == "an ") && chunk_at(lower, at)) break;
    at += filler.size();
  }
  return at;
}

// "half of 18", "twice 18", "log 18"; "18% of 50", "3/5 of 10" with the fraction before `behind`.
bool is_operand_of_words(std::string_view before, std::string_view behind) {
  static constexpr auto kOperators = std::to_array<std::string_view>(
      {"half of ",      "half ",       "twice ",       "thrice ",       "double ",    "triple ",        "third of ",
       "thirds of ",    "quarter of ", "quarters of ", "fourth of ",    "fifth of ",  "fifths of ",     "tenth of ",
       "% of ",         "percent of ", "fraction of ", "root of ",      "square of ", "cube of ",       "logarithm of ",
       " sin ",         " cos ",       " tan ",        " log ",         " ln ",       "reciprocal of ", "multiple of ",
       "multiples of ", "divisor of ", "divisors of ", "factorial of ", "digits of "});
  if (std::any_of(kOperators.begin(), kOperators.end(), [&](std::string_view word) {
        return before.ends_with(word) || (!word.starts_with(' ') && before == word);
      }))
    return true;
  const std::string_view name = before.ends_with(' ') ? before.substr(0, before.size() - 1) : "";
  if (name.substr(name.find_last_of(' ') + 1).starts_with("log_")) return true;  // "log_2 8"
  if (!behind.starts_with(" of ") || behind.size() < 5) return false;
  return is_digit(behind[4]) || behind[4] == '$' || (behind[4] == '\\' && !behind.substr(4).starts_with("\\text"));
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

}  // namespace ft::grade
