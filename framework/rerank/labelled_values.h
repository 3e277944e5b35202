// Values of labelled attempts as other people write them: labels as words or numbers, answers as numbers, rewards on
// any scale; and which fields a file has.
#pragma once

#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "framework/records/record.h"
#include "framework/rerank/labelled_file.h"

namespace ft::rerank {

// Which fields a set of records has, and which of them plays a part.
class Roles {
 public:
  void see(const JsonRecord& record);
  // The name that was asked for (UserError where no record has it), else the first common one that is there, else "".
  [[nodiscard]] std::string pick(const std::string& wanted, const std::vector<std::string>& common,
                                 std::string_view role) const;
  // In any record, and not null everywhere.
  [[nodiscard]] bool has(const std::string& name) const { return present_.contains(name); }
  [[nodiscard]] std::string list() const;

 private:
  std::set<std::string> known_;    // fields of any record
  std::set<std::string> present_;  // those that are not null everywhere
};

// A text or number as text; nothing where it is absent. Lists of steps are joined by line ends.
[[nodiscard]] std::optional<std::string> flexible_text(const JsonRecord& record, const std::string& field);

struct Label {
  bool right = false;
  bool unknown = false;
};
// true, 1, "correct", "equal", ...; nothing where it is absent. Throws UserError at the record's place for anything
// else.
[[nodiscard]] std::optional<Label> label_of(const JsonRecord& record, const std::string& field);

// log S of a score on that scale. Throws UserError at the record's place where it is out of range.
[[nodiscard]] double log_score(double value, ScoreScale scale, const JsonRecord& record, const std::string& field);

}  // namespace ft::rerank
