// The counter among processes (shared_counter.h), over whatever Transport there is.
#pragma once

#include <atomic>
#include <string>

#include "framework/comm/shared_counter.h"
#include "framework/comm/transport.h"

namespace ft {

class TransportCounter final : public SharedCounter {
 public:
  // Collective. `comm` works over `transport`; both must outlive this. One counter of a communicator at a time.
  TransportCounter(Communicator& comm, Transport& transport, Name name);

  [[nodiscard]] std::int64_t take(std::int64_t count) override;
  void serve() override;
  [[nodiscard]] std::int64_t taken() const override;
  void finish() override;

 private:
  void answer(const Note& note);

  Communicator& comm_;
  Transport& transport_;
  std::string name_;
  std::int64_t far_ranks_ = 0;                   // of other hosts than rank 0's
  std::int64_t far_done_ = 0;                    // of those, as rank 0 knows
  std::atomic<std::int64_t> own_ = 0;            // where rank 0 is alone on its host
  std::atomic<std::int64_t>* number_ = nullptr;  // null on other hosts
  std::int64_t last_ = 0;                        // behind what this rank took last
};

}  // namespace ft
