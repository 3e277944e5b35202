#include "framework/grade/corrections.h"

#include <algorithm>
#include <array>
#include <utility>
#include <vector>

#include "framework/grade/ascii.h"
#include "framework/grade/byte_scan.h"
#include "framework/grade/chunk.h"
#include "framework/grade/phrase_set.h"

namespace ft::grade {
namespace {

// What stands before the right value, and which words before the wrong one deny it: at least one of them, where any is
// named. Japanese and Korean deny behind the wrong value.
struct Turn {
  std::string_view words;
  std::array<std::string_view, 3> denials;
};

constexpr auto kTurns = std::to_array<Turn>({
    {" sondern ", {"nicht "}},
    {" sino ", {"no "}},
    {" mais ", {"n'", "ne ", "pas "}},
    {" ma ", {"non "}},
    {" bens\xC3\xAC ", {"non "}},
    {" mas ", {"n\xC3\xA3o "}},
    {" e sim ", {"n\xC3\xA3o "}},
    {" maar ", {"niet "}},
    {" \xD0\xB0 ", {"\xD0\xBD\xD0\xB5 "}},                     // а; не
    {"\xE8\x80\x8C\xE6\x98\xAF", {"\xE4\xB8\x8D"}},            // 而是; 不
    {"\xE3\x81\xA7\xE3\x81\xAF\xE3\x81\xAA\xE3\x81\x8F", {}},  // ではなく
    {"\xE3\x81\x98\xE3\x82\x83\xE3\x81\xAA\xE3\x81\x8F", {}},  // じゃなく
    {"\xEC\x95\x84\xEB\x8B\x88\xEB\x9D\xBC ", {}},             // 아니라
});

// Whether any turn may stand there: most texts hold none, and are not looked at further.
bool may_turn(std::string_view lower) {
  if (next_outside_ascii(lower, 0) < lower.size()) return true;
  for (std::size_t at = 0; at + 1 < lower.size(); ++at) {
    if (lower[at] != ' ' || (lower[at + 1] != 's' && lower[at + 1] != 'm' && lower[at + 1] != 'e')) continue;
    const std::string_view rest = lower.substr(at);
    if (std::ranges::any_of(kTurns, [&](const Turn& turn) { return rest.starts_with(turn.words); })) return true;
  }
  return false;
}

// Where the sentence begins that `at` stands in, but not far before it.
std::size_t near_start(std::string_view lower, std::size_t at) {
  constexpr std::size_t kFar = 90;
  std::size_t begin = at > kFar ? at - kFar : 0;
  for (const std::string_view stop : {"\n", ". ", "; ", "\xE3\x80\x82"}) {
    const std::size_t found = lower.substr(0, at).rfind(stop);
    if (found != std::string_view::npos) begin = std::max(begin, found + stop.size());
  }
  while (begin < at && (static_cast<unsigned char>(lower[begin]) & 0xC0U) == 0x80) ++begin;
  return begin;
}

// Removes the wrong value before the turn at `at`, with what denies it.
bool correct(std::string* text, std::string* lower, const Turn& turn, std::size_t at) {
  std::size_t right = at + turn.words.size();
  for (const std::string_view filler : {"sim ", "doch "}) {
    if (std::string_view(*lower).substr(right).starts_with(filler)) right += filler.size();
  }
  if (!chunk_at(*text, right)) return false;
  const std::size_t begin = near_start(*lower, at);
  const std::vector<Chunk> before = chunks_in(std::string_view(*text).substr(begin, at - begin));
  constexpr std::size_t kCounted = 24;  // "35 Punkte, "
  if (before.empty() || at - begin - before.back().end > kCounted) return false;
  const std::size_t wrong = begin + before.back().begin;
  std::string kept = text->substr(begin, wrong - begin);
  bool denied = turn.denials[0].empty();
  for (const std::string_view denial : turn.denials) {
    const std::size_t found = denial.empty() ? std::string::npos : lower_case(kept).rfind(denial);
    if (found == std::string::npos) continue;
    kept.erase(found, denial.size());
    denied = true;
  }
  if (!denied) return false;
  text->replace(begin, right - begin, kept);
  *lower = lower_case(*text);
  return true;
}

// Interjections before a correction; the first ones turn by themselves.
constexpr auto kTurning =
    std::to_array<std::string_view>({"no wait", "wait, no", "wait no", "oops", "i mean", "i meant", "scratch that",
                                     "correction", "make that", "actually", "rather", "sorry", "edit", "no"});
constexpr auto kHesitating =
    std::to_array<std::string_view>({"hmm", "hm", "wait", "oh", "ah", "hold on", "hang on", "but", "however", "and"});
// Behind them a value follows or the one before is withdrawn.
constexpr auto kDecided =
    std::to_array<std::string_view>({"no wait", "wait, no", "oops", "i mean", "i meant", "scratch that"});

constexpr auto kDenying = std::to_array<std::string_view>({
    "which is wrong",    "which is incorrect",  "which is not correct", "which is not right",   "which isn't right",
    "which isn't corr",  "which is clearly wr", "which is impossible",  "which can't be",       "which is false",
    "that's wrong",      "that is wrong",       "this is wrong",        "that's incorrect",     "that is incorrect",
    "this is incorrect", "that's not right",    "that is not right",    "this is not right",    "that isn't right",
    "this isn't right",  "that's not correct",  "that is not correct",  "this is not correct",  "that isn't correct",
    "that can't be",     "that cannot be",      "this can't be",        "this cannot be right", "that's not it",
    "that is false",     "this is false",       "that doesn't work",    "that does not work",   "that was wrong",
    "i made a mistake",  "i made an error",     "i was wrong",
});

constexpr auto kLeadIns =
    std::to_array<std::string_view>({"it's ", "it is ", "it should be ", "it must be ", "that's ", "that should be ",
                                     "the answer is ", "the answer should be ", "the correct answer is ", "should be ",
                                     "make it ", "make that ", "actually ", "really "});

}  // namespace

std::optional<std::string> without_denied(std::string_view text, std::string_view lower) {
  static const std::vector<std::string_view> kWords = [] {
    std::vector<std::string_view> words;
    for (const Turn& turn : kTurns) words.push_back(turn.words);
    return words;
  }();
  static const PhraseSet kAny(kWords);
  constexpr std::size_t kEnd = 4000;  // an answer further from the end is none
  const std::size_t from = text.size() > kEnd ? text.size() - kEnd : 0;
  if (!may_turn(lower.substr(from))) return std::nullopt;
  std::vector<std::pair<std::size_t, const Turn*>> places;
  kAny.scan(lower.substr(from), [&](std::string_view words, std::size_t at) {
    const auto turn = std::find_if(kTurns.begin(), kTurns.end(), [&](const Turn& one) { return one.words == words; });
    places.emplace_back(from + at, turn);
    return false;
  });
  constexpr std::size_t kMost = 4;
  std::string corrected(text);
  std::string as_lower(lower);
  bool any = false;
  for (std::size_t i = 0; i < std::min(places.size(), kMost); ++i) {
    const auto& [at, turn] = places[places.size() - 1 - i];  // backwards: the places before stay where they are
    any = correct(&corrected, &as_lower, *turn, at) || any;
  }
  return any ? std::optional(std::move(corrected)) : std::nullopt;
}

std::optional<std::size_t> taken_back(std::string_view text, std::size_t end) {
  constexpr std::size_t kFar = 160;
  constexpr std::size_t kCounted = 40;  // "35 apples. Actually, 36."
  const std::string lower = lower_case(text.substr(std::min(end, text.size()), kFar));
  constexpr std::string_view kStops = " .,;:!?()*$\n\"";
  std::size_t at = lower.find_first_of(".,;:!?(\n");
  const std::size_t dash = lower.find(" - ");
  at = std::min(at, dash);
  if (at > kCounted || lower.substr(0, at).find_first_of("0123456789\\") != std::string::npos) return std::nullopt;
  if (lower[at] == ':' || (lower[at] == '.' && at + 1 < lower.size() && is_digit(lower[at + 1]))) return std::nullopt;
  bool turns = false;
  bool decided = false;
  const auto take = [&](const auto& words) -> std::string_view {
    for (const std::string_view word : words) {
      const std::string_view rest = std::string_view(lower).substr(at);
      if (rest.starts_with(word) && (rest.size() == word.size() || !is_word_byte(rest[word.size()]))) {
        at += word.size();
        return word;
      }
    }
    return {};
  };
  for (;;) {
    while (at < lower.size() &&
           (kStops.find(lower[at]) != std::string_view::npos || lower.substr(at).starts_with("- ")))
      ++at;
    const std::string_view turning = take(kTurning);
    if (turning == "no" && (at >= lower.size() || kStops.substr(1).find(lower[at]) == std::string_view::npos))
      return std::nullopt;  // "no other value works"
    if (!turning.empty()) {
      turns = true;
      decided = decided || std::find(kDecided.begin(), kDecided.end(), turning) != kDecided.end();
      continue;
    }
    if (take(kHesitating).empty()) break;
  }
  const std::string_view rest = std::string_view(lower).substr(std::min(at, lower.size()));
  const bool denied =
      std::any_of(kDenying.begin(), kDenying.end(), [&](std::string_view words) { return rest.starts_with(words); });
  if (denied) return kWithdrawn;
  if (!turns) return std::nullopt;
  std::size_t value = at;
  for (bool again = true; again;) {
    again = false;
    for (const std::string_view word : kLeadIns) {
      if (!std::string_view(lower).substr(value).starts_with(word)) continue;
      value += word.size();
      again = true;
    }
  }
  const std::string_view said = std::string_view(lower).substr(value);
  const bool number = chunk_at(text, end + value).has_value() && !said.empty() && !is_letter(said[0]);
  if (number) return end + value;
  return decided ? std::optional(kWithdrawn) : std::nullopt;
}

// "38, but it's 40", "38 before, now it is 40": the same sentence says another value.
bool says_another(std::string_view text, std::size_t begin) {
  const std::size_t stop = std::min(text.find_first_of(".\n", begin), text.size());
  const std::string_view behind = text.substr(begin, stop - begin);
  static constexpr auto kTurns = std::to_array<std::string_view>(
      {" but it's ", " but it is ", " but actually", " but the answer", " but the correct", " but that is ",
       " but that's ", " now it is ", " now it's "});
  for (const std::string_view turn : kTurns) {
    const std::size_t at = behind.find(turn);
    if (at != std::string_view::npos && holds_chunk(behind.substr(at))) return true;
  }
  return false;
}

}  // namespace ft::grade
