// What of a run's own records is not as a start wrote it: edited by hand, cut, overwritten. The ledger has a checksum a
// line; last_start.json has to be understood. Nothing is mended or removed here: it is said, with file and line, by the
// next start, `ftrun verify`, `ftrun inspect` and `ftrun plan`.
//
//   const RecordDamage damage = damage_of_records(run);
//   for (const std::string& text : damage.all()) log.warn("{}", text);
#pragma once

#include <filesystem>
#include <string>
#include <vector>

namespace ft {

struct RecordDamage {
  // A sentence for each of the first 20 lines, "runs/x/ledger.jsonl:17: ...". They cost times in plan and report, no result.
  std::vector<std::string> ledger;
  // Why nobody can tell which outputs the last start asked for; empty: one can, or there is no such record.
  std::string last_start;

  [[nodiscard]] std::vector<std::string> all() const;
};

// A last line of the ledger that was cut is damage only where nobody works in the folder, who may be writing it.
// Throws Unreadable.
[[nodiscard]] RecordDamage damage_of_records(const std::filesystem::path& run);

}  // namespace ft
