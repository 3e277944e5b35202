// Requests to stop from outside, and the run's own time limit. They set a flag; loops poll it, seal what they have and
// leave with exit code 75.
//
// Which signals: SIGUSR1 (mpirun and srun hand it on, batch scripts ask for it), SIGTERM (Slurm under srun, every
// shutdown), SIGINT and SIGQUIT (a person), SIGHUP (a terminal or connection that was closed), SIGUSR2 (a warning of SGE's
// `qsub -notify` and others), SIGXCPU (`ulimit -t`).
#pragma once

#include <functional>
#include <string_view>

namespace ft {

// The first that a process does: from then on a request to stop is kept until somebody asks for it, however long the
// program's libraries take to start. What the loader takes before that is as the kernel has it: the process is ended, and
// nothing has begun. Needs no library but the C library's system calls.
void hear_stop_signals();

// For runs. A SIGHUP that is ignored already stays so (nohup). A second SIGINT or SIGQUIT ends the process at
// once, for a person who will not wait. A limit of processor time gets room for a checkpoint before its end. Writing to a
// reader that went away, or beyond `ulimit -f`, becomes an error of that write instead of a signal.
void install_stop_signals();

// For commands whose only result is what they print: they end quietly when its reader has had enough (`| head -1`), and
// at once by what asks them to, also where it came since hear_stop_signals().
void end_as_others_do();

// True once a signal has come or `time_limit_seconds` (0 = none) have passed since this call, less the seconds that
// `lead` says at that moment, at most half of the limit. Cheap.
[[nodiscard]] std::function<bool()> make_stop_flag(double time_limit_seconds, std::function<double()> lead);

// Since the first signal; 0 when none has come.
[[nodiscard]] double seconds_since_stop_signal();
// "SIGTERM": the first signal that came; empty when none has.
[[nodiscard]] std::string_view stop_signal_name();

}  // namespace ft
