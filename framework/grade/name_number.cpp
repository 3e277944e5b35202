#include "framework/grade/name_number.h"

#include <algorithm>
#include <array>
#include <string>

#include "framework/grade/ascii.h"
#include "framework/grade/last_word.h"
#include "framework/grade/units.h"

namespace ft::grade {
namespace {

constexpr auto kPointers = std::to_array<std::string_view>(
    {"step",      "steps",     "case",        "cases",       "part",       "question",   "problem",  "exercise",
     "figure",    "fig",       "table",       "equation",    "eq",         "equations",  "example",  "chapter",
     "section",   "lemma",     "theorem",     "method",      "solution",   "approach",   "formula",  "statement",
     "page",      "pages",     "item",        "remark",      "grade",      "runner",     "version",  "attempt",
     "hint",      "note",      "corollary",   "proposition", "triangle",   "circle",     "scenario", "option",
     "choice",    "condition", "property",    "rule",        "definition", "appendix",   "footnote", "reference",
     "route",     "highway",   "flight",      "phase",       "diagram",    "chart",      "graph",    "claim",
     "fact",      "axiom",     "identity",    "subcase",     "line",       "eqn",        "player",   "room",
     "apartment", "platform",  "exit",        "bus",         "gate",       "interstate", "psalm",    "verse",
     "seat",      "channel",   "jersey",      "model",       "boeing",     "airbus",     "windows",  "zimmer",
     "chambre",   "seite",     "p\u00e1gina", "pagina",      "strona",     "kapitel",    "chapitre", "cap\u00edtulo",
     "satz",      "aufgabe",   "frage",       "pregunta",    "schritt",    "gleichung",  "sonnet",   "opus",
     "episode",   "track",     "vitamin",     "law",         "article",    "paragraph",  "nr",       "habitaci\u00f3n",
     "door",      "locker",    "suite",       "booth",       "pier",       "lesson"});

// Words for how much something is, and adverbs: the number behind them says it.
constexpr auto kMeasuring = std::to_array<std::string_view>(
    {"total",      "sum",       "area",     "length",      "age",       "ages",          "volume",   "height",
     "width",      "radius",    "diameter", "side",        "perimeter", "speed",         "value",    "price",
     "cost",       "average",   "mean",     "median",      "mode",      "difference",    "product",  "quotient",
     "remainder",  "score",     "weight",   "mass",        "distance",  "number",        "answer",   "result",
     "size",       "order",     "degree",   "probability", "base",      "about",         "around",   "exactly",
     "only",       "just",      "over",     "nearly",      "almost",    "roughly",       "all",      "another",
     "additional", "precisely", "than",     "these",       "those",     "first",         "last",     "next",
     "other",      "remaining", "final",    "minimum",     "maximum",   "rate",          "depth",    "least",
     "most",       "ratio",     "power",    "and",         "or",        "approximately", "the",      "a",
     "an",         "his",       "her",      "their",       "my",        "our",           "your",     "its",
     "both",       "more",      "extra",    "full",        "whole",     "adding",        "selling",  "having",
     "getting",    "making",    "using",    "taking",      "buying",    "subtracting",   "dividing", "multiplying",
     "being",      "exponent",  "some",     "each",        "every"});

// Of a word in small letters, units included.
bool measures(std::string_view word) { return among(kMeasuring, word) || unit_of(word).dimension != "label"; }

std::string_view first_word(std::string_view text) {
  text = trim(text);
  return text.substr(0, text.find(' '));
}

// "costs Tom 45": who gets the number.
bool gives(std::string_view verb) {
  static constexpr auto kGiving = std::to_array<std::string_view>(
      {"leave", "leaves", "left",  "give",  "gives", "gave",  "cost",   "costs", "pay",  "pays", "paid", "owe",
       "owes",  "owed",   "make",  "makes", "made",  "bring", "brings", "get",   "gets", "got",  "take", "takes",
       "save",  "saves",  "saved", "sold",  "earn",  "earns", "earned", "for",   "to",   "and",  "than"});
  return among(kGiving, verb);
}

// "is Colt 45.", "flight BA 45", "Apollo 45 was cancelled", "on page 45", "a seat 45": behind a name, or behind a noun
// that a preposition or an article stands before, a number that counts nothing belongs to them.
bool is_named_before(std::string_view text, std::size_t begin, std::size_t end) {
  const bool number = std::all_of(text.begin() + static_cast<std::ptrdiff_t>(begin),
                                  text.begin() + static_cast<std::ptrdiff_t>(end), is_digit);
  if (!number || begin == 0 || text[begin - 1] != ' ') return false;
  const std::string_view behind = text.substr(end);
  const bool ends = behind.empty() || std::string_view(".,;!)").find(behind[0]) != std::string_view::npos;
  const bool acts = behind.starts_with(" is ") || behind.starts_with(" was ") || behind.starts_with(" has ") ||
                    behind.starts_with(" says") || behind.starts_with(" will ") || first_word(behind).ends_with("ed");
  if (!ends && !acts) return false;
  std::string_view before = text.substr(0, begin);
  std::string_view word = take_last_word(&before);
  if (word.empty() || !std::all_of(word.begin(), word.end(), is_letter)) return false;
  const std::string plain = lower_case(word);
  if (among(kMeasuring, plain) || word == "AD") return false;  // the year AD 45 is the year 45, unlike 45 BC
  const auto is_unit = [&] { return unit_of(plain).dimension != "label"; };  // dear, so asked last
  if (word[0] >= 'A' && word[0] <= 'Z') {
    int names = 0;
    while (!word.empty() && word[0] >= 'A' && word[0] <= 'Z' && std::all_of(word.begin(), word.end(), is_letter)) {
      ++names;
      if (before.empty()) {  // the first word: "So 45 is", but "Apollo 45 was"
        static constexpr auto kOpeners = std::to_array<std::string_view>(
            {"so",        "thus",  "hence",   "therefore", "then",   "and",  "but", "also", "altogether", "finally",
             "now",       "since", "because", "if",        "when",   "as",   "at",  "in",   "on",         "by",
             "for",       "after", "with",    "from",      "of",     "step", "yes", "no",   "clearly",    "answer",
             "currently", "today", "overall", "adding",    "result", "not",  "is"});
        return acts && (names > 1 || !among(kOpeners, lower_case(word))) && !is_unit();
      }
      word = take_last_word(&before);
    }
    static constexpr auto kGermanArticles = std::to_array<std::string_view>(
        {"das", "die", "der", "den", "dem", "ein", "eine", "einen", "einem", "unser", "sein", "ihr"});
    return ends && !gives(lower_case(word)) && !among(kGermanArticles, word) && word != "=" && !is_unit();
  }
  static constexpr auto kIntroducing =
      std::to_array<std::string_view>({"on", "in", "at", "from", "by", "a", "an", "the", "with", "of", "for"});
  const std::string_view introducing = take_last_word(&before);
  return ends && !trim(before).empty() && among(kIntroducing, introducing) && !is_unit();
}

}  // namespace

bool is_pointer(std::string_view before) {
  before = trim(before);
  if (before.ends_with("No.") || before.ends_with("no.")) return true;
  while (before.ends_with('(') || before.ends_with('#') || before.ends_with('.'))
    before = trim(before.substr(0, before.size() - 1));
  std::size_t begin = before.size();
  while (begin > 0 && is_word_byte(before[begin - 1])) --begin;
  const std::string word = lower_case(before.substr(begin));
  return std::find(kPointers.begin(), kPointers.end(), word) != kPointers.end();
}

bool is_piece_of_name(std::string_view text, std::size_t begin, std::size_t end) {
  const char before = begin > 0 ? text[begin - 1] : ' ';
  const auto capital = [&](std::size_t i) { return i < text.size() && text[i] >= 'A' && text[i] <= 'Z'; };
  if (capital(begin) && begin + 1 < end && text[begin + 1] == '-')  // "B-45", the letter included
    return all_digits(text.substr(begin + 2, end - begin - 2));
  if (before == '#') return begin > 1 && is_blank(text[begin - 2]);
  if (before == '\'') return begin > 1 && is_blank(text[begin - 2]);
  if (text.substr(0, begin).ends_with("\u00a7") || text.substr(0, begin).ends_with("\u7b2c")) return true;  // §, 第
  if (before == '-') {  // "B-45", "US-45", "silicon-45"; "x-45" calculates
    std::size_t first = begin - 1;
    while (first > 0 && is_letter(text[first - 1])) --first;
    const std::string name = lower_case(text.substr(first, begin - 1 - first));
    const bool word = name.size() > 1 || (first + 1 < begin && capital(first));
    return word && !measures(name) && name != "ans" && (first == 0 || text[first - 1] == ' ');
  }
  // "seat 45B", but "45N" measures.
  if (capital(end) && !is_word_byte(end + 1 < text.size() ? text[end + 1] : ' '))
    return unit_of(spelled_unit(text.substr(end, 1))).dimension == "label";
  if (is_named_before(text, begin, end)) return true;
  // "45 Main Street"
  constexpr std::size_t kFar = 40;
  const std::string_view behind = text.substr(std::min(end, text.size())).substr(0, kFar);
  for (const std::string_view way : {" Street", " Avenue", " Road", " Lane", " Boulevard", " Drive"}) {
    const std::size_t at = behind.find(way);
    if (at != std::string_view::npos && capital(end + 1) && at > 1) return true;
  }
  return false;
}

}  // namespace ft::grade
