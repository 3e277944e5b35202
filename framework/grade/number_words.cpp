#include "framework/grade/number_words.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <cstdint>
#include <utility>
#include <vector>

#include "framework/grade/ascii.h"
#include "framework/grade/rational.h"

namespace ft::grade {
namespace {

using Entry = std::pair<std::string_view, long long>;

constexpr auto kSmall = std::to_array<Entry>(
    {{"zero", 0},      {"one", 1},       {"two", 2},       {"three", 3},    {"four", 4},     {"five", 5},
     {"six", 6},       {"seven", 7},     {"eight", 8},     {"nine", 9},     {"ten", 10},     {"eleven", 11},
     {"twelve", 12},   {"thirteen", 13}, {"fourteen", 14}, {"fifteen", 15}, {"sixteen", 16}, {"seventeen", 17},
     {"eighteen", 18}, {"nineteen", 19}, {"twenty", 20},   {"thirty", 30},  {"forty", 40},   {"fourty", 40},
     {"fifty", 50},    {"sixty", 60},    {"seventy", 70},  {"eighty", 80},  {"ninety", 90}});
constexpr auto kScales = std::to_array<Entry>(
    {{"thousand", 1000}, {"million", 1'000'000}, {"billion", 1'000'000'000}, {"trillion", 1'000'000'000'000}});
constexpr auto kParts = std::to_array<Entry>(
    {{"half", 2},    {"halves", 2},   {"third", 3},       {"thirds", 3},      {"quarter", 4}, {"quarters", 4},
     {"fourth", 4},  {"fourths", 4},  {"fifth", 5},       {"fifths", 5},      {"sixth", 6},   {"sixths", 6},
     {"seventh", 7}, {"sevenths", 7}, {"eighth", 8},      {"eighths", 8},     {"ninth", 9},   {"ninths", 9},
     {"tenth", 10},  {"tenths", 10},  {"hundredth", 100}, {"hundredths", 100}});

// Before a number, or the start of one that is no whole number.
constexpr auto kOpenings = std::to_array<std::string_view>({"a", "an", "half", "minus", "negative"});

// The sizes of the words that a number can begin with, a bit for each, by their first letter.
constexpr auto kSizesByLetter = [] {
  std::array<std::uint32_t, 26> sizes{};
  const auto add = [&](std::string_view word) {
    sizes.at(static_cast<std::size_t>(word[0] - 'a')) |= 1U << word.size();
  };
  for (const Entry& entry : kSmall) add(entry.first);
  for (const std::string_view word : kOpenings) add(word);
  return sizes;
}();

template <std::size_t N>
std::optional<long long> value_in(const std::array<Entry, N>& table, std::string_view word) {
  for (const auto& [name, value] : table) {
    if (name == word) return value;
  }
  return std::nullopt;
}

struct Word {
  std::string text;     // in lower case
  std::size_t end = 0;  // in the text that was read
};

// Words of letters at the start of the text, joined by blanks or hyphens: as far as they go, at most 24.
std::vector<Word> words_of(std::string_view text) {
  std::vector<Word> words;
  constexpr std::size_t kMost = 24;
  std::size_t at = 0;
  while (at < text.size() && words.size() < kMost) {
    std::string word;
    while (at < text.size() && std::isalpha(static_cast<unsigned char>(text[at])) != 0)
      word.push_back(static_cast<char>(std::tolower(static_cast<unsigned char>(text[at++]))));
    if (word.empty()) break;
    const bool scale = value_in(kScales, word).has_value();
    words.push_back({std::move(word), at});
    std::size_t next = at;
    if (scale && next + 1 < text.size() && text[next] == ',' && text[next + 1] == ' ') ++next;  // "one thousand, two"
    while (next < text.size() && (text[next] == ' ' || text[next] == '-')) ++next;
    if (next == at || next - at > 3) break;
    at = next;
  }
  return words;
}

class Reader {
 public:
  explicit Reader(std::vector<Word> words) : words_(std::move(words)) {}

  std::optional<WordNumber> run() {
    const bool minus = (is("minus") || is("negative")) && is_number_word(1);
    if (minus) ++at_;
    const std::size_t start = at_;
    const bool article = is("a") || is("an");
    if (article && !parts_at(at_ + 1) && !is("hundred", 1) && !is("thousand", 1) && !is("million", 1) &&
        !is("billion", 1) && !is("trillion", 1) && !is("dozen", 1))
      return std::nullopt;
    Rational value;
    if (auto part = fraction_at(at_)) {
      value = *part;
    } else {
      const auto whole = whole_number();
      if (!whole) return std::nullopt;
      value = Rational(*whole);
      if (is("point") && digit(1)) {
        point(&value);
      } else if (is("and")) {  // "two and a half"
        if (auto behind = fraction_at(at_ + 1)) value = value + *behind;
      } else if (const auto size = parts_at(at_)) {
        value = value / Rational(*size);
        ++at_;
      }
    }
    WordNumber number;
    number.digits = (minus ? -value : value).to_string();
    if (decimal_) number.digits = (minus ? "-" : "") + decimal_text_;
    number.length = words_[at_ - 1].end;
    const std::string& first = words_[start].text;
    number.single = at_ == start + 1 && (first == "one" || first == "half");
    return number;
  }

 private:
  [[nodiscard]] bool is(std::string_view word, std::size_t ahead = 0) const {
    return at_ + ahead < words_.size() && words_[at_ + ahead].text == word;
  }
  [[nodiscard]] std::optional<long long> small(std::size_t index) const {
    return index < words_.size() ? value_in(kSmall, words_[index].text) : std::nullopt;
  }
  [[nodiscard]] std::optional<long long> digit(std::size_t ahead) const {
    const auto value = small(at_ + ahead);
    return value && *value < 10 ? value : std::nullopt;
  }
  [[nodiscard]] bool is_number_word(std::size_t ahead) const { return small(at_ + ahead).has_value(); }
  [[nodiscard]] std::optional<long long> parts_at(std::size_t index) const {
    return index < words_.size() ? value_in(kParts, words_[index].text) : std::nullopt;
  }

  // "half", "a half", "three quarters", "one third": moves behind it.
  std::optional<Rational> fraction_at(std::size_t index) {
    if (index >= words_.size()) return std::nullopt;
    const std::string& word = words_[index].text;
    if (word == "half") {
      at_ = index + 1;
      return Rational(BigInt(1), BigInt(2));
    }
    const auto count = word == "a" || word == "an" ? std::optional<long long>(1) : small(index);
    const auto part = parts_at(index + 1);
    if (!count || !part || *count == 0) return std::nullopt;
    at_ = index + 2;
    return Rational(BigInt(*count), BigInt(*part));
  }

  // "one thousand two hundred and five"; moves behind what it read.
  std::optional<BigInt> whole_number() {
    long long total = 0;
    bool any = false;
    long long last_scale = 1'000'000'000'000'000;
    while (true) {
      const std::size_t before = at_;
      if (any && is("and")) ++at_;
      const auto group = below_thousand();
      if (!group) {
        at_ = before;
        break;
      }
      long long scale = 1;
      for (const auto& [name, size] : kScales) {
        if (!is(name)) continue;
        scale = size;
        ++at_;
        break;
      }
      if (scale >= last_scale) {
        at_ = before;
        break;
      }
      total += *group * scale;
      any = true;
      last_scale = scale;
      if (scale == 1) break;
    }
    return any ? std::optional(BigInt(total)) : std::nullopt;
  }

  std::optional<long long> below_thousand() {
    long long value = 0;
    if ((is("a") || is("an")) && at_ + 1 < words_.size()) {
      value = 1;
      ++at_;
    } else {
      const auto first = small(at_);
      if (!first) return std::nullopt;
      value = *first;
      ++at_;
      if (value >= 20) {
        if (const auto ones = digit(0); ones && *ones > 0) {
          value += *ones;
          ++at_;
        }
      }
    }
    if (is("hundred")) {
      ++at_;
      value *= 100;
      const std::size_t joined = at_ + (is("and") ? 1 : 0);
      if (const auto rest = small(joined); rest && *rest > 0) {
        at_ = joined + 1;
        value += *rest;
        if (*rest >= 20) {
          if (const auto ones = digit(0); ones && *ones > 0) {
            value += *ones;
            ++at_;
          }
        }
      }
    }
    return value;
  }

  // "zero point two five"
  void point(Rational* value) {
    decimal_text_ = value->to_string() + ".";
    ++at_;
    for (auto next = digit(0); next; next = digit(0)) {
      decimal_text_ += std::to_string(*next);
      ++at_;
    }
    decimal_ = true;
    *value = Rational::parse_decimal(decimal_text_);
  }

  std::vector<Word> words_;
  std::size_t at_ = 0;
  bool decimal_ = false;
  std::string decimal_text_;
};

}  // namespace

std::optional<WordNumber> number_words(std::string_view text) {
  // Most words are none: the first one says so, before any is copied.
  if (text.empty() || !is_letter(text[0])) return std::nullopt;
  char first[12];
  std::size_t size = 0;
  while (size < text.size() && size < std::size(first) && is_letter(text[size])) {
    first[size] = static_cast<char>(text[size] | ('a' - 'A'));
    ++size;
  }
  if ((kSizesByLetter[static_cast<std::size_t>(first[0] - 'a')] >> size & 1U) == 0) return std::nullopt;
  const std::string_view opening(first, size);
  const bool begins =
      std::find(kOpenings.begin(), kOpenings.end(), opening) != kOpenings.end() || value_in(kSmall, opening);
  if (!begins) return std::nullopt;
  std::vector<Word> words = words_of(text);
  if (words.empty()) return std::nullopt;
  return Reader(std::move(words)).run();
}

}  // namespace ft::grade
