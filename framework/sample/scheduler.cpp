#include "framework/sample/scheduler.h"

#include <algorithm>
#include <functional>
#include <numeric>
#include <unordered_map>

#include "framework/base/error.h"

namespace ft {

Scheduler::Scheduler(int num_slots) : free_(static_cast<std::size_t>(num_slots)) {
  FT_CHECK(num_slots > 0, "decoding needs at least one slot, got {}", num_slots);
  std::iota(free_.begin(), free_.end(), 0);  // increasing, so a heap already
}

void Scheduler::add(std::span<const int> prompts) {
  FT_CHECK(next_ == order_.size(), "{} requests wait still", order_.size() - next_);
  prompts_.assign(prompts.begin(), prompts.end());
  order_.resize(prompts.size());
  next_ = 0;
  std::unordered_map<int, std::size_t> first_seen;
  for (const int prompt : prompts_) first_seen.emplace(prompt, first_seen.size());
  std::iota(order_.begin(), order_.end(), std::size_t{0});
  std::ranges::stable_sort(order_, {}, [&](std::size_t request) { return first_seen.at(prompts_[request]); });
}

std::optional<Admission> Scheduler::admit() {
  if (next_ == order_.size() || free_.empty()) return std::nullopt;
  std::ranges::pop_heap(free_, std::greater<>());
  Admission admission{.request = order_[next_], .prompt = prompts_[order_[next_]], .slot = free_.back()};
  admission.first_of_prompt = next_starts_prompt();
  free_.pop_back();
  active_.push_back(admission.slot);
  ++next_;
  admission.last_of_prompt = next_ == order_.size() || prompts_[order_[next_]] != admission.prompt;
  return admission;
}

bool Scheduler::next_starts_prompt() const {
  return next_ < order_.size() && (next_ == 0 || prompts_[order_[next_ - 1]] != prompts_[order_[next_]]);
}

void Scheduler::release(int slot) {
  const auto place = std::ranges::find(active_, slot);
  FT_CHECK(place != active_.end(), "slot {} is not in use", slot);
  active_.erase(place);
  free_.push_back(slot);
  std::ranges::push_heap(free_, std::greater<>());
}

}  // namespace ft
