#include "framework/recipe/run_records.h"

#include <fmt/format.h>

#include "framework/store/append_log.h"
#include "framework/store/last_start.h"
#include "framework/store/lock.h"

namespace ft {

std::vector<std::string> RecordDamage::all() const {
  std::vector<std::string> texts = ledger;
  if (!last_start.empty()) texts.push_back(last_start);
  return texts;
}

RecordDamage damage_of_records(const std::filesystem::path& run) {
  RecordDamage damage;
  const PieceCounts counts = read_pieces({run / "ledger.jsonl"}, [](std::string_view) {});
  if (counts.damaged > 0 || (counts.torn > 0 && !RunLock::holder_of(run))) {
    for (const std::string& complaint : counts.complaints)
      damage.ledger.push_back(
          fmt::format("{}; times that it told are missing in plan and report, results are not "
                      "touched by it",
                      (run / complaint).string()));
  }
  try {
    (void)read_last_start(run);
  } catch (const BrokenRecord& broken) {
    damage.last_start = broken.what();
  }
  return damage;
}

}  // namespace ft
