// Which output of each stage the run file of the last start means, kept as <run folder>/last_start.json.
//
// A run folder keeps the outputs of older settings. Which one is meant is a question of what was asked for last, not of
// what was written last: file times change with every copy. Paths are relative, so a run folder may be moved and copied.
//
//   write_last_start(run, {{"solver", "stages/solver-0123456789ab", "stages/solver-0123456789ab/output-e3b0c44298fc", ...}});
//   if (const auto start = read_last_start(run)) ... start->find("solver")
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "framework/base/error.h"

namespace ft {

inline constexpr std::string_view kLastStartName = "last_start.json";

struct MeantOutput {
  std::string stage;
  std::filesystem::path folder;  // of the stage, relative to the run folder
  std::filesystem::path output;  // in it; need not be there yet
  std::string identity;          // 64 hexadecimal digits
  std::string extent;            // lines "key: value"
  friend bool operator==(const MeantOutput&, const MeantOutput&) = default;
};

struct LastStart {
  std::vector<MeantOutput> outputs;  // in the order of the run file

  [[nodiscard]] const MeantOutput* find(std::string_view stage) const;  // nullptr: the run file has no such stage
  // Of a stage's folder, which is named by its last component; nullptr when the last start means none in it.
  [[nodiscard]] const MeantOutput* find_folder(const std::filesystem::path& folder) const;
};

// The record is there, and cannot be understood or says of one output two things.
class BrokenRecord : public Error {
  using Error::Error;
};

// Replaces the record, atomically and durably. Only for who holds the run's lock.
void write_last_start(const std::filesystem::path& run, const LastStart& start);

// None where there is no record: no run folder, or one of an older program. Throws BrokenRecord, and
// Unreadable where it cannot be read.
[[nodiscard]] std::optional<LastStart> read_last_start(const std::filesystem::path& run);

}  // namespace ft
