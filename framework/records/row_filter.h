// Which rows of a file count, by a field: "problem_is_valid=Yes", "answer!=proof|notfound" (one of several; none of
// several). A field that is absent has the value "".
//
//   RowFilter filter({"problem_is_valid=Yes", "split!=dev"});
//   if (filter.keeps(record)) ...
//   filter.check_fields("train.parquet");      // UserError for a field that no row had
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "framework/records/record.h"

namespace ft {

class RowFilter {
 public:
  // Throws UserError for a text without = or a name.
  explicit RowFilter(const std::vector<std::string>& conditions = {});
  // Throws UserError where a field's value is a list or an object.
  [[nodiscard]] bool keeps(const JsonRecord& record);
  // Throws UserError where rows were seen and none of them had a condition's field.
  void check_fields(const std::string& file) const;
  // Throws UserError at `place` where rows were seen and none was kept: what each condition keeps by itself, of how many.
  void check_kept(const Place& place, const std::string& file) const;
  [[nodiscard]] std::int64_t dropped() const { return dropped_; }

 private:
  struct Condition {
    std::string field;
    bool is_one_of = true;
    std::vector<std::string> values;
    std::string text;  // as it was given
    bool seen = false;
    std::int64_t kept = 0;           // rows, whatever the others say
    std::vector<std::string> there;  // the first values that it does not keep
  };
  std::vector<Condition> conditions_;
  std::vector<std::string> names_;  // of the first row's fields, for complaints
  std::int64_t rows_ = 0, dropped_ = 0;
};

}  // namespace ft
