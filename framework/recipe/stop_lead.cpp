#include "framework/recipe/stop_lead.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <fstream>

#include "framework/base/clock.h"
#include "framework/store/files.h"

namespace ft {

StopLead::StopLead(std::filesystem::path run_folder) : run_folder_(std::move(run_folder)), last_poll_(monotonic_seconds()) {
  std::ifstream file(run_folder_ / kFile);
  if (!(file >> earlier_)) earlier_ = 0;
  earlier_ *= 0.8;  // one slow day is not remembered for ever
}

void StopLead::polled() {
  const double now = monotonic_seconds();
  longest_gap_ = std::max(longest_gap_, now - last_poll_);
  last_poll_ = now;
}

void StopLead::saved(double seconds) { longest_save_ = std::max(longest_save_, seconds); }

double StopLead::seconds() const { return std::max(earlier_, std::ceil(2 * (longest_save_ + longest_gap_) + 5)); }

bool StopLead::write() {
  const int now = static_cast<int>(seconds());
  if (now <= written_) return false;
  replace_file(run_folder_ / kFile, fmt::format("{}\n", now));
  const bool news = now > 1.2 * written_;
  written_ = now;
  return news;
}

}  // namespace ft
