#include "tests/support/formula_value.h"

#include <cctype>
#include <functional>

namespace ft {
namespace {

constexpr std::uint64_t kPrime = (1ULL << 61U) - 1;

__extension__ using Wide = unsigned __int128;

std::uint64_t times(std::uint64_t a, std::uint64_t b) { return static_cast<std::uint64_t>(Wide(a) * b % kPrime); }

std::uint64_t power(std::uint64_t base, std::uint64_t exponent) {
  std::uint64_t result = 1;
  for (; exponent > 0; exponent >>= 1U, base = times(base, base)) {
    if ((exponent & 1U) != 0) result = times(result, base);
  }
  return result;
}

struct Unreadable {};

// Recursive descent over the text itself.
class Reader {
 public:
  explicit Reader(std::string_view text) : text_(text) {}

  std::uint64_t all() {
    const std::uint64_t value = sum();
    blanks();
    if (at_ != text_.size()) throw Unreadable{};
    return value;
  }

 private:
  void blanks() {
    while (at_ < text_.size() && text_[at_] == ' ') ++at_;
  }
  bool take(std::string_view what) {
    blanks();
    if (!text_.substr(at_).starts_with(what)) return false;
    at_ += what.size();
    return true;
  }
  void expect(std::string_view what) {
    if (!take(what)) throw Unreadable{};
  }
  [[nodiscard]] char next() {
    blanks();
    return at_ < text_.size() ? text_[at_] : '\0';
  }

  std::uint64_t sum() {
    if (++depth_ > 50) throw Unreadable{};
    std::uint64_t value = take("-") ? kPrime - product() : product();
    while (true) {
      if (take("+"))
        value += product();
      else if (take("-"))
        value += kPrime - product();
      else
        break;
      value %= kPrime;
    }
    --depth_;
    return value % kPrime;
  }

  std::uint64_t product() {
    std::uint64_t value = factor();
    while (true) {
      if (take("\\cdot") || take("\\times") || take("*"))
        value = times(value, factor());
      else if (take("/"))
        value = times(value, power(factor(), kPrime - 2));
      else if (std::isalpha(static_cast<unsigned char>(next())) != 0 || next() == '(' ||
               text_.substr(at_).starts_with("\\frac"))
        value = times(value, factor());
      else
        return value;
    }
  }

  std::uint64_t factor() {
    std::uint64_t base = primary();
    if (!take("^")) return base;
    const bool group = take("{");
    std::uint64_t exponent = 0;
    std::size_t digits = 0;
    blanks();
    while (at_ < text_.size() && std::isdigit(static_cast<unsigned char>(text_[at_])) != 0 && digits < 4) {
      exponent = exponent * 10 + static_cast<std::uint64_t>(text_[at_++] - '0');
      ++digits;
    }
    if (digits == 0) throw Unreadable{};
    if (group) expect("}");
    if (next() == '^') throw Unreadable{};
    return power(base, exponent);
  }

  std::uint64_t primary() {
    const char c = next();
    if (std::isdigit(static_cast<unsigned char>(c)) != 0) return number();
    if (take("(")) {
      const std::uint64_t value = sum();
      expect(")");
      return value;
    }
    if (take("\\frac")) {
      expect("{");
      const std::uint64_t top = sum();
      expect("}");
      expect("{");
      const std::uint64_t bottom = sum();
      expect("}");
      if (bottom == 0) throw Unreadable{};
      return times(top, power(bottom, kPrime - 2));
    }
    // e and i are constants, and a word is none of this.
    const bool letter = std::isalpha(static_cast<unsigned char>(c)) != 0 && c != 'e' && c != 'i';
    const bool alone = at_ + 1 >= text_.size() || std::isalpha(static_cast<unsigned char>(text_[at_ + 1])) == 0;
    if (!letter || !alone) throw Unreadable{};
    ++at_;
    if (at_ < text_.size() && (text_[at_] == '_' || text_[at_] == '\'' || text_[at_] == '(')) throw Unreadable{};
    return std::hash<char>{}(c)*0x9E3779B97F4A7C15ULL % kPrime;
  }

  std::uint64_t number() {
    std::uint64_t value = 0;
    std::size_t digits = 0;
    std::uint64_t scale = 1;
    bool point = false;
    for (; at_ < text_.size() && digits < 15; ++at_) {
      if (text_[at_] == '.' && !point && at_ + 1 < text_.size() &&
          std::isdigit(static_cast<unsigned char>(text_[at_ + 1])) != 0) {
        point = true;
        continue;
      }
      if (std::isdigit(static_cast<unsigned char>(text_[at_])) == 0) break;
      value = value * 10 + static_cast<std::uint64_t>(text_[at_] - '0');
      if (point) scale *= 10;
      ++digits;
    }
    // "2\frac{1}{3}" is a mixed number, "1 234" and "1,234" groups of digits.
    const std::string_view rest = text_.substr(at_);
    if (rest.starts_with("\\frac") || rest.starts_with(',') || rest.starts_with(" \\frac")) throw Unreadable{};
    if (rest.size() > 1 && rest[0] == ' ' && std::isdigit(static_cast<unsigned char>(rest[1])) != 0) throw Unreadable{};
    return times(value, power(scale, kPrime - 2));
  }

  std::string_view text_;
  std::size_t at_ = 0;
  int depth_ = 0;
};

}  // namespace

std::optional<std::uint64_t> exact_value(std::string_view formula) {
  try {
    return Reader(formula).all();
  } catch (const Unreadable&) {
    return std::nullopt;
  }
}

}  // namespace ft
