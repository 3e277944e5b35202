#include "framework/records/value.h"

#include <fmt/format.h>

#include <cctype>
#include <charconv>
#include <cmath>
#include <limits>

namespace ft::records {
namespace {

// Digits in scientific notation, "1.25e+30", as a plain number.
std::string plain(std::string text) {
  const auto e = text.find('e');
  if (e == std::string::npos) return text;
  const int exponent = std::atoi(text.c_str() + e + 1);
  std::string digits = text.substr(0, e), sign;
  if (digits.front() == '-') {
    sign = "-";
    digits.erase(0, 1);
  }
  const auto point = digits.find('.');
  int before = static_cast<int>(point == std::string::npos ? digits.size() : point) + exponent;
  if (point != std::string::npos) digits.erase(point, 1);
  if (before <= 0) return sign + "0." + std::string(static_cast<std::size_t>(-before), '0') + digits;
  const auto whole = static_cast<std::size_t>(before);
  if (whole >= digits.size()) return sign + digits + std::string(whole - digits.size(), '0');
  return sign + digits.substr(0, whole) + "." + digits.substr(whole);
}

template <typename T>
std::string digits_of(T value) {
  if (std::isnan(value)) return "NaN";
  if (std::isinf(value)) return value > 0 ? "Infinity" : "-Infinity";
  return plain(fmt::format("{}", value));
}

bool is_one_of(const std::string& text, std::string_view lower, std::string_view title) {
  return text == lower || text == title;
}

}  // namespace

Value Value::of_boolean(bool truth) {
  Value value;
  value.kind = Kind::boolean;
  value.truth = truth;
  return value;
}

Value Value::of_number(std::string digits) {
  Value value;
  value.kind = Kind::number;
  value.text = std::move(digits);
  return value;
}

Value Value::of_text(std::string text) {
  Value value;
  value.kind = Kind::text;
  value.text = std::move(text);
  return value;
}

Value Value::of_list(std::vector<Value> items) {
  Value value;
  value.kind = Kind::list;
  value.items = std::move(items);
  return value;
}

const Value* Value::find(std::string_view name) const {
  for (std::size_t i = 0; i < names.size(); ++i) {
    if (names[i] == name) return &items[i];
  }
  return nullptr;
}

bool Value::is_number() const {
  return kind == Kind::number || (kind == Kind::text && is_cell && reads_as_number(text));
}

bool Value::is_integer() const { return is_number() && text.find_first_not_of("-0123456789") == std::string::npos; }

bool Value::is_boolean() const {
  return kind == Kind::boolean ||
         (kind == Kind::text && is_cell && (is_one_of(text, "true", "True") || is_one_of(text, "false", "False")));
}

double Value::number() const {
  if (text == "NaN") return std::numeric_limits<double>::quiet_NaN();
  if (text == "Infinity") return std::numeric_limits<double>::infinity();
  if (text == "-Infinity") return -std::numeric_limits<double>::infinity();
  double number = 0;
  const auto result = std::from_chars(text.data(), text.data() + text.size(), number);
  if (result.ec != std::errc::result_out_of_range) return number;
  return std::strtod(text.c_str(), nullptr);  // 0 or infinity
}

bool Value::boolean() const { return kind == Kind::boolean ? truth : text == "true" || text == "True"; }

std::string_view kind_of(const Value& value) {
  switch (value.kind) {
    case Kind::null:
      return "null";
    case Kind::object:
      return "an object";
    case Kind::list:
      return "a list";
    case Kind::text:
      return "a string";
    case Kind::bytes:
      return "bytes that are no text";
    case Kind::boolean:
      return "true or false";
    case Kind::number:
      break;
  }
  return value.is_integer() ? "an integer" : "a number with a fraction";
}

bool reads_as_number(std::string_view text) {
  if (text == "NaN" || text == "Infinity" || text == "-Infinity") return true;
  std::size_t at = 0;
  const auto digits = [&] {
    const std::size_t begin = at;
    while (at < text.size() && std::isdigit(static_cast<unsigned char>(text[at])) != 0) ++at;
    return at - begin;
  };
  if (at < text.size() && text[at] == '-') ++at;
  const bool zero = at < text.size() && text[at] == '0';
  const std::size_t whole = digits();
  if (whole == 0 || (zero && whole > 1)) return false;
  if (at < text.size() && text[at] == '.') {
    ++at;
    if (digits() == 0) return false;
  }
  if (at < text.size() && (text[at] == 'e' || text[at] == 'E')) {
    ++at;
    if (at < text.size() && (text[at] == '+' || text[at] == '-')) ++at;
    if (digits() == 0) return false;
  }
  return at == text.size();
}

std::string plain_digits(double value) { return digits_of(value); }
std::string plain_digits(float value) { return digits_of(value); }

}  // namespace ft::records
