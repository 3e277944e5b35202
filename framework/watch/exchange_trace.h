// What a rank said last: a ring of its exchanges over all communicators, for the report of a hang.
//
//   const auto trace = std::make_shared<ExchangeTrace>();
//   TracedCommunicator world(session.world(), trace, "world");     // splits of it write into the same ring
//   trace->set_stage("solver");
//   trace->snapshot().waiting                                      // the exchange that waits now, if any
//
// The exchange number of one communicator counts the same on all ranks: ranks that hang differ in it. The newest
// exchanges also lie in a page of memory that other processes of this host can read, so that they can say what a
// process did last that is stopped and can say nothing itself.
#pragma once

#include <array>
#include <chrono>
#include <cstdint>
#include <mutex>
#include <optional>
#include <string>

#include "framework/comm/communicator.h"

namespace ft {

// The last 256 exchanges of one rank, over all of its communicators. Any thread may call anything.
class ExchangeTrace {
 public:
  using Clock = std::chrono::steady_clock;
  static constexpr std::size_t kEntries = 256;

  ExchangeTrace();
  ~ExchangeTrace();
  ExchangeTrace(const ExchangeTrace&) = delete;
  ExchangeTrace& operator=(const ExchangeTrace&) = delete;

  // `number`: of the exchange within its communicator. Returns the ticket for end().
  std::uint64_t begin(std::string_view group, std::uint64_t number, const char* verb, Name name, std::int64_t bytes);
  void end(std::uint64_t ticket);

  // What the rank works at, in words.
  void set_stage(std::string_view stage);

  struct Snapshot {
    std::string stage;
    std::optional<std::string> waiting;  // the oldest exchange that is not over: "world #8: all_reduce 'gradients'"
    std::int64_t waiting_bytes = 0;
    double waiting_seconds = 0;   // 0 where none waits
    std::string finished;         // the newest that is over, in the same words; empty: none
    double finished_seconds = 0;  // since then (since the start, where none is over)
  };
  [[nodiscard]] Snapshot snapshot() const;

  // A line an exchange, oldest first: group, number, verb, name, bytes, and how long it took or has been waiting.
  [[nodiscard]] std::string dump() const;

  // Descriptor of the page for other processes; -1 where the system gives none.
  [[nodiscard]] int page_descriptor() const { return page_descriptor_; }
  // In words, what the page of another process of this host says ("in ..." or "after ..."); empty where it cannot be
  // read (no such process, another user, another container).
  [[nodiscard]] static std::string read_page(int pid, int descriptor);

 private:
  struct Entry {
    std::string group, name;
    const char* verb = "";
    std::uint64_t ticket = 0, number = 0;
    std::int64_t bytes = 0;
    Clock::time_point start, stop;
    bool running = false;
  };
  struct Page;

  static std::string words(const Entry& entry);

  mutable std::mutex mutex_;
  std::array<Entry, kEntries> ring_;
  std::uint64_t next_ = 0;
  std::optional<std::uint64_t> finished_;  // ticket of the newest that is over
  std::string stage_ = "start-up";
  Clock::time_point made_ = Clock::now();
  int page_descriptor_ = -1;
  Page* page_ = nullptr;
};

}  // namespace ft
