// The hang report in the real program: where it lies, who prints it, and how every process of the job ends after it.
#pragma once

#include <filesystem>
#include <memory>
#include <string>

#include "framework/watch/hang_watch.h"

namespace ft {

// Collective. A watch over this rank (framework/watch/hang_watch.h) that lives as long as the result; null for a single
// rank and where `limit` (seconds) is 0. Reports lie in <run_folder>/hang/<start>. After a report every rank ends itself
// with exit code 1; ranks that cannot (stopped) are killed by one of their host.
[[nodiscard]] std::unique_ptr<HangWatch> watch_for_hangs(Communicator& world,
                                                         std::shared_ptr<const ExchangeTrace> trace,
                                                         const std::filesystem::path& run_folder, double limit,
                                                         const std::string& host);

}  // namespace ft
