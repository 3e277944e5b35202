#include "tests/support/unclaimed_texts.h"

#include <array>

namespace ft {
namespace {

constexpr auto kSubjects =
    std::to_array<std::string_view>({"It", "The answer", "So the answer", "The total", "Therefore the number", "So $x$",
                                     "The final answer", "Her age"});
constexpr auto kModals = std::to_array<std::string_view>(
    {"could be", "might be", "may be", "could well be", "may possibly be", "might equal", "is perhaps", "is possibly",
     "is maybe", "could possibly be", "could also be", "could equal", "may turn out to be", "could turn out to be"});
constexpr auto kAdverbs =
    std::to_array<std::string_view>({"Maybe", "Perhaps", "Possibly", "Vielleicht", "Peut-\u00eatre", "Quiz\u00e1s"});
constexpr auto kClauses = std::to_array<std::string_view>(
    {"it is", "the total is", "there are", "she has", "x =", "the result is", "it equals", "he needs"});
constexpr auto kGuessing = std::to_array<std::string_view>(
    {"My guess is", "I guess it is", "I suspect it is", "It is possible that it is", "A reasonable guess is",
     "If I had to guess,", "There is a chance it is", "One possibility is", "I am not sure whether it is",
     "Just a guess:", "He possibly has"});

constexpr auto kComparing = std::to_array<std::string_view>(
    {"more than",   "less than",    "fewer than",   "greater than",  "smaller than",
     "larger than", "at least",     "at most",      "no more than",  "no fewer than",
     "just under",  "just over",    "well over",    "a little over", "slightly less than",
     "upwards of",  "in excess of", "anything but", "nowhere near",  "different from",
     "up to"});
constexpr auto kMarks =
    std::to_array<std::string_view>({"It is", "The answer is", "There are", "So it is", "Therefore the answer is",
                                     "Answer:", "####", "The final answer is"});
constexpr auto kLimits = std::to_array<std::string_view>(
    {"at most", "at least", "or more", "or fewer", "or less", "and up", "and counting", "or higher", "or so"});

constexpr auto kPlaces = std::to_array<std::string_view>(
    {"in room",     "on page",   "at gate",  "in chapter", "on platform", "in seat",      "on bus",   "from exit",
     "by theorem",  "in figure", "on line",  "at table",   "on flight",   "in apartment", "by lemma", "on channel",
     "behind door", "in locker", "at booth", "in suite",   "from pier",   "in lesson"});
constexpr auto kDoing = std::to_array<std::string_view>({"She waits", "They met", "We find it", "He is", "This is"});
constexpr auto kProper = std::to_array<std::string_view>(
    {"It was Apollo", "So he flew a Boeing", "She drove along Interstate", "It is a B-", "The code is XK-",
     "The isotope is silicon-", "They stayed in Zimmer", "So it is \u00a7", "It follows from No. "});
constexpr auto kEras = std::to_array<std::string_view>({"BC", "BCE", "B.C."});

constexpr auto kClaims = std::to_array<std::string_view>(
    {"The most it could be is", "The largest it can possibly be is", "So it must be", "It has to be",
     "With that she could buy", "So there are exactly", "It might sound odd, but the answer is",
     "The least it may be is", "The only possible value is", "We are sure that it is", "So he could fill",
     "The answer, as may be expected, is", "The sum adds up to", "Together they come up to", "So it sums up to"});

}  // namespace

template <typename Parts>
std::string UnclaimedTexts::one_of(const Parts& parts) {
  return std::string(parts.at(std::uniform_int_distribution<std::size_t>(0, parts.size() - 1)(random_)));
}

std::vector<std::string> UnclaimedTexts::guesses(std::string_view number) {
  const std::string n(number);
  return {one_of(kSubjects) + " " + one_of(kModals) + " " + n + ".",
          one_of(kAdverbs) + " " + one_of(kClauses) + " " + n + ".", one_of(kGuessing) + " " + n + ".",
          "Answer: " + one_of(kAdverbs) + " " + n, one_of(kAdverbs) + " " + n + "."};
}

std::vector<std::string> UnclaimedTexts::bounds(std::string_view number) {
  const std::string n(number);
  return {one_of(kMarks) + " " + one_of(kComparing) + " " + n + ".",
          one_of(kMarks) + " " + n + " " + one_of(kLimits) + ".", "Answer: > " + n,
          "So she has " + one_of(kComparing) + " " + n + " apples."};
}

std::vector<std::string> UnclaimedTexts::names(std::string_view number) {
  const std::string n(number);
  const std::string proper = one_of(kProper);
  const bool joined = proper.back() == '-' || proper.back() == ' ' || proper.ends_with("\u00a7");
  return {one_of(kDoing) + " " + one_of(kPlaces) + " " + n + ".", proper + (joined ? "" : " ") + n + ".",
          "It was built in " + n + " " + one_of(kEras) + ".", "The answer is " + n + " " + one_of(kEras) + "."};
}

std::vector<std::string> UnclaimedTexts::claims(std::string_view number) {
  return {one_of(kClaims) + " " + std::string(number) + "."};
}

}  // namespace ft
