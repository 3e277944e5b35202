#include "framework/recipe/stage_services.h"

#include <fmt/format.h>

#include "framework/comm/one_rank.h"
#include "framework/store/sealed_folder.h"

namespace ft {

void StageStop::check() const {
  if (flag_()) throw StopRequested(fmt::format("stopped on request in stage '{}'", stage_));
}

// Rank 0 must know of damage that another one has met: it is the one that has the folders looked at again.
void StageServices::together(Name name, const std::function<void()>& work) const {
  std::string damage;
  stop_together(groups.world, name, [&] {
    try {
      work();
    } catch (const BrokenFolder& broken) {
      damage = broken.what();
    }
  });
  for (const std::string& of_rank : groups.world.all_gather_bytes(name, damage)) {
    if (!of_rank.empty()) throw BrokenFolder(of_rank);
  }
}

}  // namespace ft
