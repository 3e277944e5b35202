// Two clocks: one to measure with, one to tell people when.
//
//   const Stopwatch watch;  ...  log.info("step took {:.3f} s", watch.seconds());
//   manifest["created"] = utc_now();               // "2025-01-31T23:59:59Z"
#pragma once

#include <cstdint>
#include <string>

namespace ft {

// Seconds of a clock that never jumps; only differences mean anything.
[[nodiscard]] double monotonic_seconds();

// Seconds since 1970-01-01 UTC.
[[nodiscard]] std::int64_t unix_seconds();

// ISO 8601, to the second, UTC.
[[nodiscard]] std::string utc_text(std::int64_t unix_seconds);
[[nodiscard]] std::string utc_now();

class Stopwatch {
 public:
  Stopwatch() : start_(monotonic_seconds()) {}
  [[nodiscard]] double seconds() const { return monotonic_seconds() - start_; }
  void restart() { start_ = monotonic_seconds(); }

 private:
  double start_;
};

}  // namespace ft
