// One line that tells a person how far a stage is: rewritten in place in a terminal, a plain line now and then elsewhere.
//
//   ProgressLine progress(log, terminal);
//   progress.begin("solver", 3000);
//   progress.update(120, "loss 1.2345, 15,200 tokens/s");
//   progress.end();
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "framework/base/clock.h"
#include "framework/base/log.h"

namespace ft {

class ProgressLine {
 public:
  // `terminal`: standard error is a terminal, so the line may be rewritten. Ranks other than 0 stay silent.
  ProgressLine(Logger& log, bool terminal);

  void begin(std::string_view what, std::int64_t total, std::int64_t done = 0);
  // `done` of `total`; time left is estimated from what was done since begin(), unless the caller knows better.
  void update(std::int64_t done, std::string_view detail, std::optional<double> seconds_left = std::nullopt);
  // Leaves the last line standing.
  void end();

 private:
  std::string line(std::int64_t done, std::string_view detail, std::optional<double> seconds_left) const;
  Logger& log_;
  bool terminal_;
  std::string what_, last_line_;
  std::int64_t total_ = 0, first_ = 0;
  Stopwatch since_begin_;
  double last_shown_ = 0;
};

// "3 s", "2 min 5 s", "1 h 20 min".
[[nodiscard]] std::string duration_text(double seconds);

}  // namespace ft
