// Who is decoded when: attempts take slots as others leave them, prompt by prompt, so that each prompt is computed
// once.
//
// Pure bookkeeping, no tensors. The order of completion depends on it; the content of attempts does not.
//
//   Scheduler scheduler([&] { return how many attempts the next prompt gets; 0 behind the last one }, slots);
//   while (!scheduler.done()) {
//     while (auto a = scheduler.admit()) { if (a->first_of_prompt) prefill(a->prompt); ... }
//     decode(scheduler.active()) ...; scheduler.release(slot);
//   }
#pragma once

#include <cstddef>
#include <functional>
#include <optional>
#include <vector>

namespace ft {

struct Admission {
  std::size_t prompt = 0;        // counted from 0, in the order of service
  std::size_t attempt = 0;       // of those at the prompt
  int slot = 0;                  // its place until release()
  bool first_of_prompt = false;  // no attempt at this prompt was admitted before
  bool last_of_prompt = false;   // none waits
};

class Scheduler {
 public:
  // Asked for the next prompt as soon as no attempt at the one before it waits.
  using NextPrompt = std::function<std::size_t()>;
  // Prompts are served one after the other. Lower slots are taken first.
  Scheduler(NextPrompt next, int num_slots);

  // The next waiting attempt, if a slot is free.
  [[nodiscard]] std::optional<Admission> admit();
  // Would the next admission, if any attempt waits, be the first of its prompt?
  [[nodiscard]] bool next_starts_prompt() const { return waits() && next_ == 0; }
  // The attempt in `slot` has ended.
  void release(int slot);

  // Slots in use, in the order of admission.
  [[nodiscard]] const std::vector<int>& active() const { return active_; }
  [[nodiscard]] bool done() const { return active_.empty() && !waits(); }

 private:
  [[nodiscard]] bool waits() const { return next_ < count_; }

  NextPrompt next_prompt_;
  std::size_t prompt_ = 0, next_ = 0,
              count_ = 0;  // the prompt that is served; which of its attempts is next, of how many
  std::vector<int> free_;  // a heap, lowest slot on top
  std::vector<int> active_;
};

}  // namespace ft
