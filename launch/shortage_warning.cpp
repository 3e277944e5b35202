#include "launch/shortage_warning.h"

#include <map>
#include <nlohmann/json.hpp>

#include "framework/base/units.h"
#include "framework/store/sealed_folder.h"
#include "launch/disk.h"
#include "launch/host_memory.h"

namespace ft {
namespace {

// Empty where the estimate cannot be made: what is wrong then, the stage itself will say.
std::vector<Footprint> footprints_of(const RunPlan& plan, const RunServices& services, const Grid& grid) {
  try {
    return Footprints(plan, services).all(grid);
  } catch (const std::exception&) {
    return {};
  }
}

// Empty where no stage needs a model.
Footprint largest_left(const RunPlan& plan, const std::vector<Footprint>& all) {
  Footprint largest;
  for (std::size_t i = 0; i < all.size(); ++i) {
    if (SealedFolder::looks_sealed(plan.stages[i].output)) continue;
    if (all[i].memory() > largest.memory()) largest = all[i];
  }
  return largest;
}

}  // namespace

void warn_of_shortage(const RunPlan& plan, const RunServices& services, Groups groups, const std::string& host,
                      Logger& log) {
  struct Host {
    std::int64_t free = 0;
    int ranks = 0;
  };
  const nlohmann::json mine = {{"host", host}, {"free", host_memory().free}};
  const auto all = groups.world.gather_bytes("memory of the hosts", mine.dump(-1, ' ', true), 0);
  if (groups.world.rank() != 0) return;
  std::map<std::string, Host> hosts;
  for (const std::string& text : all) {
    const nlohmann::json rank = nlohmann::json::parse(text);
    const std::int64_t free = rank["free"];
    Host& of_rank = hosts[rank["host"]];
    of_rank.free = of_rank.ranks++ == 0 ? free : std::min(of_rank.free, free);
  }
  int per_host = 0;
  for (const auto& [name, entry] : hosts) per_host = std::max(per_host, entry.ranks);
  const std::vector<Footprint> all_stages =
      footprints_of(plan, services, {groups.world.size(), groups.tensor.size(), per_host});
  if (all_stages.empty()) return;
  if (const std::string shortage = describe_shortage(plan.run.folder, disk_left_to_write(plan, all_stages));
      !shortage.empty())
    log.warn("{}", shortage);
  const Footprint largest = largest_left(plan, all_stages);
  const auto need = static_cast<double>(largest.memory());
  for (const auto& [name, entry] : hosts) {
    const double together = largest.on_host(entry.ranks, 0);  // what they hold already is not free any more
    if (together <= static_cast<double>(entry.free)) continue;
    log.warn(
        "stage '{}' needs about {} a rank ({}), {} in all for the {} of {}, which has {} free: it may be killed for "
        "it. Start fewer ranks a host, raise parallel.tensor, set training.recompute: layers, or lower "
        "training.tokens_per_micro_batch or slots",
        largest.stage, bytes_text(need), largest.parts_text(), bytes_text(together),
        entry.ranks == 1 ? "one rank" : fmt::format("{} ranks", entry.ranks), name,
        bytes_text(static_cast<double>(entry.free)));
  }
}

}  // namespace ft
