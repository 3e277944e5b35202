// Who is decoded when: attempts take slots as others leave them, prompt by prompt, so that each prompt is computed
// once.
//
// Pure bookkeeping, no tensors. The order of completion depends on it; the content of attempts does not.
//
//   Scheduler scheduler(slots);
//   scheduler.add(prompt_of_request);
//   while (!scheduler.done()) {
//     while (auto a = scheduler.admit()) { if (a->first_of_prompt) prefill(a->prompt); ... }
//     decode(scheduler.active()) ...; scheduler.release(slot);
//   }
#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <vector>

namespace ft {

struct Admission {
  std::size_t request = 0;       // index into the requests
  int prompt = 0;                // its prompt
  int slot = 0;                  // its place until release()
  bool first_of_prompt = false;  // no request of this prompt was admitted before
  bool last_of_prompt = false;   // none waits
};

class Scheduler {
 public:
  // Lower slots are taken first.
  explicit Scheduler(int num_slots);

  // More requests, when none waits; their numbers begin at 0 again. prompts[r] is the prompt of request r. They are served
  // prompt by prompt, in the order in which prompts first appear, and in their given order within a prompt.
  void add(std::span<const int> prompts);
  // Is a slot free, and nobody waits for it?
  [[nodiscard]] bool wants_more() const { return next_ == order_.size() && !free_.empty(); }

  // The next waiting request, if a slot is free.
  [[nodiscard]] std::optional<Admission> admit();
  // Would the next admission, if any request waits, be the first of its prompt?
  [[nodiscard]] bool next_starts_prompt() const;
  // The attempt in `slot` has ended.
  void release(int slot);

  // Slots in use, in the order of admission.
  [[nodiscard]] const std::vector<int>& active() const { return active_; }
  [[nodiscard]] bool done() const { return active_.empty() && next_ == order_.size(); }

 private:
  std::vector<std::size_t> order_;  // requests in the order of service
  std::vector<int> prompts_;        // by request
  std::size_t next_ = 0;            // into order_
  std::vector<int> free_;           // a heap, lowest slot on top
  std::vector<int> active_;
};

}  // namespace ft
