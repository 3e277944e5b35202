#include "launch/signals.h"

#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <csignal>
#include <utility>

#include "framework/base/clock.h"

namespace ft {
namespace {

constexpr std::array<std::pair<int, std::string_view>, 7> kStopSignals{{{SIGUSR1, "SIGUSR1"},
                                                                        {SIGTERM, "SIGTERM"},
                                                                        {SIGINT, "SIGINT"},
                                                                        {SIGQUIT, "SIGQUIT"},
                                                                        {SIGHUP, "SIGHUP"},
                                                                        {SIGUSR2, "SIGUSR2"},
                                                                        {SIGXCPU, "SIGXCPU"}}};

// A handler can reach nothing but what has static storage; it may only set a flag of this type.
volatile std::sig_atomic_t stop_signal = 0;  // the first one
std::atomic<double> stop_signal_time{0};
static_assert(std::atomic<double>::is_always_lock_free);

extern "C" void on_stop_signal(int signal) {
  if ((signal == SIGINT || signal == SIGQUIT) && stop_signal != 0) _exit(128 + signal);
  if (stop_signal != 0) return;
  stop_signal_time = monotonic_seconds();
  stop_signal = signal;
}

bool is_ignored(int signal) {
  struct sigaction present = {};
  return sigaction(signal, nullptr, &present) == 0 && present.sa_handler == SIG_IGN;
}

void on_each_stop_signal(void (*handler)(int)) {
  struct sigaction action = {};
  action.sa_handler = handler;
  sigemptyset(&action.sa_mask);
  action.sa_flags = SA_RESTART;
  for (const auto& [signal, name] : kStopSignals) {
    if (signal != SIGHUP || !is_ignored(SIGHUP)) sigaction(signal, &action, nullptr);
  }
}

// At the hard limit the kernel kills; SIGXCPU comes at the soft one, and `ulimit -t` sets both to the same.
void leave_processor_time_for_the_end() {
  rlimit limit{};
  if (getrlimit(RLIMIT_CPU, &limit) != 0 || limit.rlim_max == RLIM_INFINITY) return;
  const rlim_t lead = std::clamp<rlim_t>(limit.rlim_max / 4, 1, 60);
  if (limit.rlim_max <= lead || limit.rlim_cur + lead <= limit.rlim_max) return;
  limit.rlim_cur = limit.rlim_max - lead;
  setrlimit(RLIMIT_CPU, &limit);
}

}  // namespace

void hear_stop_signals() { on_each_stop_signal(on_stop_signal); }

void install_stop_signals() {
  hear_stop_signals();
  for (const int signal : {SIGXFSZ, SIGPIPE}) std::signal(signal, SIG_IGN);
  leave_processor_time_for_the_end();
}

void end_as_others_do() {
  on_each_stop_signal(SIG_DFL);
  std::signal(SIGPIPE, SIG_DFL);
  if (const int came = stop_signal; came != 0) raise(came);
}

std::function<bool()> make_stop_flag(double time_limit_seconds, std::function<double()> lead) {
  const double start = monotonic_seconds();
  return [start, limit = time_limit_seconds, lead = std::move(lead)] {
    if (stop_signal != 0) return true;
    return limit > 0 && monotonic_seconds() - start >= std::max(limit / 2, limit - lead());
  };
}

double seconds_since_stop_signal() {
  const double then = stop_signal_time;
  return then == 0 ? 0 : monotonic_seconds() - then;
}

std::string_view stop_signal_name() {
  const auto* found = std::ranges::find(kStopSignals, int{stop_signal}, &std::pair<int, std::string_view>::first);
  return found == kStopSignals.end() ? "" : found->second;
}

}  // namespace ft
