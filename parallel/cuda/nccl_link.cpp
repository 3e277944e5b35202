#include "parallel/cuda/nccl_link.h"

#include <algorithm>
#include <exception>

#include "framework/base/error.h"

namespace ft {
namespace {

std::string text_of(std::chrono::milliseconds time) {
  return time.count() % 1000 == 0 ? fmt::format("{} s", time.count() / 1000) : fmt::format("{} ms", time.count());
}

}  // namespace

NcclLink::NcclLink(const NcclApi& api, int rank, int size, const std::string& id, NcclLimits limits)
    : api_(api), rank_(rank), size_(size), limits_(limits), exceptions_(std::uncaught_exceptions()) {
  FT_CHECK(id.size() == kNcclIdBytes, "NCCL's id has {} bytes, not {}", kNcclIdBytes, id.size());
  {
    std::unique_lock lock(mutex_);
    const int result = api_.init_rank(&comm_, size, id.data(), rank);
    settle(lock, result, fmt::format("the start of NCCL on {} ranks", size));
  }
  thread_ = std::thread([this] { watch_until_end(); });
}

NcclLink::~NcclLink() {
  {
    const std::lock_guard lock(mutex_);
    stop_ = true;
  }
  wake_.notify_all();
  if (thread_.joinable()) thread_.join();
  std::unique_lock lock(mutex_);
  if (comm_ == nullptr) return;
  if (std::uncaught_exceptions() > exceptions_) {
    api_.abort(comm_);
    return;
  }
  try {
    settle(lock, api_.finalize(comm_), "the end of NCCL");
    api_.destroy(comm_);
  } catch (const std::exception&) {
    // It has been aborted: that is an end, too, and all exchanges were over before.
  }
}

void NcclLink::launch(Name name, const std::function<int(const NcclApi&, ncclComm*)>& calls) {
  std::unique_lock lock(mutex_);
  if (!failure_.empty()) throw_failure();
  int result = api_.group_start();
  if (result == kNcclSuccess) {
    const int called = calls(api_, comm_);
    result = api_.group_end();
    if (called != kNcclSuccess && called != kNcclInProgress) result = called;
  }
  settle(lock, result, fmt::format("exchange '{}'", name));
}

void NcclLink::settle(std::unique_lock<std::mutex>& lock, int result, const std::string& what) {
  const Clock::time_point start = Clock::now();
  for (auto pause = std::chrono::microseconds(20); result == kNcclInProgress;
       pause = std::min(pause * 2, std::chrono::microseconds(2000))) {
    if (Clock::now() - start > limits_.limit) {
      fail_locked(fmt::format("{}: NCCL did not get through within {}: another rank has died or never came", what,
                              text_of(limits_.limit)));
      break;
    }
    lock.unlock();
    std::this_thread::sleep_for(pause);
    lock.lock();
    if (!failure_.empty()) break;
    const int asked = api_.async_error(comm_, &result);
    if (asked != kNcclSuccess) result = asked;
  }
  if (failure_.empty() && result != kNcclSuccess) fail_locked(fmt::format("{} failed: {}", what, meaning_of(result)));
  if (!failure_.empty()) throw_failure();
}

std::shared_ptr<StreamMark> NcclLink::watch(Name name, const std::function<std::shared_ptr<StreamMark>()>& enqueue) {
  {
    const std::lock_guard lock(mutex_);
    if (!failure_.empty()) throw_failure();
    started_.push_back({std::string(name), nullptr, Clock::now()});
  }
  std::shared_ptr<StreamMark> mark;
  try {
    mark = enqueue();
  } catch (const std::exception&) {
    const std::lock_guard lock(mutex_);
    if (!started_.empty()) started_.pop_back();
    throw;
  }
  const std::lock_guard lock(mutex_);
  if (!failure_.empty()) throw_failure();
  started_.back().mark = mark;
  return mark;
}

void NcclLink::check() const {
  const std::lock_guard lock(mutex_);
  if (!failure_.empty()) throw_failure();
}

void NcclLink::throw_failure() const { throw Error(failure_); }

std::string NcclLink::meaning_of(int result) const {
  const char* meaning = api_.error_string(result);
  const char* detail = comm_ == nullptr ? nullptr : api_.last_error(comm_);
  std::string text = fmt::format("NCCL says '{}'", meaning == nullptr ? "?" : meaning);
  if (detail != nullptr && *detail != '\0') text += fmt::format(" ({})", detail);
  return text + "; NCCL_DEBUG=INFO in the environment makes it say more";
}

void NcclLink::fail_locked(std::string why) {
  failure_ = std::move(why);
  if (comm_ != nullptr) api_.abort(comm_);
  comm_ = nullptr;
  started_.clear();
}

void NcclLink::look() {
  int result = kNcclSuccess;
  const int asked = api_.async_error(comm_, &result);
  if (asked != kNcclSuccess) result = asked;
  const std::string during = started_.empty() ? "" : fmt::format(" during exchange '{}'", started_.front().name);
  if (result != kNcclSuccess && result != kNcclInProgress) {
    return fail_locked(fmt::format("rank {} of {} lost the others{}: {}", rank_, size_, during, meaning_of(result)));
  }
  try {
    while (!started_.empty() && started_.front().mark && started_.front().mark->reached()) started_.pop_front();
  } catch (const std::exception& error) {
    return fail_locked(fmt::format("rank {} of {}{}: {}", rank_, size_, during, error.what()));
  }
  if (!started_.empty() && Clock::now() - started_.front().start > limits_.limit) {
    fail_locked(
        fmt::format("exchange '{}' was not over after {} on rank {} of {}: another rank has died, hangs, or is in "
                    "another exchange",
                    started_.front().name, text_of(limits_.limit), rank_, size_));
  }
}

void NcclLink::watch_until_end() {
  std::unique_lock lock(mutex_);
  while (!stop_ && failure_.empty()) {
    look();
    wake_.wait_for(lock, limits_.poll, [&] { return stop_; });
  }
}

}  // namespace ft
