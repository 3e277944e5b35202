#include "launch/signals.h"

#include <unistd.h>

#include <csignal>

#include "framework/base/clock.h"

namespace ft {
namespace {

// A handler can reach nothing but what has static storage; it may only set a flag of this type.
volatile std::sig_atomic_t stop_signals = 0;

extern "C" void on_stop_signal(int signal) {
  if (signal == SIGINT && stop_signals != 0) _exit(130);
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

std::function<bool()> make_stop_flag(double time_limit_seconds) {
  const double deadline = time_limit_seconds > 0 ? monotonic_seconds() + time_limit_seconds : 0;
  return [deadline] { return stop_signals != 0 || (deadline > 0 && monotonic_seconds() >= deadline); };
}

}  // namespace ft
