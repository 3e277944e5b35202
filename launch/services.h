// Ties the rooms outside the framework to a run: problem sets, preset vocabularies, one-rank work.
#pragma once

#include <functional>

#include "framework/base/log.h"
#include "framework/comm/communicator.h"
#include "framework/recipe/run_plan.h"

namespace ft {

// `world` must outlive the services. `log` gets what problem sets have to say of themselves. `check_stop` and
// `digest_files`: as in RunServices. Models lie on `device`.
[[nodiscard]] RunServices make_services(Communicator& world, Logger& log, SharedDigester digest_files,
                                        std::function<void()> check_stop = {}, at::Device device = at::kCPU);

}  // namespace ft
