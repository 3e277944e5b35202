#include "framework/records/record.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <limits>

#include "framework/records/field_path.h"
#include "framework/records/json.h"

namespace ft {
namespace {

using records::Kind;
using records::Value;

constexpr std::string_view kString = "a string", kInteger = "an integer", kNumber = "a number", kBool = "true or false";

std::string listed(const std::vector<std::string>& names) {
  constexpr std::size_t kMost = 20;
  std::string text;
  for (std::size_t i = 0; i < names.size() && i < kMost; ++i) text += (i > 0 ? ", " : "") + names[i];
  if (names.size() > kMost) text += fmt::format(" and {} more", names.size() - kMost);
  return text.empty() ? "none" : text;
}

[[noreturn]] void fail_kind(const Place& place, std::string_view field, std::string_view kind, const Value& value) {
  std::string what = fmt::format("field '{}' is not {} but {}", field, kind, kind_of(value));
  if (value.kind == Kind::object || value.kind == Kind::list) {
    const std::vector<std::string> inside = paths_within(value, std::string(field), 6);
    if (value.kind == Kind::object && !inside.empty())
      what += fmt::format("; a field within it is named by its path: {}", listed(inside));
  }
  fail_user(place, what);
}

}  // namespace

JsonRecord JsonRecord::parse(std::string_view line, const Place& place) {
  auto value = std::make_shared<Value>(records::parse_json(line, place));
  if (value->kind != Kind::object) {
    fail_user(place, fmt::format("each record must be one JSON object {{...}}, but this one is {}", kind_of(*value)));
  }
  return {std::move(value), place, place.line};
}

JsonRecord JsonRecord::of(Value object, Place place, std::int64_t row) {
  return {std::make_shared<const Value>(std::move(object)), std::move(place), row};
}

std::string JsonRecord::position() const {
  return fmt::format("{} {}", place_.line > 0 ? "line" : "row", place_.line > 0 ? place_.line : row_);
}

const Value* JsonRecord::look(std::string_view field, std::optional<Value>& made) const {
  return select(*value_, field, made);
}

bool JsonRecord::has(std::string_view field) const {
  std::optional<Value> made;
  const Value* found = look(field, made);
  return found != nullptr && found->kind != Kind::null;
}

bool JsonRecord::is_integer(std::string_view field) const {
  std::optional<Value> made;
  const Value* found = look(field, made);
  return found != nullptr && found->is_integer();
}

bool JsonRecord::is_number(std::string_view field) const {
  std::optional<Value> made;
  const Value* found = look(field, made);
  return found != nullptr && found->is_number();
}

bool JsonRecord::is_boolean(std::string_view field) const {
  std::optional<Value> made;
  const Value* found = look(field, made);
  return found != nullptr && found->is_boolean();
}

bool JsonRecord::is_text(std::string_view field) const {
  std::optional<Value> made;
  const Value* found = look(field, made);
  return found != nullptr && found->kind == Kind::text;
}

bool JsonRecord::is_list(std::string_view field) const {
  std::optional<Value> made;
  const Value* found = look(field, made);
  return found != nullptr && found->kind == Kind::list;
}

bool JsonRecord::is_object(std::string_view field) const {
  std::optional<Value> made;
  const Value* found = look(field, made);
  return found != nullptr && found->kind == Kind::object;
}

std::vector<std::string> JsonRecord::field_names() const {
  std::vector<std::string> names = value_->names;
  std::sort(names.begin(), names.end());
  return names;
}

void JsonRecord::fail(std::string_view what) const { fail_user(place_, what); }

const Value& JsonRecord::require(std::string_view field, std::string_view kind, std::optional<Value>& made) const {
  const Value* found = look(field, made);
  if (found != nullptr && found->kind != Kind::null) return *found;
  const std::vector<std::string> names = field_names();
  std::string what = fmt::format("field '{}' ({}) {}; fields here are: {}", field, kind,
                                 found == nullptr ? "is missing" : "is null", listed(names));
  if (found == nullptr) {
    if (const auto near = nearest(field, names)) what += fmt::format("; did you mean '{}'?", *near);
  }
  fail_user(place_, what);
}

std::string JsonRecord::text(std::string_view field) const {
  std::optional<Value> made;
  const Value& value = require(field, kString, made);
  if (value.kind != Kind::text) fail_kind(place_, field, kString, value);
  return value.text;
}

std::int64_t JsonRecord::integer(std::string_view field) const {
  std::optional<Value> made;
  const Value& value = require(field, kInteger, made);
  if (!value.is_integer()) fail_kind(place_, field, kInteger, value);
  std::int64_t number = 0;
  if (std::from_chars(value.text.data(), value.text.data() + value.text.size(), number).ec != std::errc{}) {
    fail(fmt::format("field '{}' is {}, more than a 64-bit integer holds", field, value.text));
  }
  return number;
}

double JsonRecord::number(std::string_view field) const {
  std::optional<Value> made;
  const Value& value = require(field, kNumber, made);
  if (value.is_number()) {
    const double number = value.number();
    if (std::isinf(number) && value.text.find("Inf") == std::string::npos) {
      fail(fmt::format("a number is too large: field '{}' is {}, more than a 64-bit number holds", field, value.text));
    }
    return number;
  }
  if (value.kind == Kind::text && value.text == "inf") return std::numeric_limits<double>::infinity();
  if (value.kind == Kind::text && value.text == "-inf") return -std::numeric_limits<double>::infinity();
  if (value.kind == Kind::text && value.text == "nan") return std::numeric_limits<double>::quiet_NaN();
  fail_kind(place_, field, kNumber, value);
}

bool JsonRecord::boolean(std::string_view field) const {
  std::optional<Value> made;
  const Value& value = require(field, kBool, made);
  if (!value.is_boolean()) fail_kind(place_, field, kBool, value);
  return value.boolean();
}

std::vector<std::string> JsonRecord::texts(std::string_view field) const {
  std::optional<Value> made;
  const Value& value = require(field, "a list of strings", made);
  if (value.kind != Kind::list) fail_kind(place_, field, "a list of strings", value);
  std::vector<std::string> texts;
  for (const Value& element : value.items) {
    if (element.kind != Kind::text) {
      fail(fmt::format("field '{}' must be a list of strings, but element {} is {}", field, texts.size() + 1,
                       kind_of(element)));
    }
    texts.push_back(element.text);
  }
  return texts;
}

std::vector<JsonRecord> JsonRecord::records(std::string_view field) const {
  std::optional<Value> made;
  const Value& value = require(field, "a list of objects", made);
  if (value.kind != Kind::list) fail_kind(place_, field, "a list of objects", value);
  std::vector<JsonRecord> records;
  for (const Value& element : value.items) {
    if (element.kind != Kind::object) {
      fail(fmt::format("field '{}' must be a list of objects, but element {} is {}", field, records.size() + 1,
                       kind_of(element)));
    }
    // An element of this record lives as long as the record; one that a path made is copied.
    auto kept = made ? std::make_shared<const Value>(element) : std::shared_ptr<const Value>(value_, &element);
    records.push_back({std::move(kept), place_, row_});
  }
  return records;
}

std::optional<std::string> JsonRecord::optional_text(std::string_view field) const {
  return has(field) ? std::optional(text(field)) : std::nullopt;
}

std::optional<std::int64_t> JsonRecord::optional_integer(std::string_view field) const {
  return has(field) ? std::optional(integer(field)) : std::nullopt;
}

std::optional<bool> JsonRecord::optional_boolean(std::string_view field) const {
  return has(field) ? std::optional(boolean(field)) : std::nullopt;
}

std::optional<std::string> JsonRecord::written(std::string_view field) const {
  std::optional<Value> made;
  const Value* found = look(field, made);
  if (found == nullptr || found->kind == Kind::null) return std::nullopt;
  if (found->kind == Kind::text || found->kind == Kind::number) return found->text;
  if (found->kind == Kind::boolean) return found->truth ? "true" : "false";
  fail_kind(place_, field, "a string or a number", *found);
}

std::optional<Value> JsonRecord::value(std::string_view field) const {
  std::optional<Value> made;
  const Value* found = look(field, made);
  if (found == nullptr || found->kind == Kind::null) return std::nullopt;
  return *found;
}

}  // namespace ft
