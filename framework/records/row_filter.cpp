#include "framework/records/row_filter.h"

#include <fmt/ranges.h>

#include <algorithm>

namespace ft {

namespace {

constexpr std::size_t kShown = 5, kShownBytes = 40;  // values of a field, and of each

std::string shown(const std::vector<std::string>& values) {
  std::string text;
  for (const std::string& value : values) {
    text += fmt::format("{}'{}{}'", text.empty() ? "" : ", ", value.substr(0, kShownBytes),
                        value.size() > kShownBytes ? "..." : "");
  }
  return text + (values.size() == kShown ? ", ..." : "");
}

}  // namespace

RowFilter::RowFilter(const std::vector<std::string>& conditions) {
  for (const std::string& text : conditions) {
    const auto equals = text.find('=');
    const bool negated = equals != std::string::npos && equals > 0 && text[equals - 1] == '!';
    if (equals == std::string::npos || equals == (negated ? 1U : 0U)) {
      fail_user(
          fmt::format("'{}' is no condition on rows; write FIELD=VALUE, FIELD=VALUE|VALUE or FIELD!=VALUE", text));
    }
    Condition& condition = conditions_.emplace_back();
    condition.text = text;
    condition.field = text.substr(0, equals - (negated ? 1 : 0));
    condition.is_one_of = !negated;
    std::string rest = text.substr(equals + 1);
    for (auto bar = rest.find('|'); bar != std::string::npos; bar = rest.find('|')) {
      condition.values.push_back(rest.substr(0, bar));
      rest.erase(0, bar + 1);
    }
    condition.values.push_back(rest);
  }
}

bool RowFilter::keeps(const JsonRecord& record) {
  if (conditions_.empty()) return true;
  if (rows_++ == 0) names_ = record.field_names();
  bool kept = true;
  for (Condition& condition : conditions_) {
    condition.seen = condition.seen || record.has(condition.field) || record.object().find(condition.field) != nullptr;
    const std::string value = record.written(condition.field).value_or("");
    const bool found = std::find(condition.values.begin(), condition.values.end(), value) != condition.values.end();
    const bool fits = found == condition.is_one_of;
    kept = kept && fits;
    condition.kept += fits ? 1 : 0;
    if (!fits && condition.there.size() < kShown &&
        std::find(condition.there.begin(), condition.there.end(), value) == condition.there.end())
      condition.there.push_back(value);
  }
  dropped_ += kept ? 0 : 1;
  return kept;
}

void RowFilter::check_fields(const std::string& file) const {
  for (const Condition& condition : conditions_) {
    if (rows_ == 0 || condition.seen) continue;
    const auto near = nearest(condition.field, names_);
    fail_user({file},
              fmt::format("no row has the field '{}', which a condition asks for; fields are: {}{}", condition.field,
                          fmt::join(names_, ", "), near ? fmt::format("; did you mean '{}'?", *near) : ""));
  }
}

void RowFilter::check_kept(const Place& place, const std::string& file) const {
  if (rows_ == 0 || dropped_ < rows_) return;
  std::string text;
  for (const Condition& condition : conditions_) {
    text += fmt::format("{}'{}' keeps {}", text.empty() ? "" : "; ", condition.text,
                        condition.kept == 0 ? "none of them" : fmt::format("{} of them", condition.kept));
    if (condition.kept == 0) text += fmt::format(" (the field '{}' is {})", condition.field, shown(condition.there));
  }
  fail_user(place, fmt::format("{}: the conditions keep none of the {} {} read: {}{}", file, rows_,
                               rows_ == 1 ? "row" : "rows", text,
                               conditions_.size() > 1 ? "; a row must meet all of them" : ""));
}

}  // namespace ft
