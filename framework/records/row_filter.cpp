#include "framework/records/row_filter.h"

#include <fmt/ranges.h>

#include <algorithm>

namespace ft {

RowFilter::RowFilter(const std::vector<std::string>& conditions) {
  for (const std::string& text : conditions) {
    const auto equals = text.find('=');
    const bool negated = equals != std::string::npos && equals > 0 && text[equals - 1] == '!';
    if (equals == std::string::npos || equals == (negated ? 1U : 0U)) {
      fail_user(
          fmt::format("'{}' is no condition on rows; write FIELD=VALUE, FIELD=VALUE|VALUE or FIELD!=VALUE", text));
    }
    Condition& condition = conditions_.emplace_back();
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
    kept = kept && found == condition.is_one_of;
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

}  // namespace ft
