// How a rank waits for others: it spins while every rank has a core, gives its core away when there are more ranks than
// cores, and sleeps when the wait is long (another rank writes a checkpoint, or the machine is shared).
//
//   for (Backoff backoff(spins); !arrived();) backoff.pause();
#pragma once

#include <sched.h>
#include <time.h>
#include <unistd.h>

namespace ft {

class Backoff {
 public:
  // `spins`: how often to look again before the core is given away; see spins_for.
  explicit Backoff(int spins) : spins_left_(spins) {}

  // Waits a little: nothing, then a yield, then up to 200 microseconds.
  void pause() {
    if (spins_left_ > 0) {
      --spins_left_;
#if defined(__x86_64__)
      __builtin_ia32_pause();
#endif
      return;
    }
    if (yields_left_ > 0) {
      --yields_left_;
      sched_yield();
      return;
    }
    const timespec sleep{0, nanoseconds_};
    nanosleep(&sleep, nullptr);
    if (nanoseconds_ < 200'000) nanoseconds_ *= 2;
  }

  // Whether the wait is long enough by now for a look at rarer things.
  [[nodiscard]] bool spinning() const { return spins_left_ > 0; }

  [[nodiscard]] static int spins_for(int ranks_on_host) {
    return ranks_on_host <= sysconf(_SC_NPROCESSORS_ONLN) ? 20'000 : 0;
  }

 private:
  int spins_left_;
  int yields_left_ = 2'000;
  long nanoseconds_ = 20'000;
};

}  // namespace ft
