#include "framework/recipe/progress_line.h"

#include <unistd.h>

#include <algorithm>
#include <cstdio>

namespace ft {

std::string duration_text(double seconds) {
  const auto s = static_cast<std::int64_t>(seconds + 0.5);
  if (s < 60) return fmt::format("{} s", s);
  if (s < 3600) return fmt::format("{} min {} s", s / 60, s % 60);
  return fmt::format("{} h {} min", s / 3600, s % 3600 / 60);
}

ProgressLine::ProgressLine(Logger& log, bool terminal) : log_(log), terminal_(terminal && log.informs()) {}

void ProgressLine::begin(std::string_view what, std::int64_t total, std::int64_t done) {
  what_ = what;
  total_ = total;
  first_ = done;
  since_begin_.restart();
  last_shown_ = 0;
  last_line_.clear();
}

std::string ProgressLine::line(std::int64_t done, std::string_view detail, std::optional<double> seconds_left) const {
  std::string text = fmt::format("{}: {} of {}", what_, done, total_);
  if (!detail.empty()) text += fmt::format(", {}", detail);
  if (done > first_ && done < total_) {
    const double at_this_rate =
        since_begin_.seconds() / static_cast<double>(done - first_) * static_cast<double>(total_ - done);
    text += fmt::format(", {} left", duration_text(seconds_left.value_or(at_this_rate)));
  }
  return text;
}

void ProgressLine::update(std::int64_t done, std::string_view detail, std::optional<double> seconds_left) {
  if (!log_.informs()) return;
  const double now = since_begin_.seconds();
  const double interval = terminal_ ? 0.1 : 10.0;
  const bool last = done == total_;
  if (!last && now - last_shown_ < interval) return;
  last_shown_ = now;
  last_line_ = line(done, detail, seconds_left);
  if (terminal_) {
    const std::string text = "\r\033[K" + last_line_;
    [[maybe_unused]] const auto written = ::write(STDERR_FILENO, text.data(), text.size());
  } else {
    log_.info_line(last_line_);
  }
}

void ProgressLine::end() {
  if (terminal_ && !last_line_.empty()) {
    [[maybe_unused]] const auto written = ::write(STDERR_FILENO, "\n", 1);
  }
  last_line_.clear();
}

}  // namespace ft
