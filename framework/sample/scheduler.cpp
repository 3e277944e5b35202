#include "framework/sample/scheduler.h"

#include <algorithm>
#include <numeric>

#include "framework/base/error.h"

namespace ft {

Scheduler::Scheduler(NextPrompt next, int num_slots)
    : next_prompt_(std::move(next)), free_(static_cast<std::size_t>(num_slots)) {
  FT_CHECK(num_slots > 0, "decoding needs at least one slot, got {}", num_slots);
  std::iota(free_.begin(), free_.end(), 0);  // increasing, so a heap already
  count_ = next_prompt_();
}

std::optional<Admission> Scheduler::admit() {
  if (!waits() || free_.empty()) return std::nullopt;
  std::ranges::pop_heap(free_, std::greater<>());
  Admission admission{.prompt = prompt_, .attempt = next_, .slot = free_.back(), .first_of_prompt = next_ == 0};
  free_.pop_back();
  active_.push_back(admission.slot);
  admission.last_of_prompt = ++next_ == count_;
  if (admission.last_of_prompt) {
    ++prompt_;
    next_ = 0;
    count_ = next_prompt_();
  }
  return admission;
}

void Scheduler::release(int slot) {
  const auto place = std::ranges::find(active_, slot);
  FT_CHECK(place != active_.end(), "slot {} is not in use", slot);
  active_.erase(place);
  free_.push_back(slot);
  std::ranges::push_heap(free_, std::greater<>());
}

}  // namespace ft
