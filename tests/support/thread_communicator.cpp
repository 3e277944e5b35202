#include "tests/support/thread_communicator.h"

#include <ATen/Parallel.h>
#include <fmt/format.h>

#include <algorithm>
#include <condition_variable>
#include <exception>
#include <map>
#include <memory>
#include <mutex>
#include <thread>
#include <utility>
#include <vector>

#include "framework/comm/shared_memory_communicator.h"

namespace ft::testing {
namespace {

// What all threads of one run_ranks share: one lock for everything, as tests need no speed.
struct Job {
  std::mutex mutex;
  std::condition_variable changed;
  std::exception_ptr first_error;
  std::string why;          // not empty: the job has failed
  std::vector<bool> ended;  // by world rank

  // Keeps the first error. The caller holds the mutex.
  void fail(std::exception_ptr error, std::string reason) {
    if (!why.empty()) return;
    first_error = std::move(error);
    why = std::move(reason);
    changed.notify_all();
  }
};

// The ranks of one communicator.
struct Group {
  Group(std::vector<int> world_ranks, std::size_t buffer_bytes)
      : members(std::move(world_ranks)),
        capacity(buffer_bytes),
        arrived(members.size(), false),
        keys(members.size()),
        children(members.size()),
        memory(members.size() * 2 * buffer_bytes / 64) {}

  struct alignas(64) Line {
    std::byte bytes[64];
  };

  std::vector<int> members;
  std::size_t capacity;
  std::vector<bool> arrived;
  std::size_t num_arrived = 0;
  std::uint64_t generation = 0;
  std::vector<std::pair<int, int>> keys;         // colour and key of a split in progress
  std::vector<std::shared_ptr<Group>> children;  // by the rank that made them
  std::vector<Line> memory;                      // buffer 0 and 1 of rank 0, of rank 1, ...
};

class ThreadBuffers final : public SharedBuffers {
 public:
  ThreadBuffers(std::shared_ptr<Job> job, std::shared_ptr<Group> group, int rank)
      : job_(std::move(job)), group_(std::move(group)), rank_(rank) {}

  int rank() const override { return rank_; }
  int size() const override { return static_cast<int>(group_->members.size()); }
  std::size_t capacity() const override { return group_->capacity; }
  std::byte* buffer(int rank, int which) const override {
    const std::size_t index = 2 * static_cast<std::size_t>(rank) + static_cast<std::size_t>(which);
    return group_->memory[index * group_->capacity / 64].bytes;
  }

  void meet() override {
    std::unique_lock lock(job_->mutex);
    Group& group = *group_;
    if (!job_->why.empty()) throw Error(job_->why);
    group.arrived[static_cast<std::size_t>(rank_)] = true;
    if (++group.num_arrived == group.members.size()) {
      group.arrived.assign(group.members.size(), false);
      group.num_arrived = 0;
      ++group.generation;
      job_->changed.notify_all();
      return;
    }
    const std::uint64_t generation = group.generation;
    while (group.generation == generation) {
      fail_when_someone_never_comes();
      if (!job_->why.empty()) throw Error(job_->why);
      job_->changed.wait(lock);
    }
  }

  std::unique_ptr<SharedBuffers> split(int colour, int key) override {
    const auto index = static_cast<std::size_t>(rank_);
    group_->keys[index] = {colour, key};
    meet();
    std::vector<std::pair<int, int>> order;  // (key, rank) of those of my colour
    for (int r = 0; r < size(); ++r) {
      const auto [their_colour, their_key] = group_->keys[static_cast<std::size_t>(r)];
      if (their_colour == colour) order.emplace_back(their_key, r);
    }
    std::ranges::sort(order);
    const auto maker = static_cast<std::size_t>(order.front().second);
    if (maker == index) {
      std::vector<int> world_ranks;
      for (const auto& [unused, r] : order) world_ranks.push_back(group_->members[static_cast<std::size_t>(r)]);
      group_->children[index] = std::make_shared<Group>(std::move(world_ranks), group_->capacity);
    }
    meet();
    std::shared_ptr<Group> child = group_->children[maker];
    meet();  // before a next split replaces it
    const auto mine = std::ranges::find(order, std::pair(key, rank_)) - order.begin();
    return std::make_unique<ThreadBuffers>(job_, std::move(child), static_cast<int>(mine));
  }

  [[noreturn]] void abort(std::string_view why, ExitCode code) override {
    const Error error(fmt::format("rank {} aborted with code {}: {}", rank_, static_cast<int>(code), why));
    const std::lock_guard lock(job_->mutex);
    job_->fail(std::make_exception_ptr(error), error.what());
    throw error;
  }

 private:
  // The caller holds the mutex.
  void fail_when_someone_never_comes() {
    const Group& group = *group_;
    for (std::size_t r = 0; r < group.members.size(); ++r) {
      if (group.arrived[r] || !job_->ended[static_cast<std::size_t>(group.members[r])]) continue;
      const Error error(fmt::format("rank {} has ended while rank {} waits for it", r, rank_));
      job_->fail(std::make_exception_ptr(error), error.what());
      return;
    }
  }

  std::shared_ptr<Job> job_;
  std::shared_ptr<Group> group_;
  int rank_;
};

void run_rank(const std::shared_ptr<Job>& job, const std::shared_ptr<Group>& world, int rank,
              const std::function<void(Communicator&)>& body) {
  at::set_num_threads(1);
  std::exception_ptr error;
  std::string why;
  try {
    SharedMemoryCommunicator comm(std::make_unique<ThreadBuffers>(job, world, rank));
    body(comm);
  } catch (const std::exception& caught) {
    error = std::current_exception();
    why = fmt::format("rank {} failed: {}", rank, caught.what());
  } catch (...) {  // doctest's REQUIRE throws a type of its own
    error = std::current_exception();
    why = fmt::format("rank {} failed", rank);
  }
  const std::lock_guard lock(job->mutex);
  if (error) job->fail(error, why);
  job->ended[static_cast<std::size_t>(rank)] = true;
  job->changed.notify_all();
}

}  // namespace

void run_ranks(int num_ranks, const std::function<void(Communicator&)>& body, std::size_t capacity) {
  FT_CHECK(num_ranks > 0 && capacity >= 1024 && capacity % 64 == 0, "{} ranks with buffers of {} bytes", num_ranks,
           capacity);
  const auto job = std::make_shared<Job>();
  job->ended.assign(static_cast<std::size_t>(num_ranks), false);
  std::vector<int> world_ranks;
  for (int rank = 0; rank < num_ranks; ++rank) world_ranks.push_back(rank);
  const auto world = std::make_shared<Group>(world_ranks, capacity);
  std::vector<std::thread> threads;
  for (int rank = 0; rank < num_ranks; ++rank) {
    threads.emplace_back([&, rank] { run_rank(job, world, rank, body); });
  }
  for (std::thread& thread : threads) thread.join();
  if (job->first_error) std::rethrow_exception(job->first_error);
}

}  // namespace ft::testing
