#include "framework/rerank/labelled_values.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cctype>
#include <cmath>

namespace ft::rerank {

void Roles::see(const JsonRecord& record) {
  for (std::string& name : record.field_names()) {
    if (record.has(name)) present_.insert(name);
    known_.insert(std::move(name));
  }
}

std::string Roles::pick(const std::string& wanted, const std::vector<std::string>& common,
                        std::string_view role) const {
  if (wanted.empty()) {
    const auto found = std::find_if(common.begin(), common.end(), [&](const auto& name) { return has(name); });
    return found == common.end() ? "" : *found;
  }
  if (known_.contains(wanted)) return wanted;
  const std::vector<std::string> names(known_.begin(), known_.end());
  const auto near = nearest(wanted, names);
  fail_user(fmt::format("no line has the field '{}' ({}); fields are: {}{}", wanted, role, list(),
                        near ? fmt::format("; did you mean '{}'?", *near) : ""));
}

std::string Roles::list() const { return fmt::format("{}", fmt::join(known_, ", ")); }

std::optional<std::string> flexible_text(const JsonRecord& record, const std::string& field) {
  if (field.empty() || !record.has(field)) return std::nullopt;
  if (record.is_list(field)) return fmt::format("{}", fmt::join(record.texts(field), "\n"));
  return record.written(field);
}

std::optional<Label> label_of(const JsonRecord& record, const std::string& field) {
  if (field.empty() || !record.has(field)) return std::nullopt;
  if (record.is_boolean(field)) return Label{record.boolean(field), false};
  if (record.is_number(field)) {
    const double value = record.number(field);
    if (value == 0 || value == 1 || value == -1) return Label{value == 1, false};
    record.fail(fmt::format("field '{}' is {}, but a label is 1 (right), 0 or -1 (wrong)", field, value));
  }
  std::string word = record.text(field);
  for (char& c : word) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  for (const char* yes : {"equal", "correct", "right", "true", "yes", "pass", "passed", "1"})
    if (word == yes) return Label{true, false};
  for (const char* no : {"different", "incorrect", "wrong", "false", "no", "fail", "failed", "0"})
    if (word == no) return Label{false, false};
  if (word == "unknown") return Label{false, true};
  record.fail(
      fmt::format("field '{}' is \"{}\", which is no label: correct, incorrect, true, false, equal, different, "
                  "unknown, 1 or 0",
                  field, word));
}

double log_score(double value, ScoreScale scale, const JsonRecord& record, const std::string& field) {
  switch (scale) {
    case ScoreScale::probability:
      if (!(value >= 0 && value <= 1)) record.fail(fmt::format("field '{}' is {}, no probability", field, value));
      return std::log(value);
    case ScoreScale::log_probability:
      if (!(value <= 0)) record.fail(fmt::format("field '{}' is {}, no logarithm of a probability", field, value));
      return value;
    default:  // log of the logistic function, for both signs without loss
      return value >= 0 ? -std::log1p(std::exp(-value)) : value - std::log1p(std::exp(value));
  }
}

}  // namespace ft::rerank
