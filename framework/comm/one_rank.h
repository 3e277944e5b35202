// Work that rank 0 does on behalf of all, with the same outcome for all.
//
//   const std::string digest = on_rank_zero(world, "digest of the model", [&] { return sha256_file(path); });
//
// A failure of rank 0 is everyone's, with the same kind and message: nobody is left waiting, and the job ends in order.
#pragma once

#include <functional>
#include <string>

#include "framework/comm/communicator.h"

namespace ft {

// Collective: what `action` returns on rank 0, on every rank. Throws on all of them what it throws there, as UserError,
// StopRequested or Error. `action` exchanges nothing.
std::string on_rank_zero(Communicator& world, Name name, const std::function<std::string()>& action);

// Collective: every rank does its `work`, which exchanges nothing over `world` and may leave by StopRequested. Where
// one does, all throw StopRequested. Other errors are thrown where they happen.
void stop_together(Communicator& world, Name name, const std::function<void()>& work);

}  // namespace ft
