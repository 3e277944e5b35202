#include "framework/grade/standing.h"

#include <algorithm>
#include <array>
#include <string>
#include <vector>

#include "framework/grade/ascii.h"
#include "framework/grade/chunk.h"
#include "framework/grade/copula.h"
#include "framework/grade/last_word.h"
#include "framework/grade/phrase_set.h"

namespace ft::grade {
namespace {

constexpr auto kBoundsBefore = std::to_array<std::string_view>({
    "between", "at least", "at most", "not", "n't", "never", "not even", "not quite", "rather than", "instead of",
    "other than", "except", "exceeds", "exceed", "exceeding", "beyond", "e.g.", "for example", "for instance",
    "such as", "just under", "just over", "hardly", "divisible by", "divides", "any number but", "anything but",
    "all but", "any but", "everything but", "well over", "well under", "short of", "shy of", "close to", "near",
    "upwards of", "north of", "south of", "in excess of", "approaches", "approach", "far from", "different from",
    "unequal to", "unlike", "bounded by", "bounded above by", "bounded below by", "ranges up to", "at a minimum",
    "at the very least", "at the least", "at the very most", "at the most",
    // German, French, Spanish, Italian, Portuguese, Dutch
    "mehr als", "weniger als", "\u00dcber", "\u00fcber", "or equal to", "at best", "at worst", "anything up from",
    "mindestens", "h\u00f6chstens", "plus de", "plus que", "moins de", "au moins", "au plus", "m\u00e1s de", "menos de",
    "al menos", "como m\u00ednimo", "pi\u00f9 di", "meno di", "almeno", "mais de", "pelo menos", "meer dan",
    "minder dan", "minstens",
    // Without their first letters, which may be capitals
    "\u043e\u043b\u044c\u0448\u0435",  // (б)ольше
    "\u043e\u043b\u0435\u0435",        // (б)олее
    "\u0435\u043d\u044c\u0448\u0435",  // (м)еньше
    "\u0435\u043d\u0435\u0435",        // (м)енее
    "\u8d85\u8fc7",                    // 超过
    "\u591a\u4e8e",                    // 多于
    "\u5927\u4e8e",                    // 大于
    "\u5c0f\u4e8e",                    // 小于
    "\u5c11\u4e8e",                    // 少于
    "\u4e0d\u5230",                    // 不到
    "\u81f3\u5c11",                    // 至少
    "\u81f3\u591a",                    // 至多
    "\u6700\u591a",                    // 最多
    "\u516c\u5143\u524d",              // 公元前
});

constexpr auto kBoundsBehind = std::to_array<std::string_view>({
    " at most",       " at least",  " at the most", " at the least", " at best",  " tops",        " and up",
    " and above",     " and over",  " and below",   " and counting", " and more", " and upwards", " upwards",
    " plus or minus", " times as ", " o m\u00e1s",  " o menos",      " ou plus",  " ou moins",    " oder mehr",
    " oder weniger",  " of meer",   " of minder",   " ou mais",
});

// Behind a number and what it counts, in scripts that write them without blanks.
constexpr auto kWideBounds = std::to_array<std::string_view>({
    "\u4ee5\u4e0a",  // 以上
    "\u4ee5\u4e0b",  // 以下
    "\u4ee5\u5185",  // 以内
    "\u3092\u8d85",  // を超
    "\u672a\u6e80",  // 未満
    "\uc774\uc0c1",  // 이상
    "\uc774\ud558",  // 이하
    "\ubbf8\ub9cc",  // 미만
});

// Words that make a guess of what follows them in their clause.
constexpr auto kGuesses = std::to_array<std::string_view>({
    " maybe ",
    " maybe, ",
    " perhaps, ",
    " guess: ",
    " eventuell ",
    " se peut ",
    " acaso ",
    " perhaps ",
    " might ",
    " supposedly ",
    " allegedly ",
    " conceivably ",
    " my guess ",
    " i guess ",
    " i'd guess ",
    " i would guess ",
    " could guess ",
    " best guess ",
    " had to guess",
    " somewhere around ",
    " somewhere near ",
    " somewhere in the ",
    " a chance ",
    " would say ",
    " not sure",
    " not certain",
    " unsure ",
    " may have ",
    " suspect ",
    " hunch ",
    " let's guess ",
    " a guess ",
    " reasonable guess ",
    " good guess ",
    " a possibility ",
    " one possibility ",
    " possible that ",
    " a possible ",
    " one possible ",
    " not clear ",
    " unclear ",
    " whether ",
    " puede ser ",
    " pueden ser ",
    " puede que ",
    " vielleicht ",
    " k\u00f6nnte ",
    " k\u00f6nnten ",
    " m\u00f6glicherweise ",
    " peut-\u00eatre ",
    " pourrait ",
    " pourraient ",
    " quiz\u00e1s ",
    " quiz\u00e1 ",
    " tal vez ",
    " podr\u00eda ",
    " podr\u00edan ",
    " posiblemente ",
    " talvez ",
    " poderia ",
    " pode ser ",
    " forse ",
    " potrebbe ",
    " misschien ",
    " zou kunnen ",
    " mungkin ",
    " mo\u017ce by\u0107 ",
    " by\u0107 mo\u017ce ",
    " kanske ",
    " belki ",
    "\u043e\u0437\u043c\u043e\u0436\u043d\u043e",         // (в)озможно
    "\u043e\u0436\u0435\u0442 \u0431\u044b\u0442\u044c",  // (м)ожет быть
    "\u0430\u0432\u0435\u0440\u043d\u043e\u0435",         // (н)аверное
    "\u53ef\u80fd\u662f",                                 // 可能是
    "\u53ef\u80fd\u4e3a",                                 // 可能为
    "\u53ef\u80fd\u6709",                                 // 可能有
    "\u53ef\u80fd\u7b49",                                 // 可能等
    "\u4e5f\u8bb8",                                       // 也许
    "\u6216\u8bb8",                                       // 或许
    "\u305f\u3076\u3093",                                 // たぶん
    "\u304a\u305d\u3089\u304f",                           // おそらく
    "\uc544\ub9c8",                                       // 아마
});

// Behind the number.
constexpr auto kGuessesBehind = std::to_array<std::string_view>({
    ", maybe", ", perhaps", ", possibly", " perhaps.", " maybe.", " or so", ", i guess", " i guess.",
    " is a possibility", " or maybe ", " or perhaps ", " unless i ", " is unclear", " but not quite",
    " but not exactly", " not exactly",
    "\u304b\u3082\u3057\u308c",  // かもしれ
    "\uc218\ub3c4 \uc788",       // 수도 있
});

// They make a guess of the number that they stand right before; of others they tell what is possible.
constexpr auto kModals = std::to_array<std::string_view>({
    " could equal ",
    " could have ",
    " could have been ",
    " may equal ",
    " may have ",
    " possibly ",
    " should have been ",
    " would have been ",
    " ought to have been ",
    " seems like ",
});

// What a number that is only guessed at goes on with.
constexpr auto kDoubting = std::to_array<std::string_view>({" might ", " may ", " could be ", " could well "});

// A largest or smallest value is asked for, and said to be possible.
constexpr auto kExtremes =
    std::to_array<std::string_view>({"largest", "greatest", "smallest", "least", "maximum", "minimum", "most", "fewest",
                                     "highest", "lowest", "biggest", "longest", "shortest", "only"});

// Where the clause that `at` stands in begins.
std::size_t clause_begin(std::string_view lower, std::size_t at) {
  std::size_t begin = 0;
  for (const std::string_view cut : {"; ", ": ", " so ", " therefore", " thus ", " hence ", " but ", ". "}) {
    const std::size_t found = lower.substr(0, at).rfind(cut);
    if (cut == ": " && found != std::string_view::npos && lower.substr(0, found).ends_with("guess")) continue;
    if (found != std::string_view::npos) begin = std::max(begin, found + cut.size() - 1);
  }
  return begin;
}

// "older than", "more than"; "no later than 5 pm" says when.
bool compares(std::string_view before) {
  constexpr std::string_view kThan = " than";
  if (!before.ends_with(kThan)) return false;
  before.remove_suffix(kThan.size());
  const std::string_view word = before.substr(before.find_last_of(' ') + 1);
  if (word == "later" || word == "earlier" || word == "sooner") return false;
  return word == "more" || word == "less" || word.ends_with("er");
}

// "it could turn out to be 45": a modal, few words, and "be" right before the number. "he possibly has 45", but "can
// possibly" tells what there is.
bool tells_possible(std::string_view before) {
  for (const std::string_view modal : {" could ", " may ", " might "}) {
    const std::size_t at = before.rfind(modal);
    if (at == std::string_view::npos) continue;
    const std::string_view tail = before.substr(at + modal.size() - 1);
    constexpr std::ptrdiff_t kMostWords = 5;
    const std::size_t be = tail.rfind(" be ");
    if (be == std::string_view::npos || std::count(tail.begin(), tail.end(), ' ') > kMostWords + 2) continue;
    if (skip_fillers(before, at + modal.size() - 1 + be + 4) >= before.size()) return true;
  }
  const std::size_t adverb = before.find(" possibly ");
  if (adverb == std::string_view::npos) return false;
  std::string_view ahead = before.substr(0, adverb);
  const std::string_view word = take_last_word(&ahead);
  return word != "can" && word != "could" && word != "cannot" && word != "can't";
}

// "it would be 45 if the train were on time"
bool is_counterfactual(std::string_view before, std::string_view behind) {
  const std::size_t condition = behind.find(" if ");
  if (condition == std::string_view::npos || before.find(" would ") == std::string_view::npos) return false;
  const std::string_view said = behind.substr(condition);
  return said.find(" were ") != std::string_view::npos || said.find(" had ") != std::string_view::npos;
}

// "an upper bound is 70", "gives a lower limit of 70"; the least upper bound is a value.
bool names_bound(std::string_view before) {
  for (const std::string_view name : {"upper bound", "lower bound", "upper limit", "lower limit"}) {
    const std::size_t at = before.rfind(name);
    if (at == std::string_view::npos) continue;
    std::string_view ahead = before.substr(0, at);
    const std::string_view article = take_last_word(&ahead);
    if (article == "a" || article == "an" || article == "one" || article == "crude" || article == "rough") return true;
  }
  return false;
}

bool ends_in_word(std::string_view before, std::string_view word) {
  return !before.empty() && before.back() == word.back() && before.ends_with(word) &&
         (before.size() == word.size() || word == "n't" || !is_letter(before[before.size() - word.size() - 1]));
}

// "is over", "a little under", "are up to", "anything above", and "over" as the first word; "spread over 45 days" says
// how long, "adds up to" what it comes to, and "can throw up to" how far.
bool lies_beside(std::string_view before) {
  static constexpr auto kSides = std::to_array<std::string_view>({"over", "under", "above", "below"});
  static constexpr auto kDegrees = std::to_array<std::string_view>(
      {"",         "is",     "are",      "was",        "were",  "be",        "it's",    "that's",
       "little",   "bit",    "slightly", "somewhat",   "well",  "just",      "far",     "way",
       "anything", "number", "numbers",  "everything", "value", "values",    "lie",     "lies",
       "stay",     "stays",  "remain",   "remains",    "falls", "somewhere", "strictly"});
  constexpr std::string_view kUpTo = "up to";
  if (ends_in_word(before, kUpTo)) {
    before.remove_suffix(kUpTo.size());
    while (before.ends_with(' ') || before.ends_with(':') || before.ends_with('#')) before.remove_suffix(1);
    static constexpr auto kHaving = std::to_array<std::string_view>({"has", "have", "had"});
    const std::string_view word = take_last_word(&before);
    return among(kDegrees, word) || among(kHaving, word);
  }
  return among(kSides, take_last_word(&before)) && among(kDegrees, take_last_word(&before));
}

// " or more", " or older", " or so"
bool offers_comparison(std::string_view behind) {
  constexpr std::string_view kOr = " or ";
  if (!behind.starts_with(kOr)) return false;
  behind.remove_prefix(kOr.size());
  const std::string_view word = behind.substr(0, std::min(behind.find_first_of(" .,;!)"), behind.size()));
  return word == "more" || word == "less" || word == "so" || word == "above" || word == "below" || word == "over" ||
         word == "under" || word == "thereabouts" || (word.size() > 4 && word.ends_with("er") && word != "number");
}

}  // namespace

bool is_bounded(std::string_view lower, std::size_t begin) {
  std::string_view before = lower.substr(0, begin);
  while (before.ends_with(' ') || before.ends_with('$') || before.ends_with(',')) before.remove_suffix(1);
  return compares(before) || lies_beside(before) || names_bound(before) ||
         std::any_of(kBoundsBefore.begin(), kBoundsBefore.end(),
                     [&](std::string_view word) { return ends_in_word(before, word); });
}

bool is_bounded_behind(std::string_view lower, std::size_t end) {
  const std::string_view behind = lower.substr(std::min(end, lower.size()));
  const auto starts = [&](std::string_view word) {
    return behind.starts_with(word) &&
           (!is_letter(word.back()) || behind.size() == word.size() || !is_letter(behind[word.size()]));
  };
  constexpr std::size_t kFar = 12;
  const std::string_view wide = behind.substr(0, std::min(behind.find_first_of(" ,.;\n"), kFar));
  const auto holds = [&](std::string_view word) { return behind.substr(0, kFar).find(word) != std::string_view::npos; };
  const bool near = !wide.empty() || behind.starts_with(' ');
  return std::any_of(kBoundsBehind.begin(), kBoundsBehind.end(), starts) || offers_comparison(behind) ||
         (near && std::any_of(kWideBounds.begin(), kWideBounds.end(), holds));
}

bool starts_guessing(std::string_view lower) {
  static constexpr auto kMore =
      std::to_array<std::string_view>({" possibly ", " potentially ", " may be ", " could be "});
  static const PhraseSet kAny(kGuesses);
  static const PhraseSet kAnyMore(kMore);
  std::string padded(1, ' ');
  padded += lower.substr(0, 40);
  const auto starts = [&](const PhraseSet& words) {
    return !words.at_start(padded).empty() || !words.at_start(lower).empty();
  };
  return starts(kAny) || starts(kAnyMore);
}

bool mentions_guess(std::string_view lower) {
  static const std::vector<std::string_view> kWords = [] {
    std::vector<std::string_view> words{" could ", " may ", " might ", " possibly ", " potentially ", " would "};
    words.insert(words.end(), kGuesses.begin(), kGuesses.end());
    words.insert(words.end(), kGuessesBehind.begin(), kGuessesBehind.end());
    words.insert(words.end(), kModals.begin(), kModals.end());
    return words;
  }();
  static const PhraseSet kAny(kWords);
  std::string padded(1, ' ');
  padded += lower;
  return kAny.any_in(padded);
}

bool is_guessed(std::string_view lower, std::size_t begin, std::size_t end) {
  const std::string_view next = lower.substr(std::min(end, lower.size()));
  if (std::any_of(kDoubting.begin(), kDoubting.end(), [&](std::string_view word) { return next.starts_with(word); }))
    return true;
  const std::size_t cut = clause_begin(lower, begin);
  std::string before(1, ' ');
  before += lower.substr(cut, begin - cut);
  static const PhraseSet kAnywhere(kGuesses);
  const bool method = before.find("guess and ") != std::string::npos;  // "guess and check gives 45"
  if (!method && kAnywhere.any_in(before)) return true;
  const bool opens = before.starts_with(" possibly ") || before.starts_with(" potentially ");
  if (opens && before.find(", ") == std::string::npos) return true;
  const std::string_view behind = lower.substr(std::min(end, lower.size()));
  static const PhraseSet kBehind(kGuessesBehind);
  if (kBehind.any_in(behind.substr(0, behind.find("; "))) || is_counterfactual(before, behind)) return true;
  const bool extreme = std::any_of(kExtremes.begin(), kExtremes.end(),
                                   [&](std::string_view word) { return before.find(word) != std::string::npos; });
  if (extreme) return false;
  if (tells_possible(before)) return true;
  return std::any_of(kModals.begin(), kModals.end(), [&](std::string_view word) {
    const std::size_t at = before.rfind(word);
    return at != std::string::npos && skip_fillers(before, at + word.size()) >= before.size();
  });
}

// " if x = 2, and 80 otherwise", " only when x = 2", " when x = 1 and 48 when x = 2"
bool is_one_of_cases(std::string_view behind) {
  if (behind.starts_with(" only if ") || behind.starts_with(" only when ") || behind.starts_with(" if and only if "))
    return true;
  if (!behind.starts_with(" if ") && !behind.starts_with(" when ") && !behind.starts_with(" for ")) return false;
  if (behind.ends_with(" otherwise") || behind.ends_with(" otherwise.")) return true;
  const std::size_t joint = behind.find(" and ");
  if (joint == std::string_view::npos || !chunk_at(behind, joint + 5)) return false;
  const std::string_view other = behind.substr(joint);
  return other.find(" if ") != std::string_view::npos || other.find(" when ") != std::string_view::npos;
}

}  // namespace ft::grade
