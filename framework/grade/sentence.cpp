#include "framework/grade/sentence.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <utility>
#include <vector>

#include "framework/grade/ascii.h"
#include "framework/grade/chunk.h"
#include "framework/grade/clauses.h"
#include "framework/grade/copula.h"
#include "framework/grade/denial.h"
#include "framework/grade/idioms.h"
#include "framework/grade/name_number.h"
#include "framework/grade/number_words.h"
#include "framework/grade/phrase.h"
#include "framework/grade/phrase_set.h"
#include "framework/grade/result.h"
#include "framework/grade/standing.h"

namespace ft::grade {
namespace {

// Whether a subject can begin with these words and a number, so that the number behind the verb is the result: none,
// "the ", "her other ", "together the ", "selling ".
bool opens_subject(std::string_view words) {
  static constexpr auto kBefore = std::to_array<std::string_view>(
      {"the", "these", "those",     "all",   "both", "his",  "her",      "their",      "our", "my",  "your",
       "its", "other", "remaining", "first", "last", "next", "together", "altogether", "so",  "then"});
  bool subject = true;
  while (!words.empty() && subject) {
    const std::size_t blank = words.find(' ');
    if (blank == std::string_view::npos) return false;
    std::string_view word = words.substr(0, blank);
    const bool last = blank + 1 == words.size();
    if (word.ends_with(',')) word.remove_suffix(1);
    subject = std::find(kBefore.begin(), kBefore.end(), word) != kBefore.end() ||
              (last && word.size() > 5 && word.ends_with("ing"));
    words.remove_prefix(blank + 1);
  }
  return subject;
}

class Sentence {
 public:
  explicit Sentence(std::string_view sentence) : text_(without_brackets(sentence)) {
    lower_ = lower_case(text_);
    options_.decimal_comma = has_decimal_commas(lower_);
    options_.same_name_only = true;
    guessing_ = mentions_guess(lower_);
    chunks_ = chunks_in(text_, options_);
    std::erase_if(chunks_, [&](const Chunk& chunk) { return is_piece_of_name(text_, chunk.begin, chunk.end); });
  }

  // The value that the sentence states, from its last clause backwards.
  std::optional<std::string> value() {
    if (lower_.ends_with('?')) return std::nullopt;
    const std::size_t comma_before = lower_.rfind(", ");
    const std::string_view end =
        std::string_view(lower_).substr(comma_before == std::string::npos ? 0 : comma_before + 2);
    if (nothing_is_left(end) && !holds_chunk(end)) return "0";  // "after 3 days, none are left"
    if (auto said = before_is_the_answer()) return said;
    const std::size_t contrast = std::max(last_of(" but "), last_of(" instead"));
    const std::vector<std::size_t> starts = clause_starts(lower_);
    if (contrast == 0 && (refuses(padded(lower_)) || says_of_several())) return std::nullopt;
    if (contrast == 0) {
      // Of the last clause: "x cannot be negative, so x = 5" states.
      const std::string_view last = std::string_view(lower_).substr(starts.back());
      const bool counts = holds_chunk(last);
      const std::string_view said = counts ? last.substr(main_clause_start(last)) : std::string_view(lower_);
      if (denies(padded(said)) || (starts.size() == 1 && supposes(lower_))) return std::nullopt;
      const std::size_t comma = lower_.find(", ");
      const bool reason = lower_.starts_with("since ") || lower_.starts_with("because ");
      if (reason && starts.size() == 1 && comma != std::string::npos && !holds_chunk(lower_.substr(comma)))
        return std::nullopt;
      if (lower_.starts_with("if ") && !counts) return std::nullopt;
    } else {
      const std::string_view turn = std::string_view(lower_).substr(contrast);
      std::string_view end = turn;
      while (end.ends_with('.')) end.remove_suffix(1);
      const bool not_so = end.ends_with("n't") || end.ends_with(" not");  // "it looks like 70, but it isn't"
      if ((denies(turn) || not_so) && !holds_chunk(turn)) return std::nullopt;
    }
    const bool imperative = is_imperative(lower_);
    std::size_t stop = text_.size();
    for (auto start = starts.rbegin(); start != starts.rend(); ++start) {
      if (*start >= stop) continue;
      const std::size_t begin = *start;
      if (compares(begin, stop)) {
        stop = begin;
        continue;
      }
      auto found = clause(begin, stop, imperative || is_imperative(std::string_view(lower_).substr(begin)));
      if (found) return found;
      stop = begin;
    }
    return std::nullopt;
  }

 private:
  // "which is 3 hours before noon": a remark on the time that the clause before it says.
  [[nodiscard]] bool compares(std::size_t begin, std::size_t end) const {
    const std::string_view clause = std::string_view(lower_).substr(begin, end - begin);
    const std::size_t opening = std::min(clause.find_first_not_of(' '), clause.size());
    if (!clause.substr(opening).starts_with("which is ")) return false;
    const auto before = std::find_if(chunks_.begin(), chunks_.end(), [&](const Chunk& c) { return c.end <= begin; });
    const auto own = std::find_if(chunks_.begin(), chunks_.end(), [&](const Chunk& c) { return c.begin >= begin; });
    if (before == chunks_.end() || own == chunks_.end() || own->end >= end || own->begin > begin + 14) return false;
    const std::string_view behind = std::string_view(lower_).substr(own->end, end - own->end);
    static constexpr auto kComparing =
        std::to_array<std::string_view>({" before ", " after ", " earlier than ", " later than "});
    // "which is 3 less than Ann"
    for (const std::string_view word : {" more than ", " less than ", " fewer than "}) {
      const std::size_t at = behind.find(word);
      const std::size_t name = own->end + at + word.size();
      if (at != std::string_view::npos && at < 16 && name < text_.size() && text_[name] >= 'A' && text_[name] <= 'Z')
        return true;
    }
    return std::any_of(kComparing.begin(), kComparing.end(), [&](std::string_view word) {
      const std::size_t at = behind.find(word);
      return at != std::string_view::npos && at < 16;
    });
  }

  [[nodiscard]] std::size_t last_of(std::string_view word) const {
    const std::size_t at = lower_.rfind(word);
    return at == std::string::npos ? 0 : at;
  }

  // "Ann has 18 and Bob has 25", "the sum is 18 and the product is 45": one verb twice, so neither is the answer.
  [[nodiscard]] bool says_of_several() const {
    const auto verb_before = [&](const Chunk& chunk) {
      std::string_view before = std::string_view(lower_).substr(0, chunk.begin);
      while (before.ends_with(' ') || before.ends_with('$')) before.remove_suffix(1);
      std::size_t begin = before.size();
      while (begin > 0 && is_letter(before[begin - 1])) --begin;
      return before.substr(begin);
    };
    if (chunks_.size() != 2 || chunks_[0].text.find('=') != std::string::npos ||
        chunks_[1].text.find('=') != std::string::npos || chunks_[0].formula || chunks_[1].formula ||
        clause_starts(lower_).size() != 1)
      return false;
    const std::string_view verb = verb_before(chunks_[0]);
    const std::string_view between =
        std::string_view(lower_).substr(chunks_[0].end, chunks_[1].begin - std::min(chunks_[1].begin, chunks_[0].end));
    static constexpr auto kVerbs = std::to_array<std::string_view>({"has", "have", "is", "are", "gets", "was", "had"});
    return std::find(kVerbs.begin(), kVerbs.end(), verb) != kVerbs.end() && verb == verb_before(chunks_[1]) &&
           between.find(" and ") != std::string_view::npos;
  }

  // "12 is the correct answer".
  std::optional<std::string> before_is_the_answer() {
    static constexpr auto kPhrases =
        std::to_array<std::string_view>({" is the correct answer", " is the answer", " is the final answer",
                                         " is the right answer", " is correct", " is our answer", " is the solution"});
    static const PhraseSet kAny(kPhrases);
    if (!kAny.any_in(lower_)) return std::nullopt;
    for (const std::string_view phrase : kPhrases) {
      const std::size_t at = lower_.find(phrase);
      if (at == std::string::npos) continue;
      for (const Chunk& chunk : chunks_) {
        if (chunk.end == at) return with_words_behind(text_, chunk, KnownUnits::drop, options_);
      }
    }
    return std::nullopt;
  }

  [[nodiscard]] bool usable(const Chunk& chunk) const {
    if (chunk.ordinal) return false;
    // "the 400-meter hurdles"
    if (!chunk.formula && chunk.end + 1 < text_.size() && text_[chunk.end] == '-' && is_letter(text_[chunk.end + 1]))
      return false;
    const std::string_view ahead = std::string_view(lower_).substr(0, chunk.begin);
    const std::string_view behind = std::string_view(lower_).substr(chunk.end);
    const bool part = chunk.text.ends_with('%') || chunk.text.find('/') != std::string::npos ||
                      chunk.text.find("frac") != std::string::npos;
    if (chunk.text.find('=') == std::string::npos && is_operand_of_words(ahead, part ? behind : std::string_view()))
      return false;
    // "(18) follows from (17)": equations by their numbers
    if (chunk.text.size() > 2 && chunk.text.front() == '(' && all_digits(chunk.text.substr(1, chunk.text.size() - 2)) &&
        behind.size() > 1 && behind[0] == ' ' && is_letter(behind[1]))
      return false;
    // "20 is too large", "20 does not work": said of the number, and against it.
    for (const std::string_view word :
         {" is too ", " is not ", " isn't ", " does not ", " doesn't ", " cannot ", " fails"}) {
      if (behind.starts_with(word)) return false;
    }
    // "flight from 0 to 10 took 10 hours", "each of 20 girls brings 2"
    if (ahead.ends_with("from ") && behind.starts_with(" to ")) return false;
    if (ahead.ends_with("each of ") || ahead.ends_with("each of the ")) return false;
    const std::size_t between = lower_.rfind("between ", chunk.begin);
    if (between != std::string::npos && chunk.begin - between < 30 && lower_.substr(0, chunk.begin).ends_with(" and "))
      return false;
    if ((guessing_ && is_guessed(lower_, chunk.begin, chunk.end)) || is_bounded_behind(lower_, chunk.end) ||
        is_one_of_cases(behind))
      return false;
    if (!is_bounded(lower_, chunk.begin)) return true;
    // "must score at least 70" asks for the smallest such number.
    static constexpr auto kNeeds = std::to_array<std::string_view>(
        {" must ", " need", " has to ", " have to ", " should ", " require", " minimum "});
    std::string_view before = std::string_view(lower_).substr(0, chunk.begin);
    while (before.ends_with(' ') || before.ends_with('$')) before.remove_suffix(1);
    const bool one_sided = lower_.find(" but ") == std::string::npos &&
                           lower_.find(" less than") == std::string::npos &&
                           lower_.find("at most") == std::string::npos;
    return before.ends_with("at least") && one_sided &&
           std::any_of(kNeeds.begin(), kNeeds.end(),
                       [&](std::string_view word) { return before.find(word) != std::string::npos; });
  }

  std::string stated(const Chunk& chunk) {
    Chunk whole = joined_chunks(text_, chunk, options_);
    if (auto larger = larger_expression(text_, whole)) return *larger;
    // "x = 3 or x = -5": the first of those that belong together.
    for (const Chunk& earlier : chunks_) {
      if (earlier.begin >= chunk.begin) break;
      if (earlier.begin < clause_begin_) continue;
      Chunk joined = joined_chunks(text_, earlier, options_);
      if (joined.end != whole.end || joined.end == earlier.end) continue;
      whole = std::move(joined);
      std::string list = with_words_behind(text_, whole, KnownUnits::drop, options_);
      return list;
    }
    std::string answer = with_words_behind(text_, whole, KnownUnits::drop, options_);
    if (auto exact = exact_member(answer)) return *exact;
    return whole.end == chunk.end ? result_of(answer).value_or(answer) : answer;
  }

  std::optional<std::string> clause(std::size_t begin, std::size_t end, bool imperative) {
    const std::string_view lower = std::string_view(lower_).substr(0, end);
    std::vector<Chunk> own;
    for (const Chunk& chunk : chunks_) {
      if (chunk.begin >= begin && chunk.end <= end) own.push_back(chunk);
    }
    if (own.empty()) return std::nullopt;
    const std::size_t start = begin + main_clause_start(lower.substr(begin));
    static constexpr auto kReasonWords =
        std::to_array<std::string_view>({"since ", "because ", "when ", "if ", "as ", "given ", "for "});
    const std::string_view opening = trim(lower.substr(begin, start - begin));
    const bool reasons = std::any_of(kReasonWords.begin(), kReasonWords.end(),
                                     [&](std::string_view word) { return opening.starts_with(word); });
    clause_begin_ = reasons ? start : 0;
    const std::string_view main = lower.substr(std::min(start, lower.size()));
    const std::size_t reason = std::min(start + reason_start(main, true), imperative ? end : purpose_start(own, lower));
    const std::size_t hard_reason = start + reason_start(main, false);
    // "This is fine since 10 is even": only the reason holds numbers.
    if (hard_reason < lower.size() && own.front().begin >= hard_reason) return std::nullopt;
    // Formulas, where nothing behind the last one says more.
    const auto formula = std::find_if(own.rbegin(), own.rend(),
                                      [](const Chunk& chunk) { return chunk.formula && !is_label(chunk.text); });
    const std::size_t after = formula == own.rend() ? begin : formula->end;
    if (auto number = behind_copula(own, lower, after, start, reason, hard_reason, imperative)) return number;
    if (formula != own.rend()) return formulas(own, *formula);
    if (imperative) {
      if (auto value = calculation(lower.substr(begin), chunks_in(lower.substr(begin), options_))) return value;
    }
    // "the 3 friends", "her other 3 friends", "selling 3 cakes": words before a number that is the subject's
    const auto first = std::find_if(own.begin(), own.end(), [&](const Chunk& chunk) { return chunk.begin >= start; });
    if (first != own.end() && !first->formula && opens_subject(lower.substr(start, first->begin - start))) {
      if (auto object = behind_act(own, lower, first->end, reason, imperative)) return object;
    }
    if (auto number = amount(own, lower, start, reason)) return number;
    if (auto number = ordinal(own, lower)) return number;
    return single_one(own, lower);
  }

  // The last formula with all that belongs to it.
  std::optional<std::string> formulas(const std::vector<Chunk>& own, const Chunk& last) {
    for (const Chunk& chunk : own) {
      if (!chunk.formula || is_label(chunk.text)) continue;
      const Chunk whole = joined_chunks(text_, chunk, options_);
      if (whole.end >= last.end && usable(chunk)) return stated(chunk);
    }
    return usable(last) ? std::optional(stated(last)) : std::nullopt;
  }

  // The first amount of money between `start` and `reason`, or the first number there, or anywhere in the clause.
  std::optional<std::string> amount(const std::vector<Chunk>& own, std::string_view lower, std::size_t start,
                                    std::size_t reason) {
    for (const bool with_words : {false, true}) {
      std::optional<Chunk> first;
      for (const Chunk& chunk : own) {
        const bool inside = chunk.begin >= start && chunk.begin < reason;
        if (!inside || !usable(chunk) || chunk.single || (chunk.words && !with_words)) continue;
        const std::string_view next = lower.substr(std::min(chunk.end, lower.size()));
        const bool piece = next.starts_with(" bill") || next.starts_with(" coin") || next.starts_with(" note");
        if (chunk.money && !piece) return stated(chunk);
        if ((chunk.words && is_referred(lower, chunk.begin)) || is_all(lower, chunk.begin)) continue;
        if (!first) first = chunk;
      }
      if (first) return stated(*first);
    }
    for (const bool referred : {false, true}) {
      for (const Chunk& chunk : own) {
        if (chunk.words && is_all(lower, chunk.begin)) continue;
        if (!chunk.single && usable(chunk) && (referred || !(chunk.words && is_referred(lower, chunk.begin))))
          return stated(chunk);
      }
    }
    return std::nullopt;
  }

  // "She came 6th"; not "the 6th term", "the 6th President".
  [[nodiscard]] std::optional<std::string> ordinal(const std::vector<Chunk>& own, std::string_view lower) const {
    static constexpr auto kNumbered =
        std::to_array<std::string_view>({" root", " power", " prime", " term", " number", " digit", " element",
                                         " triangular", " fibonacci", " multiple"});
    for (const Chunk& chunk : own) {
      const std::string_view counted = lower.substr(std::min(chunk.end, lower.size()));
      const bool numbers = std::any_of(kNumbered.begin(), kNumbered.end(),
                                       [&](std::string_view word) { return counted.starts_with(word); });
      const bool title = chunk.end + 1 < text_.size() && text_[chunk.end + 1] >= 'A' && text_[chunk.end + 1] <= 'Z';
      if (!is_bounded(lower_, chunk.begin) && chunk.ordinal && !numbers && !title) return chunk.text;
    }
    return std::nullopt;
  }

  // "8 batches need 44 cups": the subject counts, too, but is not what was asked for.
  std::optional<std::string> behind_act(const std::vector<Chunk>& own, std::string_view lower, std::size_t subject,
                                        std::size_t reason, bool imperative) {
    for (const Copula& place : copulas_in(lower, imperative)) {
      if (place.surety == Surety::states || place.end < subject || place.end > reason) continue;
      const std::size_t value = skip_fillers(lower, place.end);
      const auto chunk = std::find_if(own.begin(), own.end(), [&](const Chunk& c) { return c.begin == value; });
      if (chunk != own.end() && usable(*chunk) && !chunk->single && !is_all(lower, chunk->begin)) return stated(*chunk);
    }
    return std::nullopt;
  }

  // "Only one apple is left", "there is one apple left".
  [[nodiscard]] static std::optional<std::string> single_one(const std::vector<Chunk>& own, std::string_view lower) {
    for (const Chunk& chunk : own) {
      if (!chunk.single || chunk.text != "1" || !is_counted(lower, chunk.end)) continue;
      const std::string_view before = lower.substr(0, chunk.begin);
      for (const std::string_view word : {"only ", "exactly ", "just ", "there is ", "there was ", "there's "}) {
        if (before.ends_with(word)) return chunk.text;
      }
    }
    return std::nullopt;
  }

  // "to achieve an average of 93" behind the first amount says what it is for.
  [[nodiscard]] static std::size_t purpose_start(const std::vector<Chunk>& own, std::string_view lower) {
    std::size_t first = own.front().end;
    for (std::size_t at = lower.find(" to ", first); at != std::string::npos; at = lower.find(" to ", at + 1)) {
      const std::string_view rest = lower.substr(at + 4);
      const bool verb = !rest.empty() && is_letter(rest[0]) && !rest.starts_with("the ") && !rest.starts_with("a ") &&
                        !number_words(rest);
      if (verb) return at;
    }
    return lower.size();
  }

  // The value behind the last copula that one follows closely: sure ones before those that tell of an action.
  std::optional<std::string> behind_copula(const std::vector<Chunk>& own, std::string_view lower, std::size_t after,
                                           std::size_t start, std::size_t reason, std::size_t hard_reason,
                                           bool imperative) {
    const std::vector<Copula> places = copulas_in(lower, imperative);
    const Chunk* best = nullptr;
    for (auto place = places.rbegin(); place != places.rend() && best == nullptr; ++place) {
      if (place->surety != Surety::states || place->end < after || place->end < start || place->end > hard_reason)
        continue;
      const std::size_t value = skip_fillers(lower, place->end);
      const auto chunk = std::find_if(own.begin(), own.end(), [&](const Chunk& c) {
        return c.begin == value || (c.begin + 1 == value && c.money);
      });
      if (chunk == own.end() || !usable(*chunk) || is_operand(lower, chunk->end)) continue;
      if (chunk->single && !is_counted(lower, chunk->end)) continue;
      best = &*chunk;
    }
    // "14 + 12 = 26": the sign is the copula.
    for (const Chunk& chunk : own) {
      const bool calculated = chunk.calculation && !chunk.formula && chunk.begin >= after &&
                              chunk.begin < hard_reason && usable(chunk) && result_of(chunk.text);
      if (calculated && (best == nullptr || chunk.begin > best->begin)) best = &chunk;
    }
    if (best != nullptr) return stated(*best);
    for (const Copula& place : places) {
      if (place.surety != Surety::tells || place.end < after || place.end < start || place.end > reason) continue;
      const std::size_t value = skip_fillers(lower, place.end);
      const auto chunk = std::find_if(own.begin(), own.end(), [&](const Chunk& c) { return c.begin == value; });
      if (chunk != own.end() && usable(*chunk) && !is_operand(lower, chunk->end) && !chunk->single)
        return stated(*chunk);
    }
    return std::nullopt;
  }

  std::string text_;
  std::string lower_;
  ChunkOptions options_;
  bool guessing_ = false;
  std::size_t clause_begin_ = 0;  // of the main clause that is read
  std::vector<Chunk> chunks_;
};

}  // namespace

std::optional<std::string> stated_value(std::string_view sentence) { return Sentence(sentence).value(); }

}  // namespace ft::grade
