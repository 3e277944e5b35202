// Requests to stop from outside: SIGUSR1 (what mpirun forwards), SIGTERM (what Slurm sends under srun), SIGINT, and the
// run's own time limit. They set a flag; loops poll it, seal what they have and leave with exit code 75.
#pragma once

#include <functional>

namespace ft {

// Installs the handlers; the second SIGINT ends the process at once, for a person who will not wait.
void install_stop_signals();

// True once a signal has come or `time_limit_seconds` (0 = none) have passed since this call, less the seconds that
// `lead` says at that moment, at most half of the limit. Cheap.
[[nodiscard]] std::function<bool()> make_stop_flag(double time_limit_seconds, std::function<double()> lead);

// Since the first signal; 0 when none has come.
[[nodiscard]] double seconds_since_stop_signal();

}  // namespace ft
