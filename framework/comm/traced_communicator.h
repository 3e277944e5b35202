// What a rank said last, for the report of a hang: a decorator that writes every exchange into a ring, and a watchdog
// that reads it when one takes too long.
//
//   const auto trace = std::make_shared<ExchangeTrace>();
//   TracedCommunicator world(session.world(), trace, "world");     // splits of it write into the same ring
//   const Watchdog watchdog(trace, std::chrono::minutes(10), [&](const std::string& report) {
//     write_file(fmt::format("hang.{}.txt", rank), report);
//     std::_Exit(1);                                               // never MPI_Abort: this is not the main thread
//   });
//
// Ranks that hang have reports whose last lines differ: the exchange number of one communicator counts the same on all
// ranks.
#pragma once

#include <array>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>

#include "framework/comm/communicator.h"

namespace ft {

// The last 256 exchanges of one rank, over all of its communicators. Any thread may call anything.
class ExchangeTrace {
 public:
  using Clock = std::chrono::steady_clock;
  static constexpr std::size_t kEntries = 256;

  // `number`: of the exchange within its communicator. Returns the ticket for end().
  std::uint64_t begin(std::string_view group, std::uint64_t number, const char* verb, Name name, std::int64_t bytes);
  void end(std::uint64_t ticket);

  // How long the oldest exchange that is not over has been running; empty when none is.
  [[nodiscard]] std::optional<Clock::duration> waiting() const;

  // A line an exchange, oldest first: group, number, verb, name, bytes, and how long it took or has been waiting.
  [[nodiscard]] std::string dump() const;

 private:
  struct Entry {
    std::string group, name;
    const char* verb = "";
    std::uint64_t ticket = 0, number = 0;
    std::int64_t bytes = 0;
    Clock::time_point start, stop;
    bool running = false;
  };

  mutable std::mutex mutex_;
  std::array<Entry, kEntries> ring_;
  std::uint64_t next_ = 0;
};

class TracedCommunicator final : public Communicator {
 public:
  // `inner` must outlive this. `group` names the communicator in the ring.
  TracedCommunicator(Communicator& inner, std::shared_ptr<ExchangeTrace> trace, std::string group);
  TracedCommunicator(std::unique_ptr<Communicator> inner, std::shared_ptr<ExchangeTrace> trace, std::string group);

  [[nodiscard]] int rank() const override { return inner_.rank(); }
  [[nodiscard]] int size() const override { return inner_.size(); }
  [[nodiscard]] Pending all_reduce(Name name, at::Tensor inout, ReduceOp op, Order order) override;
  [[nodiscard]] Pending all_gather(Name name, at::Tensor out, const at::Tensor& shard,
                                   std::span<const std::int64_t> sizes) override;
  [[nodiscard]] Pending reduce_scatter(Name name, at::Tensor shard, const at::Tensor& in, ReduceOp op, Order order,
                                       std::span<const std::int64_t> sizes) override;
  [[nodiscard]] Pending all_to_all(Name name, at::Tensor out, const at::Tensor& in) override;
  [[nodiscard]] Pending broadcast(Name name, at::Tensor inout, int root) override;
  [[nodiscard]] std::vector<std::string> all_gather_bytes(Name name, std::string_view bytes) override;
  void barrier(Name name) override;
  // The parts are traced too, as "<group>/<number of the split>".
  [[nodiscard]] std::unique_ptr<Communicator> split(int colour, int key) override;
  [[noreturn]] void abort(std::string_view why, ExitCode code = ExitCode::failure) override;

 private:
  std::uint64_t begin(const char* verb, Name name, std::int64_t bytes);
  // Notes the end where the exchange ends: now, or in the wait of what is returned. An exchange that throws stays open
  // in the ring: that is what the reader of the report wants to see.
  [[nodiscard]] Pending close(std::uint64_t ticket, Pending pending);

  std::unique_ptr<Communicator> owned_;
  Communicator& inner_;
  std::shared_ptr<ExchangeTrace> trace_;
  std::string group_;
  std::uint64_t next_number_ = 0;
};

// Looks every `limit`/8 (a second at most) whether an exchange has been running for longer than `limit`; then calls
// on_hang once, from its own thread, with a headline and the ring. Costs nothing otherwise.
class Watchdog {
 public:
  Watchdog(std::shared_ptr<const ExchangeTrace> trace, std::chrono::milliseconds limit,
           std::function<void(const std::string& report)> on_hang);
  ~Watchdog();
  Watchdog(const Watchdog&) = delete;
  Watchdog& operator=(const Watchdog&) = delete;

 private:
  void watch();

  std::shared_ptr<const ExchangeTrace> trace_;
  std::chrono::milliseconds limit_;
  std::function<void(const std::string&)> on_hang_;
  std::mutex mutex_;
  std::condition_variable stopped_;
  bool stop_ = false;
  std::thread thread_;
};

}  // namespace ft
