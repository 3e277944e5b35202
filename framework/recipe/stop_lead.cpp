#include "framework/recipe/stop_lead.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <sstream>

#include "framework/base/clock.h"
#include "framework/store/files.h"

namespace ft {
namespace {

constexpr double kWindowSeconds = 300;

}  // namespace

StopLead::StopLead(std::filesystem::path run_folder) : run_folder_(std::move(run_folder)) {
  if (look_through(run_folder_ / kFile).kind == Found::Kind::dangling) return;  // the plan tells of it
  std::istringstream text(read_if_there(run_folder_ / kFile).value_or(""));
  if (!(text >> earlier_)) earlier_ = 0;
}

void StopLead::begin_work() {
  at_work_ = true;
  last_poll_ = window_begin_ = monotonic_seconds();
  gaps_ = {0, 0};  // another stage's
}

void StopLead::polled() {
  if (!at_work_) return;
  const double now = monotonic_seconds();
  if (now - window_begin_ > kWindowSeconds) {
    gaps_ = {0, gaps_[0]};
    window_begin_ = now;
  }
  gaps_[0] = std::max(gaps_[0], now - last_poll_);
  last_poll_ = now;
}

void StopLead::saved(double seconds) {
  longest_save_ = std::max(longest_save_, seconds);
  measured_ = true;
}

double StopLead::seconds() const {
  const double own = std::ceil(1.5 * (longest_save_ + std::max(gaps_[0], gaps_[1])) + 5);
  return measured_ ? own : std::max(earlier_, own);
}

bool StopLead::write() {
  const int now = static_cast<int>(seconds());
  if (now == written_) return false;
  replace_file(run_folder_ / kFile, fmt::format("{}\n", now));
  const bool news = now > 1.2 * written_ || now < 0.6 * written_;
  written_ = now;
  return news;
}

}  // namespace ft
