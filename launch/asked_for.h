// What of a run folder is asked for: the outputs that the record of the last start names, and the work of their stages. A
// folder keeps more than that: outputs of older settings, stages that were renamed or left out, what was set aside. Nobody
// reads those, so nothing that has happened to them makes a run unsound.
//
//   const AskedFor asked(run);
//   if (asked.output(folder)) ...
#pragma once

#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "framework/store/last_start.h"

namespace ft {

class AskedFor {
 public:
  // Without a record that can be understood, everything is asked for. Throws Unreadable.
  explicit AskedFor(std::filesystem::path run);

  // `folder`: of a stage; of an output in it.
  [[nodiscard]] bool stage(const std::filesystem::path& folder) const;
  [[nodiscard]] bool output(const std::filesystem::path& folder) const;

  // In the order of the run file, whether they are there or not; none without a record.
  [[nodiscard]] std::vector<MeantOutput> outputs() const;
  [[nodiscard]] std::filesystem::path place_of(const MeantOutput& meant) const { return run_ / meant.output; }
  // Those that are there, by the digests of their manifests. Throws Unreadable.
  [[nodiscard]] std::map<std::string, std::filesystem::path> standing() const;
  // The output that the same settings have under another name: of an output whose stage was renamed. Empty: none.
  [[nodiscard]] std::filesystem::path namesake_of(const std::filesystem::path& output) const;

 private:
  std::filesystem::path run_;
  std::optional<LastStart> start_;
};

}  // namespace ft
