#include "framework/grade/plain_number.h"

#include <numeric>

#include "framework/grade/ascii.h"

namespace ft::grade {
namespace {

constexpr int kMostDigits = 15;  // so that products of two fit

// Reads from the front of `text`, removing what it took.
struct Cursor {
  std::string_view text;

  bool take(std::string_view what) {
    if (!text.starts_with(what)) return false;
    text.remove_prefix(what.size());
    return true;
  }
  // At most `most` digits; nothing where there is none or one too many.
  std::optional<long long> digits(int most = kMostDigits) {
    long long value = 0;
    int count = 0;
    while (!text.empty() && is_digit(text.front())) {
      if (++count > most) return std::nullopt;
      value = 10 * value + (text.front() - '0');
      text.remove_prefix(1);
    }
    return count == 0 ? std::nullopt : std::optional(value);
  }
};

// "1,234,567" as far as it is one: groups of three after a first group of one to three that is not "0".
std::optional<long long> grouped(Cursor* cursor) {
  const std::size_t before = cursor->text.size();
  auto value = cursor->digits();
  if (!value) return std::nullopt;
  std::size_t total = before - cursor->text.size();
  if (!cursor->text.starts_with(',')) return value;
  if (total > 3 || *value == 0) return std::nullopt;
  while (cursor->take(",")) {
    const std::size_t start = cursor->text.size();
    const auto group = cursor->digits(3);
    total += 3;
    if (!group || start - cursor->text.size() != 3 || total > kMostDigits) return std::nullopt;
    value = *value * 1000 + *group;
  }
  return value;
}

// What stands behind the sign. \frac{a}{b} and \frac12 first, then a, a.b and a/b.
std::optional<PlainNumber> magnitude(Cursor cursor) {
  PlainNumber number;
  if (cursor.take("\\frac") || cursor.take("\\dfrac") || cursor.take("\\tfrac")) {
    const auto part = [&]() -> std::optional<long long> {
      if (!cursor.take("{")) {
        if (cursor.text.empty() || !is_digit(cursor.text.front())) return std::nullopt;
        const long long digit = cursor.text.front() - '0';
        cursor.text.remove_prefix(1);
        return digit;
      }
      const auto value = cursor.digits();
      return cursor.take("}") ? value : std::nullopt;
    };
    const auto top = part();
    const auto bottom = part();
    if (!top || !bottom || !cursor.text.empty()) return std::nullopt;
    number.numerator = *top;
    number.denominator = *bottom;
    return number;
  }
  const bool point_first = cursor.text.starts_with('.');
  const auto whole = point_first ? std::optional<long long>(0) : grouped(&cursor);
  if (!whole) return std::nullopt;
  number.numerator = *whole;
  if (cursor.take(".")) {
    const std::size_t room = cursor.text.size();
    const auto places = cursor.digits(9);
    if (!places || !cursor.text.empty() || *whole >= 1'000'000) return std::nullopt;
    for (std::size_t i = 0; i < room; ++i) {
      number.numerator *= 10;
      number.denominator *= 10;
    }
    number.numerator += *places;
    number.decimal = true;
  } else if (cursor.take("/")) {
    const auto bottom = cursor.digits();
    if (!bottom) return std::nullopt;
    number.denominator = *bottom;
  }
  return cursor.text.empty() ? std::optional(number) : std::nullopt;
}

}  // namespace

std::optional<PlainNumber> plain_number(std::string_view answer) {
  Cursor cursor{answer};
  const bool minus = cursor.take("-");
  const bool dollars =
      cursor.text.starts_with('$') && cursor.text.size() > 1 && is_digit(cursor.text[1]) && cursor.take("$");
  auto number = magnitude(cursor);
  if (!number || number->denominator == 0) return std::nullopt;
  const long long common = std::gcd(number->numerator, number->denominator);
  number->numerator /= minus ? -common : common;
  number->denominator /= common;
  number->dollars = dollars;
  return number;
}

}  // namespace ft::grade
