#include "framework/watch/hang_watch.h"

#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <fstream>
#include <sstream>

namespace ft {
namespace {

namespace fs = std::filesystem;

double seconds(std::chrono::steady_clock::duration duration) { return std::chrono::duration<double>(duration).count(); }

// Empty where it cannot be read.
std::string text_of(const fs::path& path) {
  std::ifstream file(path, std::ios::binary);
  std::ostringstream text;
  text << file.rdbuf();
  return file ? text.str() : "";
}

// Whole or not at all for readers; not synced, nobody needs it after a crash of the machine.
bool put(const fs::path& path, std::string_view text, int rank) {
  const fs::path fresh = path.string() + fmt::format(".{}.new", rank);
  std::error_code error;
  {
    std::ofstream file(fresh, std::ios::binary | std::ios::trunc);
    file << text << std::flush;
    if (!file) return false;
  }
  fs::rename(fresh, path, error);
  return !error;
}

// True for the one caller, of all processes, that makes the file.
bool claim(const fs::path& path) {
  const int file = ::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
  if (file < 0) return false;
  ::close(file);
  return true;
}

// State letter and start time of a process of this host; '?' where there is none.
struct ProcessState {
  char letter = '?';
  std::int64_t started = 0;
};
ProcessState process_state(int pid) {
  const std::string stat = text_of(fmt::format("/proc/{}/stat", pid));
  const std::size_t name_end = stat.rfind(')');
  if (name_end == std::string::npos) return {};
  std::istringstream fields(stat.substr(name_end + 1));
  ProcessState state;
  std::string skipped;
  fields >> state.letter;
  for (int field = 4; field < 22; ++field) fields >> skipped;
  fields >> state.started;
  return state;
}

std::string why_not_running(char letter) {
  switch (letter) {
    case 'T':
      return "stopped by a signal";
    case 't':
      return "stopped by a debugger";
    case 'Z':
      return "dead";
    default:
      return "gone";
  }
}

double clock_seconds(clockid_t clock) {
  timespec time{};
  clock_gettime(clock, &time);
  return static_cast<double>(time.tv_sec) + 1e-9 * static_cast<double>(time.tv_nsec);
}

double io_bytes(const char* path) {
  std::istringstream lines(text_of(path));
  std::string key;
  double value = 0, sum = 0;
  while (lines >> key >> value) sum += key == "rchar:" || key == "wchar:" ? value : 0;
  return sum;
}

constexpr const char* kAlarm = "alarm";
constexpr const char* kTable = "table.txt";
constexpr const char* kJudged = "judged";

}  // namespace

std::vector<RankPlace> share_places(Communicator& world, const ExchangeTrace& trace, std::string host) {
  const RankPlace own{.host = std::move(host),
                      .pid = getpid(),
                      .started = process_state(getpid()).started,
                      .page_descriptor = trace.page_descriptor()};
  std::vector<RankPlace> places;
  for (const std::string& text : world.all_gather_bytes("places of the ranks", to_text(own)))
    places.push_back(read_rank_place(text));
  return places;
}

bool still_runs(const RankPlace& place) {
  const ProcessState state = process_state(place.pid);
  return state.letter != '?' && state.letter != 'Z' && state.started == place.started;
}

WorkDone work_of_process() {
  return {.cpu_seconds = clock_seconds(CLOCK_PROCESS_CPUTIME_ID) - clock_seconds(CLOCK_THREAD_CPUTIME_ID),
          .bytes = io_bytes("/proc/self/io") - io_bytes("/proc/thread-self/io")};
}

double HangWatch::grace(double limit) { return std::min(limit / 2, std::clamp(limit / 10, 2.0, 60.0)); }

HangWatch::HangWatch(Settings settings, std::vector<RankPlace> places, std::shared_ptr<const ExchangeTrace> trace,
                     Warn warn, End end, std::function<WorkDone()> work_done)
    : settings_(std::move(settings)),
      places_(std::move(places)),
      trace_(std::move(trace)),
      warn_(std::move(warn)),
      end_(std::move(end)),
      work_done_(std::move(work_done)),
      last_look_(Clock::now()),
      moved_(last_look_),
      heard_(places_.size()) {
  // Signals are the main thread's: a handler that runs here would not interrupt what it is meant to interrupt.
  sigset_t all, before;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &before);
  try {
    thread_ = std::thread([this] { watch(); });
  } catch (...) {
    pthread_sigmask(SIG_SETMASK, &before, nullptr);
    throw;
  }
  pthread_sigmask(SIG_SETMASK, &before, nullptr);
}

HangWatch::~HangWatch() {
  {
    const std::lock_guard lock(mutex_);
    stop_ = true;
  }
  stopped_.notify_all();
  thread_.join();
}

void HangWatch::watch() {
  const std::chrono::duration<double> period(std::clamp(settings_.limit / 60, 0.01, 10.0));
  last_work_ = work_done_();
  std::unique_lock lock(mutex_);
  while (!stopped_.wait_for(lock, period, [this] { return stop_; })) {
    lock.unlock();
    try {
      if (look()) return;
    } catch (const std::exception&) {  // no memory for this look: whoever needs it will say so
    }
    lock.lock();
  }
}

bool HangWatch::look() {
  note_work();
  const int raised_by = alarm_raised_by();
  if (raised_by >= 0) {
    if (!answering_) alarm_since_ = Clock::now();
    answering_ = true;
    const RankState own = state_now();
    write_state(own);
    if (const std::string table = text_of(settings_.folder / kTable); !table.empty()) {
      end_(table, false);
      return true;
    }
    if (raised_by == settings_.rank) return judge(own);
    if (!own.waiting.empty() && own.idle_seconds >= settings_.limit && silent(raised_by)) raise_alarm();
    return false;
  }
  if (answering_) {  // withdrawn
    answering_ = false;
    std::error_code ignored;
    fs::remove(state_file(settings_.rank), ignored);
    fs::remove(settings_.folder, ignored);  // the last one; fails while other files are there
  }
  const auto now = trace_->snapshot();
  if (now.waiting && now.waiting_seconds >= settings_.limit - grace(settings_.limit)) raise_alarm();
  return false;
}

// A hundredth of a core or some data: threads of libraries that look at their sockets use less.
void HangWatch::note_work() {
  const WorkDone work = work_done_();
  const Clock::time_point now = Clock::now();
  const double used = work.cpu_seconds - last_work_.cpu_seconds;
  if (used > 0.01 * seconds(now - last_look_) || work.bytes - last_work_.bytes > 65536) moved_ = now;
  last_work_ = work;
  last_look_ = now;
}

RankState HangWatch::state_now() {
  const auto now = trace_->snapshot();
  const RankPlace& place = places_[static_cast<std::size_t>(settings_.rank)];
  RankState state{.rank = settings_.rank,
                  .host = place.host,
                  .pid = place.pid,
                  .beat = ++beat_,
                  .stage = now.stage,
                  .waiting = now.waiting.value_or(""),
                  .bytes = now.waiting_bytes,
                  .idle_seconds = now.waiting_seconds,
                  .finished = now.finished,
                  .finished_seconds = now.finished_seconds,
                  .peers = peers_that_do_not_run(),
                  .ring = trace_->dump()};
  if (!now.waiting) state.idle_seconds = std::min(now.finished_seconds, seconds(Clock::now() - moved_));
  return state;
}

std::map<int, std::string> HangWatch::peers_that_do_not_run() const {
  std::map<int, std::string> peers;
  const auto own = static_cast<std::size_t>(settings_.rank);
  for (std::size_t r = 0; r < places_.size(); ++r) {
    const RankPlace& place = places_[r];
    if (r == own || place.host != places_[own].host) continue;
    const ProcessState state = process_state(place.pid);
    const bool other = state.started != place.started;
    if (!other && state.letter != 'T' && state.letter != 't' && state.letter != 'Z') continue;
    const std::string last = ExchangeTrace::read_page(place.pid, place.page_descriptor);
    peers[static_cast<int>(r)] = why_not_running(other ? '?' : state.letter) + (last.empty() ? "" : " " + last);
  }
  return peers;
}

fs::path HangWatch::state_file(int rank) const { return settings_.folder / fmt::format("rank-{:05}.txt", rank); }

void HangWatch::write_state(const RankState& state) {
  (void)put(state_file(settings_.rank), to_text(state), settings_.rank);
}

int HangWatch::alarm_raised_by() const {
  const std::string text = text_of(settings_.folder / kAlarm);
  int rank = -1;
  std::from_chars(text.data(), text.data() + text.size(), rank);
  return rank;
}

// By rename: of several ranks that raise it at once the last one judges.
void HangWatch::raise_alarm() {
  std::error_code error;
  fs::create_directories(settings_.folder, error);
  (void)put(settings_.folder / kAlarm, fmt::format("{}\n", settings_.rank), settings_.rank);
  alarm_since_ = Clock::now();
  heard_.assign(places_.size(), {});
}

void HangWatch::withdraw() {
  std::error_code ignored;
  fs::remove(settings_.folder / kAlarm, ignored);
}

bool HangWatch::silent(int judge) {
  const auto state = read_rank_state(text_of(state_file(judge)));
  Heard& heard = heard_[static_cast<std::size_t>(judge)];
  if (state && state->beat != heard.beat) heard = {state->beat, Clock::now()};
  return seconds(Clock::now() - std::max(heard.since, alarm_since_)) > grace(settings_.limit);
}

std::vector<RankAnswer> HangWatch::hear_all() {
  std::vector<RankAnswer> answers;
  for (std::size_t r = 0; r < places_.size(); ++r) {
    const int rank = static_cast<int>(r);
    RankAnswer& answer = answers.emplace_back();
    answer.state = read_rank_state(text_of(state_file(rank)));
    answer.silent = rank != settings_.rank && silent(rank);
  }
  return answers;
}

bool HangWatch::judge(const RankState& own) {
  if (own.waiting.empty() || own.idle_seconds < settings_.limit - grace(settings_.limit)) {
    withdraw();
    return false;
  }
  const std::vector<RankAnswer> answers = hear_all();
  const bool still = stands_still(answers, settings_.limit);
  if (!still && own.idle_seconds < kPatience * settings_.limit) {
    if (own.idle_seconds >= std::max(settings_.limit + grace(settings_.limit), 2 * warned_at_)) {
      warned_at_ = own.idle_seconds;
      warn_(fmt::format("ranks have been waiting for {:.0f} s; this is no hang as long as one of them works:\n{}",
                        own.idle_seconds, state_table(answers, places_)));
    }
    return false;
  }
  if (!claim(settings_.folder / kJudged)) return false;  // another judge was quicker: its table is about to appear
  const std::string table =
      fmt::format("the job stands still: {} for {:.0f} s (run.hang_timeout)\n{}what each rank did last: {}\n",
                  still ? "no rank has moved" : "ranks wait", own.idle_seconds, state_table(answers, places_),
                  (settings_.folder / "rank-*.txt").string());
  (void)put(settings_.folder / kTable, table, settings_.rank);
  end_(table, true);
  return true;
}

}  // namespace ft
