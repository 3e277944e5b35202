#include "framework/grade/spoken.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <utility>
#include <vector>

#include "framework/grade/ascii.h"
#include "framework/grade/number_words.h"
#include "framework/grade/scale_words.h"

namespace ft::grade {
namespace {

constexpr std::size_t kLongest = 120;

struct Word {
  std::string text;  // as written
  std::string lower;
  std::size_t begin = 0;  // in the text
  bool letters = false;   // nothing else
};

// Pieces between blanks; a hyphen between letters is a blank.
std::vector<Word> words_of(std::string_view text) {
  std::vector<Word> words;
  for (std::size_t at = 0; at < text.size();) {
    const auto joins = [&](std::size_t i) {
      return text[i] == '-' && i > 0 && i + 1 < text.size() && is_letter(text[i - 1]) && is_letter(text[i + 1]);
    };
    if (text[at] == ' ' || joins(at)) {
      ++at;
      continue;
    }
    Word word;
    word.begin = at;
    while (at < text.size() && text[at] != ' ' && !joins(at)) word.text.push_back(text[at++]);
    word.letters = std::all_of(word.text.begin(), word.text.end(), is_letter);
    word.lower = word.text;
    for (char& c : word.lower) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
    words.push_back(std::move(word));
  }
  return words;
}

// "fourth", "5th", "twenty-first" is not needed: powers are small.
std::optional<std::string> ordinal(const Word& word) {
  static constexpr auto kOrdinals =
      std::to_array<std::string_view>({"zeroth", "first", "second", "third", "fourth", "fifth", "sixth", "seventh",
                                       "eighth", "ninth", "tenth", "eleventh", "twelfth"});
  const auto found = std::find(kOrdinals.begin(), kOrdinals.end(), word.lower);
  if (found != kOrdinals.end()) return std::to_string(found - kOrdinals.begin());
  std::size_t digits = 0;
  while (digits < word.lower.size() && is_digit(word.lower[digits])) ++digits;
  const std::string_view ending = std::string_view(word.lower).substr(digits);
  const bool fits = ending == "th" || ending == "st" || ending == "nd" || ending == "rd";
  if (fits && digits > 0) return word.lower.substr(0, digits);
  const bool letter = word.lower.size() == 3 && is_letter(word.lower[0]) && ending == word.lower &&
                      word.lower.ends_with("th");  // "nth"
  return letter ? std::optional(word.lower.substr(0, 1)) : std::nullopt;
}

// One rule of the grammar a function; each returns the formula and moves behind what it read.
class Speaker {
 public:
  explicit Speaker(std::string_view text) : text_(text), words_(words_of(text)) {}

  std::optional<std::string> run() {
    auto whole = sum();
    if (!whole || at_ != words_.size() || !calculates_) return std::nullopt;
    return whole;
  }

 private:
  using Formula = std::optional<std::string>;

  [[nodiscard]] bool is(std::string_view word, std::size_t ahead = 0) const {
    return at_ + ahead < words_.size() && words_[at_ + ahead].lower == word;
  }
  // Moves behind the words, which calculate, where they stand here.
  bool take(std::initializer_list<std::string_view> words) {
    std::size_t ahead = 0;
    for (const std::string_view word : words) {
      if (!is(word, ahead++)) return false;
    }
    at_ += words.size();
    calculates_ = true;
    return true;
  }

  Formula sum() {
    if (++depth_ > 20) return std::nullopt;
    Formula left = product();
    while (left) {
      const bool plus = is("plus");
      if (plus || is("minus")) {
        ++at_;
        calculates_ = true;
        const Formula right = product();
        if (!right) return std::nullopt;
        left = *left + (plus ? "+" : "-") + *right;
      } else if (is("than", 1) && (is("more") || is("less"))) {  // "5 more than x"
        const bool more = is("more");
        at_ += 2;
        calculates_ = true;
        const Formula right = sum();
        if (!right) return std::nullopt;
        left = *right + (more ? "+" : "-") + *left;
      } else {
        break;
      }
    }
    --depth_;
    return left;
  }

  Formula product() {
    Formula left = power();
    while (left) {
      std::string_view sign;
      if (take({"times"}) || take({"multiplied", "by"})) {
        sign = "\\cdot ";
      } else if (take({"divided", "by"}) || take({"over"}) || take({"out", "of"})) {
        sign = "/";
      } else if (is("in") && whole_at(at_ + 1) && is_whole(*left)) {  // "1 in 8"
        ++at_;
        calculates_ = true;
        sign = "/";
      } else if (is("of") && left->find_first_of("/\\") != std::string::npos) {  // "half of x", "20% of 50"
        ++at_;
        calculates_ = true;
        sign = "\\cdot ";
      } else {
        break;
      }
      const Formula right = power();
      if (!right) return std::nullopt;
      left = sign == "/" ? "\\frac{" + *left + "}{" + *right + "}" : "(" + *left + ")" + std::string(sign) + *right;
    }
    return left;
  }

  Formula power() {
    Formula base = primary();
    while (base) {
      if (take({"squared"})) {
        base = "(" + *base + ")^{2}";
      } else if (take({"cubed"})) {
        base = "(" + *base + ")^{3}";
      } else if (take({"factorial"})) {
        base = "(" + *base + ")!";
      } else if (take({"choose"})) {
        const Formula below = primary();
        if (!below) return std::nullopt;
        base = "\\binom{" + *base + "}{" + *below + "}";
      } else if (take({"raised", "to", "the", "power", "of"}) || take({"raised", "to", "the", "power"}) ||
                 take({"to", "the", "power", "of"}) || take({"to", "the", "power"})) {
        const Formula exponent = primary();
        if (!exponent) return std::nullopt;
        base = "(" + *base + ")^{" + *exponent + "}";
      } else if (take({"raised", "to", "the"}) || take({"to", "the"})) {
        const Formula exponent = at_ < words_.size() ? ordinal(words_[at_]) : std::nullopt;
        if (!exponent) return std::nullopt;
        ++at_;
        if (is("power")) ++at_;
        base = "(" + *base + ")^{" + *exponent + "}";
      } else {
        break;
      }
    }
    return base;
  }

  Formula primary() {
    if (at_ >= words_.size()) return std::nullopt;
    if (is("the")) ++at_;
    if (take({"square", "root", "of"}) || take({"root", "of"}) || take({"square", "root"}) || take({"sqrt"}) ||
        take({"root"}))
      return rooted("\\sqrt");
    if (take({"cube", "root", "of"}) || take({"cube", "root"})) return rooted("\\sqrt[3]");
    if (take({"twice"}) || take({"double"})) return prefixed("2\\cdot ");
    if (take({"thrice"}) || take({"triple"})) return prefixed("3\\cdot ");
    if ((is("minus") || is("negative")) && at_ + 1 < words_.size()) {
      ++at_;
      const Formula value = primary();
      return value ? Formula("(-" + *value + ")") : std::nullopt;
    }
    return number();
  }

  Formula rooted(const std::string& root) {
    const Formula inside = power();
    return inside ? Formula(root + "{" + *inside + "}") : std::nullopt;
  }
  Formula prefixed(const std::string& factor) {
    const Formula value = power();
    return value ? Formula("(" + factor + *value + ")") : std::nullopt;
  }

  // Digits, a formula without blanks, a letter, a number in words; with its scales: "1 million 200 thousand".
  Formula number() {
    Formula total;
    std::optional<Rational> last;
    while (true) {
      const std::size_t before = at_;
      if (total && is("and")) ++at_;
      const bool digits = at_ < words_.size() && is_digit(words_[at_].text[0]);
      if (total && (!digits || !last)) {
        at_ = before;
        return total;
      }
      Formula part = literal();
      if (!part) return std::nullopt;
      Rational scale(1);
      while (at_ < words_.size() && words_[at_].letters) {
        const auto factor = scale_of(words_[at_].lower);
        if (!factor) break;
        scale = scale * *factor;
        ++at_;
      }
      if (!scale.is_one()) part = "(" + *part + "\\cdot " + fraction(scale) + ")";
      if (!total) {
        total = part;
        if (!(Rational(1) < scale)) return total;
        last = scale;
        continue;
      }
      if (!(scale < *last)) {
        at_ = before;
        return total;
      }
      calculates_ = true;
      total = "(" + *total + "+" + *part + ")";
      if (scale.is_one()) return total;
      last = scale;
    }
  }

  static std::string fraction(const Rational& value) {
    const std::string text = value.to_string();
    const std::size_t slash = text.find('/');
    if (slash == std::string::npos) return text;
    return "\\frac{" + text.substr(0, slash) + "}{" + text.substr(slash + 1) + "}";
  }

  Formula literal() {
    if (at_ >= words_.size()) return std::nullopt;
    const Word& word = words_[at_];
    if (word.letters && word.text.size() > 1) {
      if (word.lower == "pi") {
        ++at_;
        return Formula("\\pi ");
      }
      const auto said = number_words(text_.substr(word.begin));
      if (!said) return std::nullopt;
      const std::size_t end = word.begin + said->length;
      while (at_ < words_.size() && words_[at_].begin < end) ++at_;
      return Formula(said->digits.find('/') == std::string::npos ? said->digits : "(" + said->digits + ")");
    }
    if (word.letters && (word.text == "a" || word.text == "A" || word.text == "I")) return std::nullopt;
    if (!word.letters && word.text.find_first_of("0123456789\\") == std::string::npos) return std::nullopt;
    if (word.text.find_first_of(",;:<>=$&|\"'?!") != std::string::npos) {
      const bool grouped = word.text.size() > 4 && word.text.find_first_not_of("0123456789,") == std::string::npos;
      if (!grouped) return std::nullopt;
    }
    ++at_;
    if (word.text.ends_with('%')) {
      std::string amount = word.text.substr(0, word.text.size() - 1);
      if (amount.ends_with('\\')) amount.pop_back();
      if (amount.find_first_not_of("0123456789.") != std::string::npos || !is("of")) return std::nullopt;
      return Formula("(" + amount + "/100)");
    }
    if (is("percent") && is("of", 1)) {
      ++at_;
      return Formula("(" + word.text + "/100)");
    }
    return Formula(word.text);
  }

  static bool is_whole(std::string_view text) {
    return !text.empty() && std::all_of(text.begin(), text.end(), is_digit);
  }
  [[nodiscard]] bool whole_at(std::size_t index) const {
    if (index >= words_.size()) return false;
    return is_whole(words_[index].text) || (words_[index].letters && number_words(words_[index].text));
  }

  std::string_view text_;
  std::vector<Word> words_;
  std::size_t at_ = 0;
  int depth_ = 0;
  bool calculates_ = false;  // a word that does was read
};

}  // namespace

std::optional<std::string> spoken_mathematics(std::string_view text) {
  if (text.size() > kLongest || text.find(' ') == std::string_view::npos) return std::nullopt;
  // Most answers hold no word at all.
  std::size_t letters = 0;
  bool word = false;
  for (std::size_t i = 0; i < text.size() && !word; ++i) {
    letters = is_letter(text[i]) ? letters + 1 : 0;
    word = letters >= 2 && (i < letters || text[i - letters] == ' ');
    if (static_cast<unsigned char>(text[i]) >= 0x80 || text[i] == '\n') return std::nullopt;
  }
  if (!word) return std::nullopt;
  return Speaker(text).run();
}

}  // namespace ft::grade
