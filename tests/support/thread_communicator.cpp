#include "tests/support/thread_communicator.h"

#include <ATen/Parallel.h>
#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <deque>
#include <exception>
#include <map>
#include <memory>
#include <mutex>
#include <numeric>
#include <thread>
#include <utility>
#include <vector>

#include "framework/comm/transport_communicator.h"

namespace ft::testing {
namespace {

// What all threads of one run_ranks share: one lock for everything, as tests need no speed.
struct Job {
  std::mutex mutex;
  std::condition_variable changed;
  std::exception_ptr first_error;
  std::string why;               // not empty: the job has failed
  std::vector<bool> ended;       // by world rank
  std::vector<Traffic> traffic;  // by world rank

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
  Group(std::vector<int> ranks, std::vector<int> host_of_each, std::size_t buffer_bytes)
      : members(std::move(ranks)),
        hosts(std::move(host_of_each)),
        capacity(buffer_bytes),
        keys(members.size()),
        children(members.size()) {
    const int num_hosts = std::ranges::max(hosts) + 1;
    for (int host = 0; host < num_hosts; ++host) {
      std::vector<int> of_host;
      for (std::size_t r = 0; r < members.size(); ++r) {
        if (hosts[r] == host) of_host.push_back(static_cast<int>(r));
      }
      halls.emplace_back(std::move(of_host), buffer_bytes);
    }
    std::vector<int> all(members.size());
    std::iota(all.begin(), all.end(), 0);
    everybody = std::make_unique<Hall>(std::move(all), 0);
  }

  struct alignas(64) Line {
    std::byte bytes[64];
  };

  // Where some of the ranks meet, and their memory.
  struct Hall {
    Hall(std::vector<int> of_group, std::size_t buffer_bytes)
        : ranks(std::move(of_group)), arrived(ranks.size(), false), memory(ranks.size() * 2 * buffer_bytes / 64) {}
    std::vector<int> ranks;  // of the group
    std::vector<bool> arrived;
    std::size_t num_arrived = 0;
    std::uint64_t generation = 0;
    std::vector<Line> memory;  // buffer 0 and 1 of the first, of the second, ...
    std::atomic<std::int64_t> number = 0;
  };

  std::vector<int> members;  // by world rank
  std::vector<int> hosts;
  std::size_t capacity;
  std::deque<Hall> halls;                        // of each host
  std::unique_ptr<Hall> everybody;               // for splits
  std::vector<std::pair<int, int>> keys;         // colour and key of a split in progress
  std::vector<std::shared_ptr<Group>> children;  // by the rank that made them
  std::map<std::pair<int, int>, std::deque<std::vector<std::byte>>> on_their_way;  // messages, by sender and receiver
  std::map<int, std::deque<Note>> notes;                                           // by receiver
};

// Waits until `over`, unless a rank fails, or one of `needed` (ranks of the group) has ended. Under the mutex.
template <class Over>
void wait_for(Job& job, const Group& group, std::unique_lock<std::mutex>& lock, const std::vector<int>& needed,
              int rank, Over over) {
  while (!over()) {
    for (const int other : needed) {
      if (!job.ended[static_cast<std::size_t>(group.members[static_cast<std::size_t>(other)])]) continue;
      const Error error(fmt::format("rank {} has ended while rank {} waits for it", other, rank));
      job.fail(std::make_exception_ptr(error), error.what());
    }
    if (!job.why.empty()) throw Error(job.why);
    job.changed.wait(lock);
  }
}

// All of the hall's ranks have come when this returns. `rank`: of the group.
void meet_in(Job& job, const Group& group, Group::Hall& hall, int rank) {
  std::unique_lock lock(job.mutex);
  if (!job.why.empty()) throw Error(job.why);
  const auto place = std::ranges::find(hall.ranks, rank) - hall.ranks.begin();
  hall.arrived[static_cast<std::size_t>(place)] = true;
  if (++hall.num_arrived == hall.ranks.size()) {
    hall.arrived.assign(hall.ranks.size(), false);
    hall.num_arrived = 0;
    ++hall.generation;
    job.changed.notify_all();
    return;
  }
  const std::uint64_t generation = hall.generation;
  const auto over = [&] { return hall.generation != generation; };
  while (!over()) {
    std::vector<int> missing;
    for (std::size_t p = 0; p < hall.ranks.size(); ++p) {
      if (!hall.arrived[p]) missing.push_back(hall.ranks[p]);
    }
    wait_for(job, group, lock, missing, rank,
             [&] { return over() || std::ranges::count(hall.arrived, false) < std::ssize(missing); });
  }
}

class ThreadBuffers final : public SharedBuffers {
 public:
  ThreadBuffers(Job& job, Group& group, int rank)
      : job_(job),
        group_(group),
        hall_(group.halls[static_cast<std::size_t>(group.hosts[static_cast<std::size_t>(rank)])]),
        group_rank_(rank) {}

  int rank() const override {
    return static_cast<int>(std::ranges::find(hall_.ranks, group_rank_) - hall_.ranks.begin());
  }
  int size() const override { return static_cast<int>(hall_.ranks.size()); }
  std::size_t capacity() const override { return group_.capacity; }
  std::byte* buffer(int rank, int which) const override {
    const std::size_t index = 2 * static_cast<std::size_t>(rank) + static_cast<std::size_t>(which);
    return hall_.memory[index * group_.capacity / 64].bytes;
  }
  std::atomic<std::int64_t>& number() const override { return hall_.number; }
  void meet() override { meet_in(job_, group_, hall_, group_rank_); }

 private:
  Job& job_;
  Group& group_;
  Group::Hall& hall_;
  int group_rank_;
};

class ThreadTransport final : public Transport {
 public:
  ThreadTransport(std::shared_ptr<Job> job, std::shared_ptr<Group> group, int rank)
      : job_(std::move(job)), group_(std::move(group)), rank_(rank), buffers_(*job_, *group_, rank) {}

  int rank() const override { return rank_; }
  int size() const override { return static_cast<int>(group_->members.size()); }
  std::span<const int> hosts() const override { return group_->hosts; }
  SharedBuffers* buffers() override { return buffers_.size() > 1 ? &buffers_ : nullptr; }
  std::size_t chunk_bytes() const override { return group_->capacity; }

  void exchange(Name, std::span<const Incoming> receive, std::span<const Outgoing> send) override {
    std::unique_lock lock(job_->mutex);
    for (const Outgoing& message : send) {
      FT_CHECK(message.bytes > 0, "an empty message to rank {}", message.peer);
      group_->on_their_way[{rank_, message.peer}].emplace_back(message.data, message.data + message.bytes);
      if (group_->hosts[static_cast<std::size_t>(rank_)] != group_->hosts[static_cast<std::size_t>(message.peer)]) {
        Traffic& traffic = job_->traffic[static_cast<std::size_t>(group_->members[static_cast<std::size_t>(rank_)])];
        ++traffic.messages;
        traffic.bytes += message.bytes;
      }
    }
    job_->changed.notify_all();
    for (const Incoming& message : receive) {
      auto& queue = group_->on_their_way[{message.peer, rank_}];
      wait_for(*job_, *group_, lock, {message.peer}, rank_, [&] { return !queue.empty(); });
      FT_CHECK(std::ssize(queue.front()) == message.bytes, "rank {} expects {} bytes of rank {}, which sent {}", rank_,
               message.bytes, message.peer, queue.front().size());
      std::ranges::copy(queue.front(), message.data);
      queue.pop_front();
    }
  }

  void post(int peer, std::int64_t value) override {
    const std::lock_guard lock(job_->mutex);
    group_->notes[peer].push_back({rank_, value});
    job_->changed.notify_all();
  }

  std::optional<Note> next_note() override {
    const std::lock_guard lock(job_->mutex);
    return take_note();
  }

  Note wait_for_note() override {
    std::unique_lock lock(job_->mutex);
    std::vector<int> others;
    for (int r = 0; r < size(); ++r) {
      if (r != rank_) others.push_back(r);
    }
    wait_for(*job_, *group_, lock, others, rank_, [&] { return !group_->notes[rank_].empty(); });
    return *take_note();
  }

  std::unique_ptr<Transport> split(int colour, int key) override {
    const auto index = static_cast<std::size_t>(rank_);
    group_->keys[index] = {colour, key};
    meet_all();
    std::vector<std::pair<int, int>> order;  // (key, rank) of those of my colour
    for (int r = 0; r < size(); ++r) {
      const auto [their_colour, their_key] = group_->keys[static_cast<std::size_t>(r)];
      if (their_colour == colour) order.emplace_back(their_key, r);
    }
    std::ranges::sort(order);
    const auto maker = static_cast<std::size_t>(order.front().second);
    if (maker == index) {
      std::vector<int> world_ranks, hosts;
      for (const auto& [unused, r] : order) {
        world_ranks.push_back(group_->members[static_cast<std::size_t>(r)]);
        hosts.push_back(group_->hosts[static_cast<std::size_t>(r)]);
      }
      group_->children[index] = std::make_shared<Group>(std::move(world_ranks), renumbered(hosts), group_->capacity);
    }
    meet_all();
    std::shared_ptr<Group> child = group_->children[maker];
    meet_all();  // before a next split replaces it
    const auto mine = std::ranges::find(order, std::pair(key, rank_)) - order.begin();
    return std::make_unique<ThreadTransport>(job_, std::move(child), static_cast<int>(mine));
  }

  [[noreturn]] void abort(std::string_view why, ExitCode code) override {
    const Error error(fmt::format("rank {} aborted with code {}: {}", rank_, static_cast<int>(code), why));
    const std::lock_guard lock(job_->mutex);
    job_->fail(std::make_exception_ptr(error), error.what());
    throw error;
  }

  // Numbers in the order in which they first come.
  static std::vector<int> renumbered(const std::vector<int>& hosts) {
    std::vector<int> seen, numbers;
    for (const int host : hosts) {
      const auto known = std::ranges::find(seen, host);
      numbers.push_back(static_cast<int>(known - seen.begin()));
      if (known == seen.end()) seen.push_back(host);
    }
    return numbers;
  }

 private:
  void meet_all() { meet_in(*job_, *group_, *group_->everybody, rank_); }

  // Under the mutex.
  std::optional<Note> take_note() {
    std::deque<Note>& notes = group_->notes[rank_];
    if (notes.empty()) return std::nullopt;
    const Note note = notes.front();
    notes.pop_front();
    return note;
  }

  std::shared_ptr<Job> job_;
  std::shared_ptr<Group> group_;
  int rank_;
  ThreadBuffers buffers_;
};

void run_rank(const std::shared_ptr<Job>& job, const std::shared_ptr<Group>& world, int rank,
              const std::function<void(Communicator&)>& body) {
  at::set_num_threads(1);
  std::exception_ptr error;
  std::string why;
  try {
    TransportCommunicator comm(std::make_unique<ThreadTransport>(job, world, rank));
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

std::vector<Traffic> run_ranks_on(const std::vector<int>& hosts, const std::function<void(Communicator&)>& body,
                                  std::size_t capacity) {
  FT_CHECK(!hosts.empty() && capacity >= 1024 && capacity % 64 == 0, "{} ranks with buffers of {} bytes", hosts.size(),
           capacity);
  const auto job = std::make_shared<Job>();
  job->ended.assign(hosts.size(), false);
  job->traffic.resize(hosts.size());
  std::vector<int> world_ranks(hosts.size());
  std::iota(world_ranks.begin(), world_ranks.end(), 0);
  const auto world = std::make_shared<Group>(world_ranks, ThreadTransport::renumbered(hosts), capacity);
  std::vector<std::thread> threads;
  for (const int rank : world_ranks) {
    threads.emplace_back([&, rank] { run_rank(job, world, rank, body); });
  }
  for (std::thread& thread : threads) thread.join();
  if (job->first_error) std::rethrow_exception(job->first_error);
  return job->traffic;
}

void run_ranks(int num_ranks, const std::function<void(Communicator&)>& body, std::size_t capacity) {
  FT_CHECK(num_ranks > 0, "{} ranks", num_ranks);
  run_ranks_on(std::vector<int>(static_cast<std::size_t>(num_ranks), 0), body, capacity);
}

}  // namespace ft::testing
