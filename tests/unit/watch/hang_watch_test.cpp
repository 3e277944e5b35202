#include "framework/watch/hang_watch.h"

#include <unistd.h>

#include <csignal>
#include <cstdlib>
#include <fstream>
#include <mutex>

#include "tests/support/doctest_torch.h"

using namespace ft;

namespace {

namespace fs = std::filesystem;

class Folder {
 public:
  Folder() {
    std::string name = (fs::temp_directory_path() / "ftrun-hang-XXXXXX").string();
    path_ = mkdtemp(name.data());
  }
  ~Folder() { fs::remove_all(path_); }
  [[nodiscard]] const fs::path& path() const { return path_; }

 private:
  fs::path path_;
};

// Ranks as watches of one process: their traces are written by the test, their work by `work`.
class Job {
 public:
  Job(int ranks, double limit) : traces_(ranks), work_(ranks), tables_(ranks) {
    for (int r = 0; r < ranks; ++r) {
      places_.push_back({.host = fmt::format("node{}", r / 2), .pid = 100 + r, .started = -7});
      traces_[r] = std::make_shared<ExchangeTrace>();
      traces_[r]->set_stage("solver");
    }
    limit_ = limit;
  }
  void start(int rank) {
    watches_.push_back(std::make_unique<HangWatch>(
        HangWatch::Settings{.folder = folder_.path() / "hang" / "start", .limit = limit_, .rank = rank}, places_,
        traces_[rank],
        [this](const std::string& text) {
          const std::lock_guard lock(mutex_);
          warnings_.push_back(text);
        },
        [this, rank](const std::string& table, bool speaks) {
          const std::lock_guard lock(mutex_);
          tables_[rank] = table;
          speakers_ += speaks ? 1 : 0;
        },
        [this, rank] {
          const std::lock_guard lock(mutex_);
          return work_[rank] ? WorkDone{.cpu_seconds = clock_ += 1} : WorkDone{};
        }));
  }
  void end_watches() { watches_.clear(); }
  void work(int rank, bool works) {
    const std::lock_guard lock(mutex_);
    work_[rank] = works;
  }
  [[nodiscard]] ExchangeTrace& trace(int rank) { return *traces_[rank]; }
  [[nodiscard]] std::string table(int rank) {
    const std::lock_guard lock(mutex_);
    return tables_[rank];
  }
  [[nodiscard]] std::vector<std::string> warnings() {
    const std::lock_guard lock(mutex_);
    return warnings_;
  }
  [[nodiscard]] int speakers() {
    const std::lock_guard lock(mutex_);
    return speakers_;
  }
  bool wait_for(const std::function<bool()>& come, double seconds = 5) {
    for (int i = 0; i < static_cast<int>(seconds * 200); ++i) {
      if (come()) return true;
      std::this_thread::sleep_for(std::chrono::milliseconds(5));
    }
    return false;
  }
  [[nodiscard]] fs::path folder() const { return folder_.path() / "hang" / "start"; }

 private:
  Folder folder_;
  double limit_ = 0, clock_ = 0;
  std::vector<RankPlace> places_;
  std::vector<std::shared_ptr<ExchangeTrace>> traces_;
  std::mutex mutex_;
  std::vector<bool> work_;
  std::vector<std::string> tables_, warnings_;
  int speakers_ = 0;
  std::vector<std::unique_ptr<HangWatch>> watches_;
};

bool has(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }

}  // namespace

TEST_CASE("states and places read back as they were written; a cut state is none") {
  RankState state{.rank = 13,
                  .host = "node7",
                  .pid = 4711,
                  .beat = 5,
                  .stage = "solver",
                  .waiting = "world #7: all_reduce 'a: b'",
                  .bytes = 64,
                  .idle_seconds = 1.5,
                  .finished = "world #6: barrier 'x'",
                  .finished_seconds = 2.25};
  state.peers[4] = "stopped by a signal after world #6: barrier 'x'";
  state.ring = "one\ntwo\n";
  const std::string text = to_text(state);
  const auto read = read_rank_state(text);
  REQUIRE(read.has_value());
  CHECK(to_text(*read) == text);
  CHECK(read->waiting == state.waiting);
  CHECK(read->peers.at(4) == state.peers[4]);
  CHECK(read->idle_seconds == 1.5);
  CHECK_FALSE(read_rank_state(text.substr(0, text.size() - 2)).has_value());
  CHECK_FALSE(read_rank_state("").has_value());
  const RankPlace place =
      read_rank_place(to_text(RankPlace{.host = "node 7", .pid = 12, .started = 345, .page_descriptor = -1}));
  CHECK(place.host == "node 7");
  CHECK(place.pid == 12);
  CHECK(place.started == 345);
  CHECK(place.page_descriptor == -1);
}

TEST_CASE("ranges of ranks") {
  CHECK(rank_ranges(std::vector<int>{}) == "");
  CHECK(rank_ranges(std::vector<int>{0, 1, 2, 5, 7, 8}) == "0-2, 5, 7-8");
}

TEST_CASE("a job stands still when every rank is silent or idle for the limit") {
  const auto idle = [](double seconds) { return RankAnswer{.state = RankState{.idle_seconds = seconds}}; };
  CHECK(stands_still(std::vector{idle(10), idle(11)}, 10));
  CHECK_FALSE(stands_still(std::vector{idle(10), idle(9)}, 10));
  CHECK(stands_still(std::vector{idle(10), RankAnswer{.silent = true}}, 10));
  CHECK_FALSE(stands_still(std::vector{idle(10), RankAnswer{}}, 10));  // has not answered yet
}

TEST_CASE("a rank that falls silent is named, with what the others wait for; one rank speaks") {
  Job job(4, 0.8);
  for (const int rank : {0, 1, 3}) {  // rank 2 has no watch: it is stopped
    job.start(rank);
    job.trace(rank).begin("world", 8813, "all_reduce", "gradients", 1024);
  }
  REQUIRE(job.wait_for([&] { return !job.table(0).empty() && !job.table(1).empty() && !job.table(3).empty(); }));
  CHECK(job.table(0) == job.table(1));
  CHECK(job.table(0) == job.table(3));
  CHECK(job.speakers() == 1);
  CHECK(has(job.table(0), "  rank 2 on node1 pid 102: gone"));
  CHECK(has(job.table(0),
            "  ranks 0-1, 3 on node0, node1: in stage 'solver', waits in world #8813: all_reduce 'gradients' (1024 "
            "bytes) for 0."));
  std::ifstream file(job.folder() / "rank-00003.txt");
  const std::string text(std::istreambuf_iterator<char>(file), {});
  CHECK(has(text, "world #8813: all_reduce 'gradients', 1024 bytes, waiting for 0."));
}

TEST_CASE("a rank that works outside of exchanges is waited for and named; one that sleeps there is not") {
  Job job(3, 0.3);
  job.work(1, true);
  const std::uint64_t ticket = job.trace(1).begin("world", 6, "barrier", "attempts read", 0);
  job.trace(1).end(ticket);
  for (const int rank : {0, 1, 2}) job.start(rank);
  for (const int rank : {0, 2}) job.trace(rank).begin("world", 7, "all_gather_bytes", "stop requested", 1);
  REQUIRE(job.wait_for([&] { return !job.warnings().empty(); }));
  CHECK(has(job.warnings()[0],
            "rank 1 on node0 pid 101: in stage 'solver', computes; finished world #6: barrier 'attempts read'"));
  std::this_thread::sleep_for(std::chrono::milliseconds(500));
  CHECK(job.table(0).empty());
  job.work(1, false);
  REQUIRE(job.wait_for([&] { return !job.table(0).empty() && !job.table(1).empty() && !job.table(2).empty(); }));
  CHECK(has(job.table(0), "rank 1 on node0 pid 101: in stage 'solver', neither computes nor exchanges for 0."));
  CHECK(job.speakers() == 1);
}

TEST_CASE("patience with a rank that works has an end") {
  Job job(2, 0.15);
  job.work(1, true);
  for (const int rank : {0, 1}) job.start(rank);
  job.trace(0).begin("world", 7, "barrier", "epoch", 0);
  std::this_thread::sleep_for(std::chrono::milliseconds(200));
  CHECK(job.table(0).empty());
  CHECK(job.wait_for([&] { return !job.table(0).empty() && !job.table(1).empty(); }));
}

TEST_CASE("an exchange that ends after all withdraws the alarm, and nothing is left of it") {
  Job job(2, 0.8);
  for (const int rank : {0, 1}) job.start(rank);
  const std::uint64_t ticket = job.trace(0).begin("world", 7, "barrier", "epoch", 0);
  job.work(1, true);
  REQUIRE(job.wait_for([&] { return fs::exists(job.folder() / "rank-00001.txt"); }));
  job.trace(0).end(ticket);
  CHECK(job.wait_for([&] { return !fs::exists(job.folder()); }));
  CHECK(job.table(0).empty());
}

TEST_CASE("ranks that wait in different exchanges are told apart; moving ones keep the job alive") {
  Job job(4, 0.3);
  for (int rank = 0; rank < 4; ++rank) job.start(rank);
  for (const int rank : {0, 1, 2}) job.trace(rank).begin("world", 8, "barrier", "epoch", 0);
  for (int i = 0; i < 30; ++i) {  // rank 3 exchanges with others than the world: it is in an exchange most of the time
    const std::uint64_t ticket = job.trace(3).begin("world/2.1", i, "all_gather_bytes", "stop of sampling", 1);
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
    job.trace(3).end(ticket);
  }
  CHECK(job.table(0).empty());
  job.trace(3).begin("world", 7, "broadcast", "weights", 16);
  REQUIRE(job.wait_for([&] { return !job.table(0).empty(); }));
  CHECK(has(job.table(0), "  rank 3 on node1 pid 103: in stage 'solver', waits in world #7: broadcast 'weights'"));
  CHECK(has(job.table(0), "  ranks 0-2 on node0, node1: in stage 'solver', waits in world #8: barrier 'epoch'"));
}

TEST_CASE("a judge that falls silent is replaced") {
  Job job(3, 0.8);
  fs::create_directories(job.folder());
  std::ofstream(job.folder() / "alarm") << "2\n";  // raised by a rank that has stopped since
  for (const int rank : {0, 1}) {
    job.start(rank);
    job.trace(rank).begin("world", 9, "barrier", "epoch", 0);
  }
  REQUIRE(job.wait_for([&] { return !job.table(0).empty() && !job.table(1).empty(); }));
  CHECK(has(job.table(0), "rank 2 on node1 pid 102: does not answer"));
  CHECK(job.speakers() == 1);
}

TEST_CASE("what a stopped process did last is read from outside") {
  ExchangeTrace trace;
  REQUIRE(trace.page_descriptor() >= 0);
  CHECK(ExchangeTrace::read_page(getpid(), trace.page_descriptor()) == "");
  const std::uint64_t ticket = trace.begin("world", 3, "all_reduce", "gradients", 8);
  CHECK(ExchangeTrace::read_page(getpid(), trace.page_descriptor()) == "in world #3: all_reduce 'gradients'");
  trace.end(ticket);
  CHECK(ExchangeTrace::read_page(getpid(), trace.page_descriptor()) == "after world #3: all_reduce 'gradients'");
  CHECK(ExchangeTrace::read_page(getpid(), -1) == "");

  // A process of this host, stopped, and its page, which it got from its parent.
  const pid_t child = fork();
  if (child == 0) {
    raise(SIGSTOP);
    _exit(0);
  }
  Folder folder;
  std::string stat;
  do {
    std::ifstream file(fmt::format("/proc/{}/stat", child));
    std::getline(file, stat);
  } while (stat.find(") T ") == std::string::npos);
  std::istringstream fields(stat.substr(stat.rfind(')') + 2));
  std::string field;
  for (int i = 3; i <= 22; ++i) fields >> field;
  const RankPlace stopped{
      .host = "here", .pid = child, .started = std::stoll(field), .page_descriptor = trace.page_descriptor()};
  CHECK(still_runs(stopped));
  std::mutex mutex;
  std::string table;
  const auto waiting = std::make_shared<ExchangeTrace>();
  waiting->begin("world", 4, "barrier", "epoch", 0);
  HangWatch watch(
      {.folder = folder.path(), .limit = 0.6}, {RankPlace{.host = "here", .pid = getpid()}, stopped}, waiting,
      [](const std::string&) {},
      [&](const std::string& text, bool) {
        const std::lock_guard lock(mutex);
        table = text;
      });
  for (int i = 0; i < 500; ++i) {
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
    const std::lock_guard lock(mutex);
    if (!table.empty()) break;
  }
  kill(child, SIGKILL);
  const std::lock_guard lock(mutex);
  CHECK(has(table,
            fmt::format("rank 1 on here pid {}: stopped by a signal after world #3: all_reduce 'gradients'", child)));
}
