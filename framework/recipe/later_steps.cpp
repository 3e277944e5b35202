#include "framework/recipe/later_steps.h"

#include <algorithm>

#include "framework/base/reading.h"
#include "framework/store/files.h"
#include "framework/train/step_log.h"

namespace ft {
namespace {

// Of whole lines; 0 where there are none.
std::int64_t last_step_in(const std::filesystem::path& log, const Owner& owner) {
  std::int64_t last = 0;
  if (!is_there(log)) return last;
  LineReader lines(log);
  for (std::string line; lines.next(line);) {
    if (lines.torn()) continue;
    if (const auto json = read_step_line(line, owner)) last = std::max(last, json->at("step").get<std::int64_t>());
  }
  return last;
}

}  // namespace

void keep_later_steps(const std::filesystem::path& folder, const Owner& owner, std::int64_t step, std::int64_t newest) {
  const std::filesystem::path log = folder / "steps.jsonl", later = folder / kLaterSteps;
  const std::int64_t logged = last_step_in(log, owner), kept = last_step_in(later, owner);
  if (logged < step && kept >= step) {
    replace_file(log, read_file(later));
  } else if (newest > step && logged >= newest && logged > kept) {
    replace_file(later, read_file(log));
  }
}

}  // namespace ft
