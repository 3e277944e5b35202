#include "launch/signals.h"

#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <csignal>
#include <utility>

#include "framework/base/clock.h"

namespace ft {
namespace {

// A handler can reach nothing but what has static storage; it may only set a flag of this type.
volatile std::sig_atomic_t stop_signals = 0;
std::atomic<double> stop_signal_time{0};
static_assert(std::atomic<double>::is_always_lock_free);

extern "C" void on_stop_signal(int signal) {
  if (signal == SIGINT && stop_signals != 0) _exit(130);
  if (stop_signals == 0) stop_signal_time = monotonic_seconds();
  stop_signals = 1;
}

}  // namespace

void install_stop_signals() {
  struct sigaction action = {};
  action.sa_handler = on_stop_signal;
  sigemptyset(&action.sa_mask);
  action.sa_flags = SA_RESTART;
  for (const int signal : {SIGUSR1, SIGTERM, SIGINT}) sigaction(signal, &action, nullptr);
  // A file beyond `ulimit -f` is then a failed write with a message, like a full disk.
  std::signal(SIGXFSZ, SIG_IGN);
}

std::function<bool()> make_stop_flag(double time_limit_seconds, std::function<double()> lead) {
  const double start = monotonic_seconds();
  return [start, limit = time_limit_seconds, lead = std::move(lead)] {
    if (stop_signals != 0) return true;
    return limit > 0 && monotonic_seconds() - start >= std::max(limit / 2, limit - lead());
  };
}

double seconds_since_stop_signal() {
  const double then = stop_signal_time;
  return then == 0 ? 0 : monotonic_seconds() - then;
}

}  // namespace ft
