// One NCCL communicator under watch: what is given to it, whether it has failed, and its end.
//
// Communicators are non-blocking, and nobody waits for the device on the host: so somebody else must notice when
// another rank has died or never comes. A thread looks at the communicator and at the marks of started exchanges every
// `poll`. On an error, or when an exchange takes longer than `limit`, it aborts the communicator, which makes NCCL's
// kernels on this rank return, and keeps the reason: the next use throws it as an Error on the rank's own thread.
#pragma once

#include <chrono>
#include <condition_variable>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <thread>

#include "framework/comm/communicator.h"
#include "parallel/cuda/nccl_api.h"
#include "parallel/cuda/side_stream.h"

namespace ft {

struct NcclLimits {
  std::chrono::milliseconds limit = std::chrono::minutes(10);  // of one exchange, and of the start
  std::chrono::milliseconds poll = std::chrono::milliseconds(20);
};

class NcclLink {
 public:
  // Collective over the `size` ranks that have the same `id` (kNcclIdBytes). Throws Error when NCCL refuses, or the
  // others do not come within the limit.
  NcclLink(const NcclApi& api, int rank, int size, const std::string& id, NcclLimits limits);
  // Ends the communicator in order; aborts it while an exception is on its way, as the other ranks might never come.
  ~NcclLink();
  NcclLink(const NcclLink&) = delete;
  NcclLink& operator=(const NcclLink&) = delete;

  // Hands one or more calls to NCCL as one group; `calls` returns the first result that is no success. Throws Error
  // when the link has failed.
  void launch(Name name, const std::function<int(const NcclApi& api, ncclComm* comm)>& calls);
  // The exchange `name` begins; `enqueue` launches it and returns the mark at its end. Its time counts from now: giving
  // work to a device may block, too. Throws Error when the link has failed.
  std::shared_ptr<StreamMark> watch(Name name, const std::function<std::shared_ptr<StreamMark>()>& enqueue);
  // Throws Error when the link has failed.
  void check() const;

 private:
  using Clock = std::chrono::steady_clock;
  struct Started {
    std::string name;
    std::shared_ptr<StreamMark> mark;  // null until all of it has been given to the device
    Clock::time_point start;
  };

  void watch_until_end();
  void look();                        // one look of the thread; the caller holds the mutex
  void fail_locked(std::string why);  // the caller holds the mutex
  [[noreturn]] void throw_failure() const;
  std::string meaning_of(int result) const;
  // Until NCCL has taken what it was given. `lock` holds the mutex, also on return.
  void settle(std::unique_lock<std::mutex>& lock, int result, const std::string& what);

  const NcclApi api_;
  const int rank_, size_;
  const NcclLimits limits_;
  const int exceptions_;
  mutable std::mutex mutex_;
  std::condition_variable wake_;
  ncclComm* comm_ = nullptr;  // null once it has been aborted
  std::string failure_;       // not empty: it has failed
  std::deque<Started> started_;
  bool stop_ = false;
  std::thread thread_;
};

}  // namespace ft
