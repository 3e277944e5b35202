// A run says at its start when it will hardly fit into the memory of its hosts or onto its disk: estimates may err, so it
// goes on.
#pragma once

#include <string>

#include "framework/base/log.h"
#include "framework/comm/groups.h"
#include "launch/footprint.h"

namespace ft {

// Collective over groups.world. Warns once for each host whose free memory is less than what its ranks need for the
// largest stage that is still to be done, and where the run's folder has less room than the stages left will write. `host` is this rank's.
void warn_of_shortage(const RunPlan& plan, const RunServices& services, Groups groups, const std::string& host,
                      Logger& log);

}  // namespace ft
