#include "framework/config/binder.h"

#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>

namespace ft {
namespace {

template <class T>
constexpr bool is_optional = false;
template <class T>
constexpr bool is_optional<std::optional<T>> = true;
template <class T>
constexpr bool is_list = false;
template <class T>
constexpr bool is_list<std::vector<T>> = true;

template <class T>
std::string_view name_of(const T*) {
  if constexpr (std::is_same_v<T, bool>) return "true or false";
  if constexpr (std::is_same_v<T, int> || std::is_same_v<T, std::int64_t>) return "whole number";
  if constexpr (std::is_same_v<T, double>) return "number";
  if constexpr (std::is_same_v<T, std::string> || std::is_same_v<T, Choice>) return "text";
  if constexpr (std::is_same_v<T, Recompute>) return "number of layers (none, layers, 2, 3, ...)";
  if constexpr (std::is_same_v<T, Length>) return "length";
  if constexpr (std::is_same_v<T, Duration>) return "duration (30s, 10min, 1h)";
  if constexpr (std::is_same_v<T, ByteSize>) return "size (512MiB, 2GB)";
  if constexpr (std::is_same_v<T, std::vector<std::string>>) return "list of texts";
  if constexpr (std::is_same_v<T, std::vector<int>>) return "list of whole numbers";
  if constexpr (std::is_same_v<T, std::vector<double>>) return "list of numbers";
}

std::string length_type(const Units& units) {
  std::vector<std::string> examples;
  for (const auto& [unit, example] : {std::pair{Length::Unit::steps, "200steps"},
                                      {Length::Unit::tokens, "5Mtokens"},
                                      {Length::Unit::epochs, "2epochs"},
                                      {Length::Unit::seconds, "10min"}}) {
    if (units.empty() || std::find(units.begin(), units.end(), unit) != units.end()) examples.emplace_back(example);
  }
  return fmt::format("length ({})", fmt::join(examples, ", "));
}

// Texts are plain where YAML reads them back as the same text in every place, and quoted as JSON elsewhere.
std::string quoted_if_needed(const std::string& text) {
  const bool plain = !text.empty() && std::all_of(text.begin(), text.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '.' ||
           c == '/' || c == '-';
  });
  const bool leading = plain && text.front() != '-' && text != "null" && text != "Null" && text != "NULL";
  if (leading) return text;
  return nlohmann::json(text).dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

std::string text_of(bool value) { return value ? "true" : "false"; }
std::string text_of(int value) { return std::to_string(value); }
std::string text_of(std::int64_t value) { return std::to_string(value); }
std::string text_of(double value) { return shortest(value); }
std::string text_of(const std::string& value) { return quoted_if_needed(value); }
std::string text_of(const Choice& value) { return quoted_if_needed(std::string(value.name())); }
std::string text_of(const Recompute& value) { return to_string(value); }
std::string text_of(const Length& value) { return to_string(value); }
std::string text_of(const Duration& value) { return to_string(value); }
std::string text_of(const ByteSize& value) { return to_string(value); }
template <class T>
std::string text_of(const std::optional<T>& value) {
  return value ? text_of(*value) : "null";
}
template <class T>
std::string text_of(const std::vector<T>& values) {
  std::vector<std::string> texts;
  for (const T& value : values) texts.push_back(text_of(value));
  return fmt::format("[{}]", fmt::join(texts, ", "));
}

// Whole numbers in digits: nobody reads 1e+05 as what they wrote.
std::string number_text(double value) {
  return value == std::floor(value) && std::abs(value) < 1e15 ? fmt::format("{:.0f}", value) : shortest(value);
}

}  // namespace

std::string_view to_string(KeyKind kind) {
  switch (kind) {
    case KeyKind::identity:
      return "identity";
    case KeyKind::extends:
      return "extends";
    case KeyKind::execution:
      return "execution";
  }
  return "?";
}

std::string to_string(const Range& range) {
  const bool low = range.low > -std::numeric_limits<double>::infinity();
  const bool high = range.high < std::numeric_limits<double>::infinity();
  const std::string low_text =
      fmt::format("{} {}", range.low_open ? "above" : "at least", low ? number_text(range.low) : "");
  const std::string high_text =
      fmt::format("{} {}", range.high_open ? "below" : "at most", high ? number_text(range.high) : "");
  if (low && high && !range.low_open && !range.high_open) {
    return fmt::format("from {} to {}", number_text(range.low), number_text(range.high));
  }
  if (low && high) return fmt::format("{} and {}", low_text, high_text);
  return low ? low_text : high ? high_text : "";
}

void Binder::add(Key key, Value value) {
  FT_CHECK(names_.insert(key.name).second, "the key '{}' is described twice to one binder", key.name);
  bind(key, value);
}

void Binder::idle(std::string_view name, std::string_view why) {
  FT_CHECK(names_.contains(name), "the key '{}' is called idle and was not described", name);
  mark_idle(name, why);
}

void Binder::mark_idle(std::string_view, std::string_view) {}

void Binder::choice(std::string_view name, std::string& value, std::vector<std::string> choices, KeyKind kind,
                    std::string_view doc) {
  FT_CHECK(std::find(choices.begin(), choices.end(), value) != choices.end(),
           "the default '{}' of the key '{}' is none of its choices", value, name);
  add({.name = std::string(name), .kind = kind, .doc = std::string(doc), .choices = std::move(choices)}, &value);
}

void Binder::input(std::string_view name, std::string& value, std::string_view what, std::string_view doc) {
  add({.name = std::string(name), .doc = std::string(doc), .input = std::string(what)}, &value);
}

void Binder::input(std::string_view name, std::vector<std::string>& value, std::string_view what,
                   std::string_view doc) {
  add({.name = std::string(name), .doc = std::string(doc), .input = std::string(what)}, &value);
}

void Binder::input(std::string_view name, std::optional<std::string>& value, std::string_view what,
                   std::string_view doc) {
  add({.name = std::string(name), .doc = std::string(doc), .input = std::string(what)}, &value);
}

void Binder::required_input(std::string_view name, std::string& value, std::string_view what, std::string_view doc) {
  add({.name = std::string(name), .doc = std::string(doc), .required = true, .input = std::string(what)}, &value);
}

void Binder::required_input(std::string_view name, std::vector<std::string>& value, std::string_view what,
                            std::string_view doc) {
  add({.name = std::string(name), .doc = std::string(doc), .required = true, .input = std::string(what)}, &value);
}

std::string type_text(const Key& key, const Value& value) {
  if (!key.choices.empty()) return fmt::format("one of {}", fmt::join(key.choices, ", "));
  const std::string type = std::visit(
      [&](auto* pointer) -> std::string {
        using T = std::remove_pointer_t<decltype(pointer)>;
        if constexpr (is_optional<T>) {
          using Inner = typename T::value_type;
          if (std::is_same_v<Inner, Length>) return length_type(key.limits.units);
          return std::string(name_of(static_cast<const Inner*>(nullptr)));
        } else if constexpr (std::is_same_v<T, Length>) {
          return length_type(key.limits.units);
        } else {
          return std::string(name_of(static_cast<const T*>(nullptr)));
        }
      },
      value);
  if (key.input.empty()) return type;
  return type == "list of texts" ? fmt::format("list of names ({})", key.input) : fmt::format("name ({})", key.input);
}

std::string value_text(const Value& value) {
  return std::visit([](auto* pointer) { return text_of(*pointer); }, value);
}

}  // namespace ft
