// Notices that a job stands still, says why in one table, and ends it: a thread beside each rank that needs no MPI and
// no exchange, only a folder that all ranks see.
//
//   const auto trace = std::make_shared<ExchangeTrace>();
//   TracedCommunicator world(session.world(), trace, "world");
//   HangWatch watch({.folder = run / "hang" / start, .limit = 600, .rank = world.rank()},
//                   share_places(world, *trace, host), trace, warn, end_process);
//
// While all is well the thread looks a few times a minute at its own trace and at one name in the folder, nothing else.
// A rank that has been in one exchange for most of the limit raises an alarm (the file "alarm", with its number). Every
// rank then keeps a file rank-00013.txt with its state and ring up to date. The rank that raised the alarm judges:
// where every rank is silent (stopped, dead, cut off) or has not moved for `limit`, it writes the table to "table.txt",
// which is the sign for all to end. A rank moves when its exchanges end, or when, outside of exchanges, it uses the
// processor or reads and writes data: what tokenises, seals or computes for hours is waited for, and named in a
// warning. Only after kPatience times the limit is a rank that works outside of exchanges taken for lost as well.
//
// An alarm is withdrawn when the exchange ends after all. Where the judge itself falls silent another waiting rank
// takes its place.
#pragma once

#include <condition_variable>
#include <filesystem>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "framework/comm/communicator.h"
#include "framework/watch/exchange_trace.h"
#include "framework/watch/hang_report.h"

namespace ft {

// Collective: where each rank runs, by rank. `host`: of this rank.
[[nodiscard]] std::vector<RankPlace> share_places(Communicator& world, const ExchangeTrace& trace, std::string host);

// True when the process still is the one that told its place. Of this host.
[[nodiscard]] bool still_runs(const RankPlace& place);

// What this process has used so far, without the calling thread: grows while it works at something.
struct WorkDone {
  double cpu_seconds = 0;
  double bytes = 0;  // read and written through the kernel, to files and pipes
};
[[nodiscard]] WorkDone work_of_process();

class HangWatch {
 public:
  static constexpr double kPatience = 10;

  struct Settings {
    std::filesystem::path folder;  // of this start alone; made when an alarm is raised
    double limit = 600;            // seconds
    int rank = 0;
  };
  using Warn = std::function<void(const std::string& text)>;
  // The table, on every rank; `speaks` on one of them.
  using End = std::function<void(const std::string& table, bool speaks)>;

  // Both are called from the watch's own thread; `end` at most once, and may end the process.
  HangWatch(Settings settings, std::vector<RankPlace> places, std::shared_ptr<const ExchangeTrace> trace, Warn warn,
            End end, std::function<WorkDone()> work_done = work_of_process);
  ~HangWatch();
  HangWatch(const HangWatch&) = delete;
  HangWatch& operator=(const HangWatch&) = delete;

  // From an exchange's begin to the alarm; from the alarm until a rank without an answer is silent. Together the limit.
  [[nodiscard]] static double grace(double limit);

 private:
  using Clock = std::chrono::steady_clock;
  // What the judge remembers of a rank.
  struct Heard {
    std::int64_t beat = -1;
    Clock::time_point since;
  };

  void watch();
  // One look; true when the job ends.
  bool look();
  void note_work();
  [[nodiscard]] RankState state_now();
  [[nodiscard]] std::map<int, std::string> peers_that_do_not_run() const;
  void write_state(const RankState& state);
  void raise_alarm();
  void withdraw();
  [[nodiscard]] int alarm_raised_by() const;  // -1: none
  // The judge of that number has not said anything for the grace, or has never.
  [[nodiscard]] bool silent(int judge);
  bool judge(const RankState& own);
  [[nodiscard]] std::vector<RankAnswer> hear_all();
  [[nodiscard]] std::filesystem::path state_file(int rank) const;

  Settings settings_;
  std::vector<RankPlace> places_;
  std::shared_ptr<const ExchangeTrace> trace_;
  Warn warn_;
  End end_;
  std::function<WorkDone()> work_done_;

  WorkDone last_work_;
  Clock::time_point last_look_, moved_;  // moved_: when it last worked outside of exchanges
  bool answering_ = false;               // there is an alarm
  std::int64_t beat_ = 0;
  std::vector<Heard> heard_;
  Clock::time_point alarm_since_;
  double warned_at_ = 0;  // seconds of waiting at which a warning was due last

  std::mutex mutex_;
  std::condition_variable stopped_;
  bool stop_ = false;
  std::thread thread_;
};

}  // namespace ft
