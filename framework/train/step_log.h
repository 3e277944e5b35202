// One JSON line a step, for people, plots and tests. Written by one rank; flushed line by line.
//
//   {"step":12,"num_steps":400,"loss":1.234,"terms":{"mle":1.234},"gradient_norm":0.8,"learning_rate":0.001,
//    "tokens":16310,"seconds":1.9,"tokens_per_second":8584.2,"of":"<owner>","sum":"<16 hexadecimal digits>"}
//   {"step":50,"validation_loss":1.1,"of":"...","sum":"..."}       with "measure", where one is looked at (accuracy, AUC)
//
// The sum is the head of the XXH3-128 of the line as it would be without it: a line with another byte in it is told from
// a record. The owner (base/owner.h) is the stage whose steps these are. Lines of older programs have none: they are foreign.
//
// A run that was killed may have logged steps that its checkpoint does not know of. Opening the log again drops those
// lines, a torn last one, and what is no record of a step: every step stands there once, whatever was interrupted. Where
// nothing is to be dropped the file is not touched; else it is replaced whole.
#pragma once

#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>

#include "framework/base/owner.h"
#include "framework/train/trainer.h"

namespace ft {

// What a training step's line says of its loss and gradient; nothing for other lines, torn, damaged and foreign ones too.
// Counts are 1 where the step had the term.
[[nodiscard]] std::optional<StepRecord> step_from_json(std::string_view line, const Owner& owner);
[[nodiscard]] std::string to_json_line(const StepRecord& record, const Owner& owner);
[[nodiscard]] std::string to_json_line(const ValidationRecord& record, const Owner& owner);

// A line that to_json_line() may have written for `owner`; nothing where it is torn, damaged (another sum) or foreign:
// of somebody else, no object, no whole number `step`, or another member of another kind.
[[nodiscard]] std::optional<nlohmann::ordered_json> read_step_line(const std::string& line, const Owner& owner);

// Whole lines of a step log that are none of these: damaged or foreign. 0 where there is no log. Throws Unreadable.
[[nodiscard]] std::int64_t count_foreign_lines(const std::filesystem::path& path, const Owner& owner);

class StepLog {
 public:
  // `owner`: whose steps. `step`: updates done already (0 at the start); later lines are dropped. Throws Error when the file cannot be
  // written, Unreadable when it cannot be read.
  StepLog(const std::filesystem::path& path, Owner owner, std::int64_t step);

  // Whole lines of an earlier start that were no records and are gone.
  [[nodiscard]] std::int64_t foreign_lines() const { return foreign_lines_; }

  // Throws Error when the line cannot be written (disk full).
  void write(const StepRecord& record) { write_line(to_json_line(record, owner_)); }
  void write(const ValidationRecord& record) { write_line(to_json_line(record, owner_)); }

 private:
  void write_line(const std::string& line);

  std::filesystem::path path_;
  Owner owner_;
  std::ofstream file_;
  std::int64_t foreign_lines_ = 0;
};

}  // namespace ft
