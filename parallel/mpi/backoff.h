// How a rank waits for others: it spins while every rank has a core, gives its core away when there are more ranks than
// cores, and sleeps when the wait is long (another rank writes a checkpoint, or the machine is shared).
//
// Bell: among processes that share memory; the one that rings wakes those who sleep. Backoff: where nobody can wake the
// sleeper (messages of MPI), which therefore looks again and again.
//
//   bell.wait(meeting, spins, [&] { look_whether_anyone_failed(); });                // others
//   bell.ring(meeting);                                                              // the last one
//
//   for (Backoff backoff(spins); !arrived();) backoff.pause();
#pragma once

#include <linux/futex.h>
#include <sched.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include <atomic>
#include <climits>
#include <cstdint>

namespace ft {

// How often a rank looks again before it gives its core away, where every rank has one: about a millisecond.
inline constexpr int kSpins = 20'000;

inline void spin_pause() {
#if defined(__x86_64__)
  __builtin_ia32_pause();
#endif
}

class Backoff {
 public:
  // `spins`: how often to look again before the core is given away; 0 where ranks share cores.
  explicit Backoff(int spins) : spins_left_(spins), yields_left_(spins > 0 ? 2'000 : 20) {}

  // Waits a little: nothing, then a yield, then up to 200 microseconds.
  void pause() {
    if (spins_left_ > 0) {
      --spins_left_;
      spin_pause();
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

 private:
  int spins_left_, yields_left_;
  long nanoseconds_ = 20'000;
};

// Lies in zeroed shared memory. Meetings are numbered 1, 2, ...; each is rung for once, in order.
class Bell {
 public:
  void ring(std::uint32_t meeting) {
    rung_.store(meeting);
    if (sleepers_.load() > 0) futex(FUTEX_WAKE, INT_MAX, nullptr);
  }

  // Returns when `meeting` has been rung for. `look` is called when the wait grows long, and then some 50 times a
  // second; it may throw.
  template <class Look>
  void wait(std::uint32_t meeting, int spins, Look look) {
    for (; spins > 0; --spins) {
      if (over(rung_.load(std::memory_order_acquire), meeting)) return;
      spin_pause();
    }
    for (;;) {
      const std::uint32_t seen = rung_.load();
      if (over(seen, meeting)) return;
      try {
        look();
      } catch (...) {
        if (over(rung_.load(), meeting))
          return;  // who failed came through this meeting first: the next one hears of it
        throw;
      }
      sleepers_.fetch_add(1);
      // Whoever rings after this count has gone up sees a sleeper; who rang before has changed what was seen, and the
      // kernel then does not put this thread to sleep.
      const timespec limit{0, 20'000'000};
      futex(FUTEX_WAIT, seen, &limit);
      sleepers_.fetch_sub(1);
    }
  }

 private:
  static bool over(std::uint32_t rung, std::uint32_t meeting) { return static_cast<std::int32_t>(rung - meeting) >= 0; }
  void futex(int operation, std::uint32_t value, const timespec* limit) {
    static_assert(sizeof rung_ == 4 && std::atomic<std::uint32_t>::is_always_lock_free);
    syscall(SYS_futex, reinterpret_cast<std::uint32_t*>(&rung_), operation, value, limit, nullptr, 0);
  }

  std::atomic<std::uint32_t> rung_, sleepers_;
};

}  // namespace ft
