// Values of labelled attempts as other people write them: labels as words or numbers, answers as numbers or lists,
// rewards on any scale and by steps; and which fields a file has, and of what kinds.
#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "framework/records/record.h"
#include "framework/rerank/labelled_file.h"

namespace ft::rerank {

// What was seen of a field in a set of records.
struct FieldFacts {
  int count = 0;  // of records where it is not null
  bool texts = false, numbers = false, booleans = false, objects = false, conversations = false;
  bool text_lists = false, number_lists = false, boolean_lists = false, nested_lists = false, object_lists = false;
  bool completions = false;    // a text that holds a worked solution
  double least = 0, most = 0;  // of the numbers
  [[nodiscard]] bool lists() const {
    return text_lists || number_lists || boolean_lists || nested_lists || object_lists;
  }
};

// Which fields a set of records has, and which of them plays a part.
class Roles {
 public:
  // Paths to look for, beside the names at the top.
  void watch(const std::string& path);
  void see(const records::Value& object);
  // The name that was asked for (UserError where no record has it), else the first common one that is there, else "".
  [[nodiscard]] std::string pick(const std::string& wanted, const std::vector<std::string>& common,
                                 std::string_view role) const;
  // In any record, and not null everywhere.
  [[nodiscard]] bool has(const std::string& name) const { return facts_.contains(name); }
  // All false where no record has it.
  [[nodiscard]] const FieldFacts& facts(const std::string& name) const;
  [[nodiscard]] std::string list() const;
  [[nodiscard]] const std::set<std::string>& names() const { return known_; }

 private:
  std::set<std::string> watched_;
  std::set<std::string> known_;              // fields of any record
  std::map<std::string, FieldFacts> facts_;  // of those that are not null everywhere
  std::set<std::string> paths_;              // within objects, to be named
};

// A text or number as it is written; of a conversation what its last assistant says, or its user. Nothing where it is
// absent. Lists of steps are joined by line ends. Throws UserError for an object, with the paths of what is in it.
enum class Part { problem, attempt };
[[nodiscard]] std::optional<std::string> flexible_text(const JsonRecord& record, const std::string& field, Part part);

// Whether a text is a worked solution and no bare answer: it has a mark in front of its answer, or is long.
[[nodiscard]] bool is_completion(const std::string& text);

// The answers of which any is right: a text, a number, or a list of them; what is blank is left out. Of a worked
// solution the answer at its end; `taken_from_solution` is then set.
[[nodiscard]] std::vector<std::string> reference_answers(const JsonRecord& record, const std::string& field,
                                                         bool& taken_from_solution);

// "[invalid]", "None", "N/A", "null", "nan", blanks: what programs write where there is no answer.
[[nodiscard]] bool is_placeholder(std::string_view answer);

struct Label {
  bool right = false;
  bool unknown = false;
};
// true, 1, "correct", "equal", ...; nothing where it is absent. Throws UserError at the record's place for anything
// else.
[[nodiscard]] std::optional<Label> label_of(const JsonRecord& record, const std::string& field);

// A number, one in a text, or a list of one number a step, brought to one; nothing where it is absent or an empty list.
// Throws UserError for what is no number.
[[nodiscard]] std::optional<double> score_of(const JsonRecord& record, const std::string& field, StepScores steps);
[[nodiscard]] double joined_steps(const std::vector<double>& scores, StepScores steps);
[[nodiscard]] std::string_view to_string(StepScores steps);

// log S of a score on that scale. Throws UserError at the record's place where it is out of range.
[[nodiscard]] double log_score(double value, ScoreScale scale, const JsonRecord& record, const std::string& field);

}  // namespace ft::rerank
